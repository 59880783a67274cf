import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Hall } from '../../src/actors/hall.ts';
import type { AppendOutcome } from '../../src/actors/journal-port.ts';
import { type Asked, createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import { heldBy, holdCommand } from '../fixtures/owner-node.ts';

const UNKNOWN = { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'unknown' } as const;
const NOT_DONE = { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' } as const;

function hold(lone: LoneActor, seatNumber: number, userId: string = randomUUID()): Asked {
  return lone.ask(holdCommand(LONE_SCHEDULE, userId, seatNumber));
}

/** Whether the promise has been resolved by now. */
async function isResolved(promise: Promise<void>): Promise<boolean> {
  let isOver = false;
  void promise.then(() => {
    isOver = true;
  });
  await nextTurn();
  return isOver;
}

function conclude(lone: LoneActor, type: 'committed' | 'not-committed' | 'refused' | 'unavailable'): void {
  const error = new Error('the database said so');
  const outcomes: Record<typeof type, AppendOutcome> = {
    committed: { type: 'committed', epoch: 2, isOwner: true },
    'not-committed': { type: 'not-committed', epoch: 2 },
    refused: { type: 'refused', error, reason: 'rule' },
    unavailable: { type: 'unavailable', effect: 'none', error },
  };
  lone.actor.concludeAppend(outcomes[type]);
}

t.test('a stalled schedule answers all that wait, drops what had gathered, and serves again', async (t) => {
  for (const calls of [['stall'], ['stall', 'doubt'], ['doubt', 'stall']] as const) {
    for (const outcome of ['committed', 'not-committed'] as const) {
      const lone = createLoneActor();
      const sent = hold(lone, 1);
      lone.takeAppend();
      const refused = hold(lone, 1);
      const gathered = hold(lone, 2);
      for (const call of calls) lone.actor[call]();
      t.equal(lone.actor.state, 'stalled', calls.join(', '));
      t.match(sent.reply(), UNKNOWN);
      t.match(refused.reply(), NOT_DONE, 'a refusal wrote nothing, though it waited for the same batch');
      t.match(gathered.reply(), NOT_DONE);
      t.match(hold(lone, 3).reply(), NOT_DONE);
      t.equal(lone.actor.waiting, 0);
      conclude(lone, outcome);
      t.equal(lone.actor.state, 'serving', outcome);
      t.equal(lone.actor.takeAppend(randomUUID()), null, 'nothing is left of what was rejected');
      hold(lone, 2);
      t.match(lone.takeAppend().events, [{ type: 'HELD', seatNumber: 2 }]);
    }
  }
});

t.test('a payment that was to be settled when its schedule stalled is not done', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, 1, fan);
  lone.commitAppend();
  hold(lone, 2);
  lone.takeAppend();
  const [reservationId = ''] = heldBy(held.reply()).map((reservation) => reservation.reservationId);
  const scheduleId = LONE_SCHEDULE;
  const pay = { type: 'PayReservations', scheduleId, userId: fan, paymentId: randomUUID(), claim: null } as const;
  const paying = lone.ask({ ...pay, reservationIds: [reservationId] });
  lone.actor.stall();
  t.match(paying.reply(), NOT_DONE);
  conclude(lone, 'committed');
  t.equal(lone.actor.takeSettlements(100, new Set(), randomUUID()), null);
  lone.ask({ ...pay, reservationIds: [reservationId] });
  t.match(lone.takeSettlements().settlements, [{ userId: fan }], 'its hold is still there, and can be paid');
});

t.test('a late batch that the database refuses for its commands, all answered by then, is no bug', async (t) => {
  const bugs = { 'key-taken': 0, 'invalid-value': 0, rule: 0, conflict: 1 } as const;
  for (const reason of ['key-taken', 'invalid-value', 'rule', 'conflict'] as const) {
    const lone = createLoneActor();
    lone.ask({ ...holdCommand(LONE_SCHEDULE, randomUUID(), 1), claim: { key: 'k', fingerprint: 'f' } });
    hold(lone, 2);
    lone.takeAppend();
    lone.actor.stall();
    lone.actor.concludeAppend({ type: 'refused', error: new Error('late'), reason });
    t.equal(lone.bugs.length, bugs[reason], reason);
    t.equal(lone.actor.state, 'serving');
  }
  const lone = createLoneActor();
  hold(lone, 1);
  lone.commitAppend();
  lone.now += 1_000;
  lone.actor.expireDue('timer');
  lone.takeAppend();
  lone.actor.concludeAppend({ type: 'refused', error: new Error('other rows'), reason: 'key-taken' });
  t.equal(lone.bugs.length, 1, 'only expired holds were in it, so its rows contradict the owner');
});

