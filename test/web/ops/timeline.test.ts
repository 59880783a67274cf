import t from 'tap';
import type { ActivityReport, ActivitySample } from '../../../src/client/answers.ts';
import { EMPTY_TIMELINE, extend, lastNumber, ratePerSecond, topRefusals } from '../../../web/ops/timeline.ts';
import { quietSample } from '../../fixtures/activity-samples.ts';

function sample(number: number, happened: Partial<ActivitySample> = {}): ActivitySample {
  const { atMs, ...rest } = quietSample();
  return { ...rest, at: new Date(atMs + number * 1_000).toISOString(), number, ...happened };
}

function report(node: string, numbers: readonly number[], stepsKept = 600): ActivityReport {
  return {
    node,
    serverTime: '2026-11-20T00:00:00.000Z',
    stepMs: 1_000,
    stepsKept,
    verdict: { state: 'HEALTHY', reasons: [] },
    samples: numbers.map((number) => sample(number)),
  };
}

const numbersOf = ({ samples }: { samples: readonly ActivitySample[] }) => samples.map(({ number }) => number);

t.test('reports of one node are put together, and the last number is what the next one begins after', async (t) => {
  t.equal(lastNumber(EMPTY_TIMELINE), 0);
  let timeline = extend(EMPTY_TIMELINE, report('a', [7, 8]));
  timeline = extend(timeline, report('a', [9]));
  timeline = extend(timeline, report('a', []));
  t.same(numbersOf(timeline), [7, 8, 9]);
  t.equal(lastNumber(timeline), 9);
});

t.test('a node that has restarted, and another one, begin anew', async (t) => {
  const before = extend(EMPTY_TIMELINE, report('a', [7, 8, 9]));
  t.same(numbersOf(extend(before, report('b', [1, 2]))), [1, 2]);
  t.same(numbersOf(extend(before, report('b', []))), []);
  t.same(numbersOf(extend(before, report('a', [1, 2]))), [1, 2], 'numbers that go back are those of a new start');
});

t.test('no more is kept than the node keeps itself', async (t) => {
  const timeline = extend(extend(EMPTY_TIMELINE, report('a', [1, 2, 3], 4)), report('a', [4, 5, 6], 4));
  t.same(numbersOf(timeline), [3, 4, 5, 6]);
});

t.test('a rate is per second, also where a step took longer', async (t) => {
  const samples = [sample(1, { holds: 100 }), sample(2, { holds: 10 }), sample(3, { holds: 20, durationMs: 2_000 })];
  const holds = (one: ActivitySample) => one.holds;
  t.equal(ratePerSecond(samples, 2, holds), 10);
  t.equal(ratePerSecond(samples, 60, holds), 32.5);
  t.equal(ratePerSecond([], 5, holds), 0);
});

t.test('refusals are added up by code, most frequent first', async (t) => {
  const samples = [
    sample(1, { refusalsByCode: [{ code: 'OLD', count: 99 }] }),
    sample(2, {
      refusalsByCode: [
        { code: 'SEAT_TAKEN', count: 3 },
        { code: 'RATE_LIMITED', count: 4 },
      ],
    }),
    sample(3, { refusalsByCode: [{ code: 'SEAT_TAKEN', count: 2 }] }),
  ];
  t.same(topRefusals(samples, 2), [
    { code: 'SEAT_TAKEN', count: 5 },
    { code: 'RATE_LIMITED', count: 4 },
  ]);
});
