import t from 'tap';
import { type ActivitySources, createActivityRecorder } from '../../src/health/activity-recorder.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

const START_MS = Date.UTC(2026, 10, 20);

/** A recorder whose sources are what the test makes them. */
function createStand() {
  const clock = createManualClock(0);
  const state = {
    sales: { holds: 100, payments: 10, refunds: 1, waiting: 0 },
    queues: [] as ReturnType<ActivitySources['queues']>,
    answers: 1_000,
    refusals: new Map<string, number>([['SEAT_TAKEN', 500]]),
    doubted: 0,
    delay: 0,
    readiness: { reasons: [], degraded: [] } as ReturnType<ActivitySources['readiness']>,
  };
  const nowMs = () => START_MS + clock.monotonicMs();
  const recorder = createActivityRecorder({
    clock,
    databaseClock: { lowerMs: nowMs, upperMs: nowMs },
    sources: {
      sales: () => ({ ...state.sales }),
      queues: () => state.queues,
      answers: () => state,
      doubted: () => state.doubted,
      eventLoopDelayP99Ms: () => state.delay,
      liveSockets: () => null,
      node: () => 'n1:1',
      readiness: () => state.readiness,
      livingNodes: () => 1,
    },
  });
  recorder.start();
  return { clock, state, recorder };
}

t.test('a sample counts what happened since the one before, not since start', async (t) => {
  const { clock, state, recorder } = createStand();
  t.same(recorder.report(0).samples, [], 'nothing was measured yet');
  state.sales = { holds: 107, payments: 12, refunds: 1, waiting: 5 };
  state.answers += 40;
  state.refusals.set('SEAT_TAKEN', 520).set('RATE_LIMITED', 3).set('STORE_UNAVAILABLE', 2).set('INTERNAL_ERROR', 1);
  state.doubted = 4;
  state.delay = 12.5;
  clock.advance(1_000);
  t.match(recorder.report(0).samples, [
    {
      number: 1,
      atMs: START_MS + 1_000,
      durationMs: 1_000,
      holds: 7,
      payments: 2,
      refunds: 0,
      answers: 40,
      refusals: 23,
      refusalsByCode: [
        { code: 'SEAT_TAKEN', count: 20 },
        { code: 'RATE_LIMITED', count: 3 },
      ],
      unavailable: 2,
      bugs: 1,
      doubted: 4,
      commandsWaiting: 5,
      eventLoopDelayP99Ms: 12.5,
      flushes: 0,
      flushP50Ms: null,
      flushP99Ms: null,
      batchMean: null,
      batchMax: null,
    },
  ]);
  clock.advance(1_000);
  t.match(recorder.report(1).samples, [{ number: 2, holds: 0, refusals: 0, refusalsByCode: [], commandsWaiting: 5 }]);
});

t.test('flushes are told by their percentiles and sizes, each second anew', async (t) => {
  const { clock, recorder } = createStand();
  for (let ms = 1; ms <= 100; ms += 1) recorder.observeFlush(ms === 100 ? 301 : 1, ms);
  clock.advance(1_000);
  recorder.observeFlush(2, 0);
  recorder.observeFlush(4, 1e9);
  clock.advance(1_000);
  const [first, second] = recorder.report(0).samples;
  t.match(first, { flushes: 100, batchMean: 4, batchMax: 301 });
  t.ok(Math.abs((first?.flushP50Ms ?? 0) - 50) < 0.5, `${first?.flushP50Ms}`);
  t.ok(Math.abs((first?.flushP99Ms ?? 0) - 99) < 0.5, `${first?.flushP99Ms}`);
  t.match(second, { flushes: 2, batchMean: 3, batchMax: 4 }, 'also where a duration is beyond every scale');
});

t.test('admissions are those of all lines, also when a line is taken over and counts anew', async (t) => {
  const { clock, state, recorder } = createStand();
  const line = (concertId: number, admissions: number) => ({
    concertId,
    waiting: 10,
    active: 2,
    admissions,
    isPaused: false,
  });
  state.queues = [line(1, 5)];
  clock.advance(1_000);
  state.queues = [line(1, 9), line(2, 3)];
  clock.advance(1_000);
  state.queues = [];
  clock.advance(1_000);
  state.queues = [line(1, 2)];
  clock.advance(1_000);
  t.same(
    recorder.report(0).samples.map(({ admissions, waiting, active }) => [admissions, waiting, active]),
    [
      [5, 10, 2],
      [7, 20, 4],
      [0, 0, 0],
      [2, 10, 2],
    ],
  );
});

t.test('who asks with the last number gets what is new; who asks with a strange one gets everything', async (t) => {
  const { clock, recorder } = createStand();
  clock.advance(5_000);
  const numbers = (since: number) => recorder.report(since).samples.map(({ number }) => number);
  t.same(numbers(0), [1, 2, 3, 4, 5]);
  t.same(numbers(3), [4, 5]);
  t.same(numbers(5), []);
  t.same(numbers(6), [1, 2, 3, 4, 5], 'a number of before a restart');
});

t.test('ten minutes are kept and no more', async (t) => {
  const { clock, recorder } = createStand();
  clock.advance(2_000_000);
  const { samples, stepsKept } = recorder.report(0);
  t.equal(samples.length, stepsKept);
  t.equal(stepsKept, 600);
  t.equal(samples[0]?.number, 1_401);
  t.equal(samples.at(-1)?.number, 2_000);
  t.equal(clock.pending(), 1);
  recorder.close();
  t.equal(clock.pending(), 0);
});

t.test('the verdict is that of now, not that of the last sample', async (t) => {
  const { state, recorder } = createStand();
  t.equal(recorder.report(0).verdict.state, 'HEALTHY');
  state.readiness = { reasons: ['database'], degraded: [] };
  t.equal(recorder.report(0).verdict.state, 'IN_TROUBLE');
  state.readiness = { reasons: [], degraded: [] };
  state.queues = [{ concertId: 1, waiting: 3, active: 0, admissions: 0, isPaused: true }];
  t.match(recorder.report(0).verdict, { state: 'DEGRADED', reasons: [{ code: 'QUEUE_PAUSED', value: 3 }] });
});
