import type { Contestant } from './contestants/contestant.ts';
import { createField, type Field } from './contestants/field.ts';
import { roundOptions, SEAT_COUNT } from './load/holds-load.ts';
import { createLoadProcess, type LoadProcess } from './load/load-process.ts';
import { type MeasuredLoad, measureLoad } from './load/measured-load.ts';
import type { LoadPlan } from './load/plan.ts';
import { summariseRefusals } from './report/refusals-report.ts';
import { runRounds } from './rounds.ts';
import { createBenchmark } from './run-benchmark.ts';

/**
 * All connections ask for seats of one schedule that is sold out; an empty Fastify route takes the same requests in the same run,
 * in turns. The run is void when a seat was given away, or when a refusal wrote anything.
 */
export const refusals = createBenchmark({
  name: 'refusals',
  says: 'refusals a second on a sold-out schedule, next to an empty route (2 min)',
  options: roundOptions({ rounds: 5, seconds: 5, warmUpSeconds: 3, connections: 64 }),
  async measure(options, run) {
    const field = await createField(run, { only: ['frontrow', 'empty'] });
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const { frontrow } = field;
    const [scheduleId = 0] = await frontrow.addSchedules(1, SEAT_COUNT);
    const opening = await frontrow.start();
    await frontrow.sellOut(opening, scheduleId, SEAT_COUNT);
    await opening.stop();
    const phases = await runRounds({
      ...options,
      contenders: field.contestants,
      run: (contestant, round) => runPhase(field, load, { contestant, round, scheduleId, ...options }),
    });
    for (const { contestant, round, result, acceptedPerSecond } of phases) {
      const others = Object.keys(result.codes).filter((code) => code !== 'SEAT_TAKEN');
      if (contestant === 'frontrow' && (acceptedPerSecond > 0 || others.length > 0)) {
        const answers = JSON.stringify(result.allAnswers);
        run.addFaults([`round ${round}: not every answer was SEAT_TAKEN: ${answers} ${others.join(' ')}`]);
      }
    }
    if ((await frontrow.countHolds([scheduleId])) !== SEAT_COUNT) {
      run.addFaults(['the sold-out schedule no longer has exactly one live reservation for each seat']);
    }
    await field.audit();
    return { phases, postgres: await field.postgres.describe() };
  },
  summarise: summariseRefusals,
});

async function runPhase(
  field: Field,
  load: LoadProcess,
  phase: {
    readonly contestant: Contestant;
    readonly round: number;
    readonly scheduleId: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
    readonly connections: number;
    readonly seed: number;
  },
): Promise<MeasuredLoad[]> {
  const { contestant, round, scheduleId, seconds, warmUpSeconds, connections, seed } = phase;
  await field.settle(contestant);
  const server = await contestant.start();
  try {
    const asks: LoadPlan = {
      port: server.port,
      connections,
      durationMs: seconds * 1_000,
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
    await load.run({ ...asks, durationMs: warmUpSeconds * 1_000 });
    const common = { load, clocks: field.clocks(server), round, contestant: contestant.name } as const;
    if (contestant.name !== 'empty') return [await measureLoad({ ...common, counted: 'refused', plan: asks })];
    const reads: LoadPlan = { ...asks, work: { type: 'reads', paths: ['/'], repeat: true } };
    return [
      await measureLoad({ ...common, plan: asks }),
      await measureLoad({ ...common, contestant: 'empty-get', plan: reads }),
    ];
  } finally {
    await server.stop();
  }
}
