import t from 'tap';
import type { ActivitySample } from '../../src/health/activity-sample.ts';
import { HEALTH_BOUNDS, type HealthFacts, judgeHealth } from '../../src/health/health-verdict.ts';
import { wordReason } from '../../src/http/answers/verdict-words.ts';
import { quietSample } from '../fixtures/activity-samples.ts';

const READY = { reasons: [], degraded: [] };

function judge(facts: Partial<HealthFacts> = {}) {
  return judgeHealth({ readiness: READY, livingNodes: 1, samples: [quietSample()], pausedQueues: [], ...facts });
}

/** Seconds of which each is like `sample`. */
function seconds(count: number, sample: Partial<ActivitySample>): ActivitySample[] {
  return Array.from({ length: count }, (_, index) => quietSample({ ...sample, number: index + 1 }));
}

function codes({ reasons }: ReturnType<typeof judge>): string[] {
  return reasons.map(({ code, severity }) => `${severity} ${code}`);
}

t.test('a node that is ready and quiet is healthy, also before its first second', async (t) => {
  t.same(judge(), { state: 'HEALTHY', reasons: [] });
  t.same(judge({ samples: [] }), { state: 'HEALTHY', reasons: [] });
});

t.test('a busy second of a rush is healthy', async (t) => {
  const rush = { holds: 9_000, refusals: 40_000, answers: 60_000, flushes: 400, flushP99Ms: 12, commandsWaiting: 900 };
  t.equal(judge({ samples: seconds(60, { ...rush, eventLoopDelayP99Ms: 20 }) }).state, 'HEALTHY');
});

t.test('a database that is away, a node that may not serve and a cluster without nodes are trouble', async (t) => {
  t.same(codes(judge({ readiness: { reasons: ['database'], degraded: [] } })), ['IN_TROUBLE DATABASE_AWAY']);
  const notReady = judge({ readiness: { reasons: ['draining'], degraded: [] } });
  t.match(notReady, { state: 'IN_TROUBLE', reasons: [{ code: 'NOT_READY', subject: 'draining' }] });
  t.same(codes(judge({ livingNodes: 0 })), ['IN_TROUBLE NO_LIVING_NODE']);
});

t.test('a part that is away is said, and is no trouble', async (t) => {
  const verdict = judge({ readiness: { reasons: [], degraded: ['queue'] } });
  t.match(verdict, { state: 'DEGRADED', reasons: [{ code: 'PART_AWAY', subject: 'queue' }] });
});

t.test('flush time and event-loop delay count from their bounds on', async (t) => {
  for (const [code, member, bounds] of [
    ['FLUSH_SLOW', 'flushP99Ms', HEALTH_BOUNDS.flushP99Ms],
    ['EVENT_LOOP_LATE', 'eventLoopDelayP99Ms', HEALTH_BOUNDS.eventLoopDelayP99Ms],
  ] as const) {
    const at = (value: number) => codes(judge({ samples: seconds(10, { flushes: 1, [member]: value }) }));
    t.same(at(bounds.degraded - 1), [], code);
    t.same(at(bounds.degraded), [`DEGRADED ${code}`]);
    t.same(at(bounds.inTrouble - 1), [`DEGRADED ${code}`]);
    t.same(at(bounds.inTrouble), [`IN_TROUBLE ${code}`]);
  }
});

t.test('one late second is no alarm, and what is over is forgotten', async (t) => {
  const late = { flushes: 1, flushP99Ms: 5_000, eventLoopDelayP99Ms: 5_000 };
  t.same(codes(judge({ samples: [...seconds(9, { flushes: 1, flushP99Ms: 3 }), quietSample(late)] })), []);
  t.same(codes(judge({ samples: [...seconds(20, late), ...seconds(10, { flushes: 1, flushP99Ms: 3 })] })), []);
});

t.test('seconds without a flush say nothing about flush time', async (t) => {
  const samples = [...seconds(9, {}), quietSample({ flushes: 1, flushP99Ms: 400 })];
  t.same(codes(judge({ samples })), ['DEGRADED FLUSH_SLOW']);
});

