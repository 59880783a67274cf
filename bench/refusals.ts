/**
 * `node bench/refusals.ts`: how fast the service says no. 64 connections ask for seats of one schedule that is sold out to
 * the last; the empty Fastify route takes the same requests in the same run, in turns. Exits with 1 when a seat was
 * given away, or when what is refused wrote anything.
 */
import type { Contestant } from './contestants/contestant.ts';
import { createField } from './contestants/field.ts';
import { measureLoad } from './contestants/measure.ts';
import { createLoadProcess } from './load/load-process.ts';
import type { LoadPlan } from './load/plan.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { writeFigures } from './report/figures-file.ts';
import type { Phase } from './report/phase.ts';
import { summariseRefusals } from './report/refusals-report.ts';
import { runRounds } from './rounds.ts';
import type { ServerProcess } from '../harness/service/server-process.ts';

const USAGE = `node bench/refusals.ts [options]
  --rounds 5            phases of each contestant
  --seconds 5           length of a measured phase
  --warm-up-seconds 3   the same load before it
  --connections 64      keep-alive connections
  --seed 1
  --output FILE         figures of every phase as JSON`;

const SEAT_COUNT = 50;

const options = readOptions(USAGE, {
  rounds: '5',
  seconds: '5',
  'warm-up-seconds': '3',
  connections: '64',
  seed: '1',
  output: null,
});
const rounds = readCount('rounds', options.rounds, 1, 100);
const durationMs = readCount('seconds', options.seconds, 1, 600) * 1_000;
const warmUpMs = readCount('warm-up-seconds', options['warm-up-seconds'], 0, 600) * 1_000;
const connections = readCount('connections', options.connections, 1, 4_096);
const seed = readCount('seed', options.seed, 0, 2 ** 31);

const machine = describeMachine();
const field = await createField({ only: ['frontrow', 'empty'], poolSize: 1 });
const load = createLoadProcess();
const faults: string[] = [];
try {
  const { frontrow } = field;
  if (frontrow === null) {
    throw new Error('There is no service to measure.');
  }
  const [scheduleId = 0] = await frontrow.addSchedules(1, SEAT_COUNT);
  const opening = await frontrow.start();
  await frontrow.sellOut(opening, scheduleId, SEAT_COUNT);
  await opening.stop();
  const phases = await runRounds({
    rounds,
    seed,
    contenders: field.contestants,
    async run(contestant, round) {
      await field.settle(contestant);
      const server = await contestant.start();
      try {
        return await runPhases(contestant, round, server, scheduleId);
      } finally {
        await server.stop();
      }
    },
  });
  if ((await frontrow.countHolds([scheduleId])) !== SEAT_COUNT) {
    faults.push('the sold-out schedule no longer has exactly one live reservation for each seat');
  }
  faults.push(...(await frontrow.findFaults()));
  const postgres = await field.postgres.describe();
  const settings = { rounds, durationMs, warmUpMs, connections, seatCount: SEAT_COUNT, seed };
  const figures = { machine, postgres, settings, phases, faults };
  console.log(summariseRefusals(figures));
  writeFigures(options.output, figures);
} finally {
  load.close();
  await field.close(false);
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function runPhases(
  contestant: Contestant,
  round: number,
  server: ServerProcess,
  scheduleId: number,
): Promise<Phase[]> {
  const { postmasterId } = field.postgres;
  const asks: LoadPlan = {
    port: server.port,
    connections,
    durationMs,
    tokens: field.tokens,
    seed: seed * 1_000 + round,
    isPolling: true,
    work: {
      type: 'holds',
      path: '/api/v1/reservations',
      scheduleIds: [scheduleId],
      seatCount: SEAT_COUNT,
      spread: 1,
      repeat: true,
    },
  };
  if (warmUpMs > 0) {
    await load.run({ ...asks, durationMs: warmUpMs });
  }
  const common = { load, server, postmasterId, round } as const;
  if (contestant.name === 'empty') {
    const get = { ...asks, work: { type: 'reads', paths: ['/'], repeat: true } } as const;
    return [
      await measureLoad({ ...common, counted: 'accepted', contestant: 'empty', plan: asks }),
      await measureLoad({ ...common, counted: 'accepted', contestant: 'empty-get', plan: get }),
    ];
  }
  const phase = await measureLoad({ ...common, counted: 'refused', contestant: contestant.name, plan: asks });
  const other = Object.keys(phase.result.codes).filter((code) => code !== 'SEAT_TAKEN');
  if (phase.acceptedPerSecond > 0 || other.length > 0) {
    faults.push(
      `round ${round}: not every answer was SEAT_TAKEN: ${JSON.stringify(phase.result.allAnswers)} ${other.join(' ')}`,
    );
  }
  return [phase];
}
