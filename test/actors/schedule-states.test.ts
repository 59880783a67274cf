import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Hall } from '../../src/actors/hall.ts';
import type { AppendOutcome } from '../../src/actors/journal-port.ts';
import { type Asked, createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import { holdCommand } from '../fixtures/owner-node.ts';

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

t.test('a stalled schedule answers all that wait and rejects what comes, until the outcome is known', async (t) => {
  const lone = createLoneActor();
  const sent = hold(lone, 1);
  lone.takeAppend();
  const gathered = hold(lone, 2);
  lone.actor.stall();
  t.equal(lone.actor.state, 'stalled');
  t.match(sent.reply(), UNKNOWN);
  t.match(gathered.reply(), UNKNOWN);
  t.match(hold(lone, 3).reply(), NOT_DONE);
  t.equal(lone.actor.waiting, 0);
  conclude(lone, 'committed');
  t.equal(lone.actor.state, 'serving');
  t.match(lone.takeAppend().events, [{ type: 'HELD', seatNumber: 2 }], 'what had gathered is written');
});

t.test('a stalled schedule that is in doubt, too, drops what had gathered, and serves again', async (t) => {
  for (const order of [
    ['stall', 'doubt'],
    ['doubt', 'stall'],
  ] as const) {
    for (const outcome of ['committed', 'not-committed'] as const) {
      const lone = createLoneActor();
      hold(lone, 1);
      lone.takeAppend();
      hold(lone, 2);
      for (const call of order) lone.actor[call]();
      t.equal(lone.actor.state, 'stalled', `${order.join(', ')}`);
      t.match(hold(lone, 3).reply(), NOT_DONE);
      conclude(lone, outcome);
      t.equal(lone.actor.state, 'serving', outcome);
      t.equal(lone.actor.takeAppend(randomUUID()), null, 'its caller was told, and nothing of it is left');
      hold(lone, 2);
      t.match(lone.takeAppend().events, [{ type: 'HELD', seatNumber: 2 }]);
    }
  }
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

t.test('a batch that only records keys is answered as unknown as soon as its answer is missing', async (t) => {
  for (const isLost of [false, true]) {
    const lone = createLoneActor();
    const fan = randomUUID();
    hold(lone, 1, fan);
    lone.commitAppend();
    const claim = { key: 'again', fingerprint: '0'.repeat(32) };
    const again = lone.ask({ ...holdCommand(LONE_SCHEDULE, fan, 1), claim });
    lone.takeAppend();
    if (isLost) lone.actor.lose();
    lone.actor.doubt();
    t.match(again.reply(), UNKNOWN);
    lone.actor.concludeAppend({ type: 'fenced' });
    t.strictSame(lone.lost, []);
    t.equal(lone.actor.waiting, 0);
  }
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
