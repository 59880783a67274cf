import t from 'tap';
import { ExpiryTimer } from '../../src/actors/expiry-timer.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

function setUp(t: { teardown(run: () => void): void }) {
  const clock = createManualClock(0);
  const due: string[] = [];
  const databaseClock = { lowerMs: () => clock.monotonicMs() - 10, upperMs: () => clock.monotonicMs() };
  const timer = new ExpiryTimer<string>(clock, databaseClock, (subject) => due.push(subject));
  t.teardown(() => timer.close());
  return { clock, due, timer };
}

t.test('a subject is told once its instant has surely passed, never before', async (t) => {
  const { clock, due, timer } = setUp(t);
  timer.arm('a', 1_000);
  clock.advance(1_005);
  t.strictSame(due, [], 'the database may be ten milliseconds behind');
  clock.advance(20);
  t.strictSame(due, ['a']);
});

t.test('subjects are told in the order of their instants, each once, with one timer set', async (t) => {
  const { clock, due, timer } = setUp(t);
  for (const at of [500, 100, 900, 300, 700]) timer.arm(`at ${at}`, at);
  t.equal(clock.pending(), 1);
  clock.advance(2_000);
  t.strictSame(due, ['at 100', 'at 300', 'at 500', 'at 700', 'at 900']);
  t.equal(clock.pending(), 0);
});

t.test('an earlier instant replaces a later one of the same subject, and a later one is ignored', async (t) => {
  const { clock, due, timer } = setUp(t);
  timer.arm('a', 1_000);
  timer.arm('a', 500);
  timer.arm('a', 800);
  clock.advance(600);
  t.strictSame(due, ['a']);
  clock.advance(1_000);
  t.strictSame(due, ['a'], 'the replaced instants say nothing any more');
});

t.test('a disarmed subject is not told', async (t) => {
  const { clock, due, timer } = setUp(t);
  timer.arm('a', 100);
  timer.disarm('a');
  clock.advance(1_000);
  t.strictSame(due, []);
});

t.test('instants further away than a timer can wait are told in time', async (t) => {
  const { clock, due, timer } = setUp(t);
  timer.arm('a', 3_600_000);
  clock.advance(3_599_000);
  t.strictSame(due, []);
  clock.advance(1_100);
  t.strictSame(due, ['a']);
});

t.test('a subject that arms the timer for the past again is told in a later turn, not in a loop', async (t) => {
  const clock = createManualClock(0);
  const databaseClock = { lowerMs: () => clock.monotonicMs(), upperMs: () => clock.monotonicMs() };
  let told = 0;
  const timer = new ExpiryTimer<string>(clock, databaseClock, (subject) => {
    told += 1;
    if (told > 1_000) throw new Error('a loop');
    timer.arm(subject, 100);
  });
  t.teardown(() => timer.close());
  timer.arm('cannot act', 100);
  clock.advance(100);
  t.equal(told, 1);
  clock.advance(4);
  t.equal(told, 1);
  clock.advance(1);
  t.equal(told, 2);
});
