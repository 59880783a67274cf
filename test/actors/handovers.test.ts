import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { createHandovers } from '../../src/actors/handovers.ts';
import type { ScheduleActor } from '../../src/actors/schedule-actor.ts';
import { Fault } from '../../src/domain/errors.ts';
import { createLoneActor, type LoneActor } from '../fixtures/lone-actor.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { silentLog } from '../fixtures/silent-log.ts';

/** Schedules whose heirs take as long to bring them to life as the test says. */
function setUp(count: number, handOver: () => Promise<boolean> = () => Promise.resolve(true)) {
  const clock = createManualClock();
  const lones = Array.from({ length: count }, (_, index) => createLoneActor({ scheduleId: index + 1 }));
  const given: (readonly [number, string])[] = [];
  /** By schedule, what its heir's answer does. */
  const wakes = new Map<number, () => void>();
  const handovers = createHandovers({
    ownership: {
      handOver(scheduleId, _epoch, heir) {
        given.push([scheduleId, heir]);
        return handOver();
      },
    },
    clock,
    log: silentLog,
    needsCare: () => true,
    wakeHeir: (scheduleId) =>
      new Promise((resolve) => {
        wakes.set(scheduleId, resolve);
      }),
  });
  async function answerAll(tookMs: number): Promise<void> {
    clock.advance(tookMs);
    const waiting = [...wakes.values()];
    wakes.clear();
    for (const answer of waiting) answer();
    await nextTurn();
  }
  const leaving = (heir: string, from: readonly LoneActor[] = lones) =>
    from.map(({ actor }): readonly [ScheduleActor, string] => [actor, heir]);
  return { clock, lones, given, wakes, handovers, answerAll, leaving };
}

function isServed(lone: LoneActor): boolean {
  return lone.ask({ type: 'ReadSeatMap', scheduleId: lone.actor.scheduleId }).reply() !== null;
}

/** Whether the promise has resolved when the next turn of the event loop begins. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), nextTurn().then(() => false)]);
}

t.test('an heir gets one schedule first, then more while it is quick; the others are served', async (t) => {
  const { lones, given, wakes, handovers, answerAll, leaving } = setUp(40);
  const giving = handovers.give(leaving('heir'));
  await nextTurn();
  const onTheWay: number[] = [];
  while (wakes.size > 0) {
    onTheWay.push(wakes.size);
    t.equal(lones.filter(isServed).length, lones.length - given.length, 'none is sealed before its turn');
    await answerAll(10);
  }
  t.same(onTheWay, [1, 2, 4, 8, 16, 9]);
  t.equal(handovers.count, 40);
  t.equal(await isOver(giving), true);
});

t.test('an heir that takes long gets fewer at a time, and never none', async (t) => {
  const { wakes, handovers, answerAll, leaving } = setUp(40);
  void handovers.give(leaving('heir'));
  await nextTurn();
  const onTheWay: number[] = [];
  for (const tookMs of [10, 10, 75, 120, 120, 10]) {
    onTheWay.push(wakes.size);
    await answerAll(tookMs);
  }
  t.same(onTheWay, [1, 2, 4, 4, 1, 1]);
  t.equal(wakes.size, 2);
});

t.test('nobody waits for the move of a schedule to another heir', async (t) => {
  const { clock, lones, given, wakes, handovers, leaving } = setUp(6);
  const [toStuck, toQuick] = [lones.slice(0, 3), lones.slice(3)];
  void handovers.give([...leaving('stuck', toStuck), ...leaving('quick', toQuick)]);
  await nextTurn();
  for (const { actor } of toQuick) {
    clock.advance(10);
    wakes.get(actor.scheduleId)?.();
    await nextTurn();
  }
  t.same(
    given.filter(([, heir]) => heir === 'stuck'),
    [[1, 'stuck']],
  );
  t.equal(given.filter(([, heir]) => heir === 'quick').length, 3);
  t.same(toStuck.map(isServed), [false, true, true]);
});

t.test('what was said last counts for schedules whose turn has not come', async (t) => {
  const { lones, given, handovers, answerAll, leaving } = setUp(3);
  const first = handovers.give(leaving('heir'));
  await nextTurn();
  const second = handovers.give([...leaving('heir', lones.slice(0, 1)), ...leaving('other', lones.slice(1, 2))]);
  await nextTurn();
  t.same(given, [
    [1, 'heir'],
    [2, 'other'],
  ]);
  t.equal(await isOver(first), false, 'the one that was on its way still is');
  await answerAll(10);
  t.equal(await isOver(Promise.all([first, second]).then(() => undefined)), true);
  t.equal(given.length, 2, 'the third was not given');
  t.equal(lones[2] !== undefined && isServed(lones[2]), true);
});

t.test('a schedule that is lost before its turn is given to nobody, and not waited for', async (t) => {
  const { lones, given, handovers, answerAll, leaving } = setUp(3);
  const giving = handovers.give(leaving('heir'));
  await nextTurn();
  lones[1]?.actor.lose();
  await answerAll(10);
  await answerAll(10);
  t.same(
    given.map(([scheduleId]) => scheduleId),
    [1, 3],
  );
  t.equal(await isOver(giving), true);
});

t.test('one that is stuck does not keep the others here', async (t) => {
  const { clock, given, wakes, handovers, answerAll, leaving } = setUp(3);
  const giving = handovers.give(leaving('heir'));
  await nextTurn();
  clock.advance(499);
  t.equal(given.length, 1);
  clock.advance(1);
  await nextTurn();
  t.equal(given.length, 2);
  const answerStuck = wakes.get(1);
  wakes.delete(1);
  await answerAll(10);
  t.equal(given.length, 3);
  await answerAll(10);
  t.equal(await isOver(giving), false);
  answerStuck?.();
  t.equal(await isOver(giving), true);
});

t.test('a schedule whose handover has no answer is brought to life by whoever has it now', async (t) => {
  const { lones, wakes, handovers, answerAll, leaving } = setUp(1, () =>
    Promise.reject(new Fault('STORE_UNAVAILABLE', 'none')),
  );
  const giving = handovers.give(leaving('heir'));
  await nextTurn();
  t.same([...wakes.keys()], [1]);
  t.equal(lones[0]?.actor.state, 'lost');
  t.equal(handovers.count, 0, 'it may not have been given');
  await answerAll(10);
  t.equal(await isOver(giving), true);
});

t.test('a schedule that was not this node’s to give any more is woken by nobody', async (t) => {
  const { wakes, handovers, leaving } = setUp(1, () => Promise.resolve(false));
  const giving = handovers.give(leaving('heir'));
  t.equal(await isOver(giving), true);
  t.equal(wakes.size, 0);
});
