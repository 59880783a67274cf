import t from 'tap';
import { createLatencies } from '../../harness/latencies.ts';
import { describeMachine } from '../../harness/machine/description.ts';
import { type HoldsPhase, summariseHolds } from '../../bench/report/holds-report.ts';

function phase(contestant: string, round: number, cpuUs: number): HoldsPhase {
  const none = createLatencies().summary();
  return {
    contestant,
    round,
    acceptedPerSecond: 1_000,
    refusedPerSecond: 0,
    p50Ms: 1,
    p99Ms: 2,
    cpuUs: { node: cpuUs / 2, postgres: cpuUs / 2 },
    loadCpuUs: 10,
    loadCoreShare: 0.1,
    flushes: null,
    result: {
      elapsedMs: 1_000,
      answers: {},
      allAnswers: {},
      codes: {},
      accepted: none,
      refused: none,
      cpuUs: 0,
      exhausted: false,
      unanswered: 0,
    },
  };
}

t.test('the price beside a rival is told by medians, and round by round for a machine whose pace drifts', async (t) => {
  // The machine takes twice as long from round to round: in each of them the rival costs 5, 5 and 4 times as much.
  const phases = [
    ...[50, 100, 200].map((us, index) => phase('frontrow', index + 1, us)),
    ...[250, 500, 800].map((us, index) => phase('row-lock', index + 1, us)).reverse(),
  ];
  const report = summariseHolds({ machine: describeMachine(), postgres: {}, settings: {}, phases, faults: [] });
  t.match(report, /CPU per hold 5\.00 × lower; median of the rounds' own ratios 5\.00 ×/);

  const uneven = phases.filter(({ contestant, round }) => contestant === 'frontrow' || round !== 1);
  const other = summariseHolds({ machine: describeMachine(), postgres: {}, settings: {}, phases: uneven, faults: [] });
  t.match(other, /CPU per hold 6\.50 × lower; median of the rounds' own ratios 4\.50 ×/);
});
