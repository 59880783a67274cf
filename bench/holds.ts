import { count, flag, some } from '../harness/options.ts';
import type { Contestant } from './contestants/contestant.ts';
import { CONTESTANT_NAMES, createField, type Field } from './contestants/field.ts';
import {
  countSchedules,
  type HoldsLoad,
  holdsOptions,
  measureHolds,
  readHoldsLoad,
  SEAT_COUNT,
} from './load/holds-load.ts';
import { createLoadProcess, type LoadProcess } from './load/load-process.ts';
import { type HoldsPhase, summariseHolds } from './report/holds-report.ts';
import { runRounds } from './rounds.ts';
import { createBenchmark } from './run-benchmark.ts';

/**
 * Each contestant has its own database on one private PostgreSQL and, in every phase, a server process of its own; they take
 * turns, in another order every round. A third process holds distinct free seats over keep-alive connections. Afterwards every
 * database is audited: a run in which a seat was sold twice, or an answer has no reservation, is void.
 */
export const holds = createBenchmark({
  name: 'holds',
  says: 'accepted holds a second and CPU per hold, next to row-lock rivals and an empty route (6 min)',
  options: {
    ...holdsOptions({ rounds: 5, seconds: 5, warmUpSeconds: 3, connections: 64 }),
    pool: count(24, 1, 90, 'database connections of a rival'),
    only: some(CONTESTANT_NAMES, 'only these contestants'),
    cold: flag('do not activate the schedules before the load'),
  },
  async measure(options, run) {
    const holdsLoad = readHoldsLoad(options);
    const field = await createField(run, { only: options.only, poolSize: options.pool });
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const phases = await runRounds({
      ...options,
      contenders: field.contestants,
      async run(contestant, round) {
        const { measured, faults } = await runPhase(field, load, holdsLoad, {
          contestant,
          round,
          isCold: options.cold,
        });
        run.addFaults(faults);
        return measured;
      },
      labelOf: ({ contestant }) => contestant.padEnd(16),
    });
    await field.audit();
    return { phases, postgres: await field.postgres.describe() };
  },
  summarise: summariseHolds,
});

async function runPhase(
  field: Field,
  load: LoadProcess,
  holdsLoad: HoldsLoad,
  { contestant, round, isCold }: { readonly contestant: Contestant; readonly round: number; readonly isCold: boolean },
): Promise<{ readonly measured: readonly HoldsPhase[]; readonly faults: readonly string[] }> {
  const addSchedules = (phaseMs: number): Promise<number[]> =>
    contestant.addSchedules(countSchedules(holdsLoad, contestant.seatsPerSecond, phaseMs), SEAT_COUNT);
  const warmUpIds = await addSchedules(holdsLoad.warmUpMs);
  const scheduleIds = await addSchedules(holdsLoad.durationMs);
  await field.settle(contestant);
  const server = await contestant.start();
  const isEmpty = contestant.seatsPerSecond === 0;
  try {
    const { held, counters, faults, read } = await measureHolds({
      load,
      holdsLoad,
      contestant: contestant.name,
      round,
      clocks: field.clocks(server),
      target: { port: server.port, tokens: field.tokens },
      warmUpIds,
      scheduleIds,
      warmPaths: isCold ? [] : contestant.warmPaths([...warmUpIds, ...scheduleIds]),
      repeat: isEmpty,
      countHolds: isEmpty ? null : (ids) => contestant.countHolds(ids),
      readCounters: () => contestant.readCounters(server),
    });
    const { flushes = 0, entries = 0, durationMs = 0 } = counters;
    const figures = flushes === 0 ? null : { entriesPerFlush: entries / flushes, flushMs: durationMs / flushes };
    const phase = { ...held, flushes: figures };
    if (!isEmpty) return { measured: [phase], faults };
    const get = await read('empty-get', ['/'], holdsLoad.durationMs);
    return { measured: [phase, { ...get, flushes: null }], faults };
  } finally {
    await server.stop();
  }
}
