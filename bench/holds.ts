/**
 * `npm run bench`: how many seats a second can be held, and what a hold costs.
 *
 * Each contestant has its own database on one private PostgreSQL and, in every phase, a server process of its own; they take
 * turns, in another order every round. 64 keep-alive connections in a third process hold distinct free seats. Afterwards every
 * database is audited: a run in which a seat was sold twice, or an answer had no reservation, is void and exits with 1.
 */
import type { Contestant, FlushCount } from './contestants/contestant.ts';
import { createField } from './contestants/field.ts';
import { measureLoad } from './contestants/measure.ts';
import { countSchedules, planHolds, readHoldsLoad } from './load/holds-load.ts';
import { createLoadProcess } from './load/load-process.ts';
import type { LoadProcess } from './load/load-process.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { writeFigures } from './report/figures-file.ts';
import { summariseHolds } from './report/holds-report.ts';
import type { FlushFigures, Phase } from './report/phase.ts';
import { runRounds } from './rounds.ts';

const USAGE = `npm run bench -- [options]
  --rounds 5            phases of each contestant
  --seconds 5           length of a measured phase
  --warm-up-seconds 3   load before it, on seats of its own
  --connections 64      keep-alive connections
  --spread 200          schedules that are on sale at a time, of 50 seats each
  --pool 24             database connections of a rival
  --only a,b            some of frontrow, row-lock, row-lock-pipelined, conditional, empty
  --cold true           do not activate schedules beforehand
  --seed 1
  --output FILE         figures of every phase as JSON
  --keep true           keep the database`;

const options = readOptions(USAGE, {
  rounds: '5',
  seconds: '5',
  'warm-up-seconds': '3',
  connections: '64',
  spread: '200',
  pool: '24',
  only: 'frontrow,row-lock,row-lock-pipelined,conditional,empty',
  cold: null,
  seed: '1',
  output: null,
  keep: null,
});
const holdsLoad = readHoldsLoad(options, { leastWarmUpSeconds: 0 });
const { rounds, durationMs, warmUpMs, seed, ...others } = holdsLoad;
const poolSize = readCount('pool', options.pool, 1, 90);
const cold = options.cold === 'true';
const keepFiles = options.keep === 'true';

const machine = describeMachine();
const field = await createField({ only: (options.only ?? '').split(','), poolSize });
const load = createLoadProcess();
const faults: string[] = [];
try {
  const phases = await runRounds({
    rounds,
    seed,
    contenders: field.contestants,
    run: (contestant, round) => runPhase(contestant, round, load),
    labelOf: ({ contestant }) => contestant.padEnd(16),
  });
  for (const contestant of field.contestants) {
    faults.push(...(await contestant.findFaults()).map((fault) => `${contestant.name}: ${fault}`));
  }
  const postgres = await field.postgres.describe();
  const settings = { rounds, durationMs, warmUpMs, ...others, poolSize, cold, seed };
  const figures = { machine, postgres, settings, phases, faults };
  console.log(summariseHolds(figures));
  writeFigures(options.output, figures);
} finally {
  load.close();
  await field.close(keepFiles);
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function runPhase(contestant: Contestant, round: number, loadProcess: LoadProcess): Promise<Phase[]> {
  const { postmasterId } = field.postgres;
  const addSchedules = (phaseMs: number): Promise<number[]> =>
    contestant.addSchedules(countSchedules(holdsLoad, contestant.seatsPerSecond, phaseMs), holdsLoad.seatCount);
  const warmUpIds = await addSchedules(warmUpMs);
  const scheduleIds = await addSchedules(durationMs);
  await field.settle(contestant);
  const server = await contestant.start();
  try {
    const target = { port: server.port, tokens: field.tokens };
    const plans = planHolds(holdsLoad, target, { round, repeat: contestant.seatsPerSecond === 0 });
    const warmPaths = cold ? [] : contestant.warmPaths([...warmUpIds, ...scheduleIds]);
    if (warmPaths.length > 0) {
      const { answers } = await loadProcess.run(plans.readOnce(warmPaths));
      if (answers['200'] !== warmPaths.length) {
        throw new Error(`${contestant.name} answered the reads before the load with ${JSON.stringify(answers)}.`);
      }
    }
    if (warmUpMs > 0) {
      await loadProcess.run(plans.holds(warmUpIds, warmUpMs));
    }
    const common = { load: loadProcess, server, postmasterId, round, counted: 'accepted' } as const;
    const before = await contestant.readFlushes(server);
    const plan = plans.holds(scheduleIds, durationMs);
    const measured = await measureLoad({ ...common, contestant: contestant.name, plan });
    const phase = { ...measured, flushes: flushFigures(before, await contestant.readFlushes(server)) };
    const held = await contestant.countHolds(scheduleIds);
    const acknowledged = phase.result.allAnswers['201'] ?? 0;
    if (contestant.seatsPerSecond > 0 && held !== acknowledged) {
      faults.push(`${contestant.name}, round ${round}: ${acknowledged} holds were acknowledged, ${held} are stored`);
    }
    if (contestant.name !== 'empty') {
      return [phase];
    }
    const get = plans.readOn(['/'], durationMs);
    return [phase, await measureLoad({ ...common, contestant: 'empty-get', plan: get })];
  } finally {
    await server.stop();
  }
}

function flushFigures(before: FlushCount | null, after: FlushCount | null): FlushFigures | null {
  if (before === null || after === null) {
    return null;
  }
  const flushes = Math.max(after.flushes - before.flushes, 1);
  return {
    entriesPerFlush: (after.entries - before.entries) / flushes,
    flushMs: (after.durationMs - before.durationMs) / flushes,
  };
}