t.test('commands that wait while nothing is committed are trouble after three seconds', async (t) => {
  const stalled = { commandsWaiting: 7 };
  t.same(codes(judge({ samples: seconds(2, stalled) })), []);
  t.match(judge({ samples: seconds(3, stalled) }), {
    state: 'IN_TROUBLE',
    reasons: [{ code: 'COMMITS_STALLED', value: 7 }],
  });
  t.same(codes(judge({ samples: [...seconds(3, stalled), quietSample({ ...stalled, flushes: 1 })] })), []);
});

t.test('failed answers degrade for a minute; a share of one in twenty is trouble', async (t) => {
  t.same(codes(judge({ samples: seconds(60, { answers: 1_000, unavailable: 1 }) })), ['DEGRADED ANSWERS_FAILED']);
  t.same(codes(judge({ samples: seconds(60, { answers: 100, unavailable: 5 }) })), ['IN_TROUBLE ANSWERS_FAILED']);
  const few = [quietSample({ answers: 3, unavailable: 3 })];
  t.same(codes(judge({ samples: few })), ['DEGRADED ANSWERS_FAILED'], 'three answers make no share');
  t.same(codes(judge({ samples: [...few, ...seconds(60, { answers: 10 })] })), [], 'a minute later');
  const bugs = judge({ samples: seconds(1, { answers: 1_000, bugs: 2 }) });
  t.same(codes(bugs), ['DEGRADED ANSWERS_FAILED', 'DEGRADED BUGS']);
});

t.test('doubt of the last minute and people before a paused queue are said', async (t) => {
  const doubted = [quietSample({ doubted: 3 }), ...seconds(59, {})];
  t.match(judge({ samples: doubted }), { state: 'DEGRADED', reasons: [{ code: 'IN_DOUBT', value: 3 }] });
  t.same(codes(judge({ samples: [...doubted, quietSample()] })), []);
  t.same(codes(judge({ pausedQueues: [{ waiting: 0 }] })), [], 'a pause that holds nobody up');
  t.match(judge({ pausedQueues: [{ waiting: 2 }, { waiting: 40 }] }), {
    state: 'DEGRADED',
    reasons: [{ code: 'QUEUE_PAUSED', value: 42 }],
  });
});

t.test('the worst reason stands first and gives the verdict', async (t) => {
  const verdict = judge({ readiness: { reasons: ['database'], degraded: ['queue'] }, pausedQueues: [{ waiting: 1 }] });
  t.equal(verdict.state, 'IN_TROUBLE');
  t.same(codes(verdict), ['IN_TROUBLE DATABASE_AWAY', 'DEGRADED PART_AWAY', 'DEGRADED QUEUE_PAUSED']);
});

t.test('every reason is worded in both languages with its figures', async (t) => {
  const bad = {
    answers: 100,
    unavailable: 1_234,
    bugs: 2,
    doubted: 1,
    flushP99Ms: 1_500.4,
    eventLoopDelayP99Ms: 150,
    flushes: 1,
  };
  const { reasons } = judge({
    readiness: { reasons: ['database', 'draining'], degraded: ['queue'] },
    livingNodes: 0,
    samples: seconds(10, bad),
    pausedQueues: [{ waiting: 3 }],
  });
  const stalled = judge({ samples: seconds(3, { commandsWaiting: 1 }) }).reasons;
  const all = [...reasons, ...stalled];
  t.equal(new Set(all.map(({ code }) => code)).size, 11, 'all of them are here');
  for (const reason of all) {
    const [korean, english] = [wordReason(reason, 'ko'), wordReason(reason, 'en')];
    t.match(korean, /[가-힣]/, reason.code);
    t.match(english, /^[A-Z0-9][^가-힣]*\.$/, reason.code);
    for (const words of [korean, english]) t.notMatch(words, /null|undefined|NaN/);
  }
  t.ok(
    all.some((reason) => wordReason(reason, 'en').includes('12,360 answers')),
    'figures are readable',
  );
  t.ok(all.some((reason) => wordReason(reason, 'en').includes('p99 1,500 ms, bound 1,000 ms')));
});