t.test('a late batch that had no effect leaves the schedule serving', async (t) => {
  for (const outcome of ['refused', 'unavailable'] as const) {
    const lone = createLoneActor();
    hold(lone, 1);
    lone.takeAppend();
    lone.actor.stall();
    conclude(lone, outcome);
    t.equal(lone.actor.state, 'serving', outcome);
    hold(lone, 1);
    t.match(lone.takeAppend().events, [{ type: 'HELD', seatNumber: 1 }]);
  }
});

t.test('a hold that falls due while its schedule is stalled ends when the outcome is known', async (t) => {
  const lone = createLoneActor();
  hold(lone, 1);
  lone.commitAppend();
  hold(lone, 2);
  lone.takeAppend();
  lone.actor.stall();
  lone.now += 1_000;
  lone.armed.length = 0;
  t.equal(lone.actor.expireDue('timer'), 0);
  t.strictSame(lone.armed, []);
  conclude(lone, 'committed');
  t.ok(lone.armed.length > 0, 'it asks for the timer as soon as it goes on');
  t.equal(lone.actor.expireDue('timer'), 2);
});

t.test('a schedule that is sealed while an answer is missing or late is sealed after the outcome', async (t) => {
  for (const delay of ['doubt', 'stall'] as const) {
    for (const outcome of ['committed', 'refused', 'unavailable'] as const) {
      const lone = createLoneActor();
      hold(lone, 1);
      lone.takeAppend();
      lone.actor[delay]();
      const before = lone.actor.state;
      const drained = lone.actor.seal();
      t.equal(lone.actor.state, before);
      t.equal(await isResolved(drained), false);
      conclude(lone, outcome);
      t.equal(lone.actor.state, 'sealed', `${delay}, ${outcome}`);
      t.equal(await isResolved(drained), true, `${delay}, ${outcome}`);
      t.equal(hold(lone, 2).reply(), null, 'it decides nothing more');
    }
  }
});

t.test('every call that seals a schedule learns that it has drained', async (t) => {
  const lone = createLoneActor();
  hold(lone, 1);
  const first = lone.actor.seal();
  const second = lone.actor.seal();
  lone.commitAppend();
  t.equal(await isResolved(first), true);
  t.equal(await isResolved(second), true);
  const lost = createLoneActor();
  lost.actor.lose();
  t.equal(await isResolved(lost.actor.seal()), true);
});

t.test('a batch that only records keys is done again, because the key shows whether it was done', async (t) => {
  const setUp = () => {
    const lone = createLoneActor();
    const fan = randomUUID();
    hold(lone, 1, fan);
    lone.commitAppend();
    const claim = { key: 'again', fingerprint: '0'.repeat(32) };
    const again = lone.ask({ ...holdCommand(LONE_SCHEDULE, fan, 1), claim });
    lone.takeAppend();
    lone.actor.doubt();
    t.equal(again.reply(), null);
    return { lone, again };
  };
  const { lone, again } = setUp();
  conclude(lone, 'not-committed');
  t.match(lone.takeAppend().keys, [{ claim: { key: 'again' } }]);
  lone.actor.concludeAppend({ type: 'refused', error: new Error('counts differ'), reason: 'key-taken' });
  t.match(again.reply(), { outcome: 'key-taken' }, 'it was done; its node answers from the record');

  const { lone: lost, again: handedOn } = setUp();
  lost.actor.lose();
  lost.actor.concludeAppend({ type: 'fenced' });
  t.strictSame(lost.lost, [handedOn.pending]);
  t.equal(lost.actor.waiting, 0);
});

t.test(
  'a decision that throws is answered as a bug, not as a refusal, and what comes then waits to be moved',
  async (t) => {
    const lone = createLoneActor();
    const { apply } = Hall.prototype;
    t.teardown(() => {
      Hall.prototype.apply = apply;
    });
    const before = hold(lone, 1);
    lone.takeAppend();
    Hall.prototype.apply = () => {
      throw new Error('a bug');
    };
    const broken = hold(lone, 2);
    Hall.prototype.apply = apply;
    t.match(lone.bugs, [{ message: 'a bug' }]);
    t.equal(lone.actor.state, 'broken');
    t.equal(broken.reply(), null);
    t.match(broken.error(), { message: /could not decide HoldSeats/ });
    const later = hold(lone, 2);
    t.equal(later.reply(), null);
    t.equal(lone.actor.expireDue('timer'), 0);
    conclude(lone, 'committed');
    t.match(before.reply(), { outcome: 'granted' }, 'what is durable is told');
    lone.actor.lose();
    t.equal(lone.actor.state, 'lost');
    t.strictSame(lone.lost, [later.pending]);
    t.equal(lone.actor.waiting, 0);
  },
);
