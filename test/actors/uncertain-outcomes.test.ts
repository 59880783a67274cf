import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Reply } from '../../src/actors/command.ts';
import { type Asked, createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import { endCommand, heldBy, holdCommand } from '../fixtures/owner-node.ts';

const DATA_ERROR = new Error('22021');

function hold(lone: LoneActor, userId: string, ...seatNumbers: number[]): Asked {
  return lone.ask(holdCommand(LONE_SCHEDULE, userId, ...seatNumbers));
}

function reservationIdsOf(asked: Asked): string[] {
  return heldBy(asked.reply()).map(({ reservationId }) => reservationId);
}

function pay(lone: LoneActor, userId: string, reservationIds: readonly string[], paymentId = randomUUID()): Asked {
  return lone.ask({
    type: 'PayReservations',
    scheduleId: LONE_SCHEDULE,
    userId,
    paymentId,
    reservationIds,
    claim: null,
  });
}

t.test('what a refused flush leaves to be tried alone is tried whatever becomes of the ones before', async (t) => {
  const setBacks = {
    'the database has no room': (lone: LoneActor) =>
      lone.actor.concludeAppend({ type: 'unavailable', effect: 'none', error: new Error('53100') }),
    'the answer is lost and nothing was done': (lone: LoneActor) => {
      lone.actor.doubt();
      lone.actor.concludeAppend({ type: 'not-committed', epoch: 2 });
    },
  };
  for (const [name, setBack] of Object.entries(setBacks)) {
    await t.test(name, async (t) => {
      const lone = createLoneActor();
      const asked = [1, 2, 3].map((seatNumber) => hold(lone, randomUUID(), seatNumber));
      lone.takeAppend();
      lone.actor.concludeAppend({ type: 'refused', error: DATA_ERROR, reason: 'conflict' });
      lone.takeAppend();
      setBack(lone);
      const late = hold(lone, randomUUID(), 4);
      for (
        let flush = lone.actor.takeAppend(randomUUID());
        flush !== null;
        flush = lone.actor.takeAppend(randomUUID())
      ) {
        lone.actor.concludeAppend({ type: 'committed', epoch: flush.epoch, isOwner: true });
      }
      for (const one of [...asked, late]) t.ok(one.pending.answered);
      t.equal(lone.actor.waiting, 0);
    });
  }
});

t.test('a command whose batch is with the journal is not handed on before its fate is known', async (t) => {
  t.test('it was committed: the command is answered, once, and decided nowhere else', async (t) => {
    const lone = createLoneActor();
    const sent = hold(lone, randomUUID(), 1);
    lone.takeAppend();
    const gathered = hold(lone, randomUUID(), 2);
    lone.actor.lose();
    t.strictSame(lone.lost, [gathered.pending]);
    lone.actor.stall();
    t.match(sent.reply(), { outcome: 'failed', effect: 'unknown' });
    t.equal(gathered.reply(), null, 'whoever was handed on is none of its business');
    lone.actor.concludeAppend({ type: 'committed', epoch: 1, isOwner: true });
    t.strictSame(lone.lost, [gathered.pending]);
  });

  t.test('it was committed in time: the command is granted', async (t) => {
    const lone = createLoneActor();
    const sent = hold(lone, randomUUID(), 1);
    lone.takeAppend();
    lone.actor.lose();
    lone.actor.concludeAppend({ type: 'committed', epoch: 1, isOwner: true });
    t.match(sent.reply(), { outcome: 'granted', value: { type: 'SeatsHeld', value: [{ seq: 1 }] } });
    t.strictSame(lone.lost, []);
  });

  for (const outcome of ['fenced', 'not-committed', 'refused', 'unavailable'] as const) {
    t.test(`it came to nothing (${outcome}): the command is handed on then`, async (t) => {
      const lone = createLoneActor();
      const sent = hold(lone, randomUUID(), 1);
      lone.takeAppend();
      lone.actor.lose();
      t.strictSame(lone.lost, []);
      lone.actor.concludeAppend({
        type: outcome,
        effect: 'none',
        epoch: 2,
        error: DATA_ERROR,
        reason: 'conflict',
      });
      t.strictSame(lone.lost, [sent.pending]);
      t.equal(sent.reply(), null);
      t.equal(lone.actor.waiting, 0);
    });
  }

  t.test('a payment waits for its outcome like a hold', async (t) => {
    const lone = createLoneActor();
    const fan = randomUUID();
    const held = hold(lone, fan, 1);
    lone.commitAppend();
    const paymentId = randomUUID();
    const paid = pay(lone, fan, reservationIdsOf(held), paymentId);
    const { epoch } = lone.takeSettlements();
    const behind = pay(lone, fan, reservationIdsOf(held));
    lone.actor.lose();
    t.strictSame(lone.lost, [behind.pending]);
    const results = [{ paymentId, fate: 'done' as const, firstSeq: 2, balance: 7, completedToken: null }];
    lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results });
    t.match(paid.reply(), { outcome: 'granted', value: { grant: { value: { remainingBalance: 7 } } } });
    t.equal(lone.actor.waiting, 0);
  });
});

t.test('a payment whose wallet was locked is handed on when its schedule was lost meanwhile', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, fan, 1);
  lone.commitAppend();
  const paymentId = randomUUID();
  const paid = pay(lone, fan, reservationIdsOf(held), paymentId);
  const { epoch } = lone.takeSettlements();
  lone.actor.lose();
  t.strictSame(lone.lost, []);
  const results = [{ paymentId, fate: 'untried' as const }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results });
  t.strictSame(lone.lost, [paid.pending]);
  t.equal(lone.actor.waiting, 0);
});

t.test('a payment that is tried alone is decided again after an outcome in doubt left it untried', async (t) => {
  const lone = createLoneActor();
  const [ann, ben] = [randomUUID(), randomUUID()];
  const [annsHold, bensHold] = [hold(lone, ann, 1), hold(lone, ben, 2)];
  lone.commitAppend();
  const [annsId, bensId] = [randomUUID(), randomUUID()];
  pay(lone, ann, reservationIdsOf(annsHold), annsId);
  pay(lone, ben, reservationIdsOf(bensHold), bensId);
  lone.takeSettlements();
  lone.actor.concludeSettlements({ type: 'refused', error: DATA_ERROR, reason: 'conflict' });
  t.match(lone.takeSettlements().settlements, [{ paymentId: annsId }], 'it is tried alone');
  lone.actor.doubt();
  const untried = [{ paymentId: annsId, fate: 'untried' as const }];
  lone.actor.concludeSettlements({ type: 'committed', epoch: 2, isOwner: true, results: untried });
  t.match(lone.takeSettlements().settlements, [{ paymentId: bensId }]);
  const done = [{ paymentId: bensId, fate: 'done' as const, firstSeq: 3, balance: 0, completedToken: null }];
  lone.actor.concludeSettlements({ type: 'committed', epoch: 2, isOwner: true, results: done });
  t.match(lone.takeSettlements().settlements, [{ paymentId: annsId }], 'and it is not forgotten');
});

t.test('what is in doubt and cannot be found out about is answered as unknown, never as not done', async (t) => {
  const lone = createLoneActor();
  const sent = hold(lone, randomUUID(), 1);
  lone.takeAppend();
  const gathered = hold(lone, randomUUID(), 2);
  lone.actor.doubt();
  const deferred = hold(lone, randomUUID(), 3);
  lone.actor.concludeAppend({ type: 'unavailable', effect: 'unknown', error: new Error('closed') });
  t.match(sent.reply(), { outcome: 'failed', effect: 'unknown' });
  t.match(gathered.reply(), { outcome: 'failed', effect: 'none' });
  t.notOk(deferred.pending.answered, 'it was not touched by it and is decided now');
});

t.test('a refusal that stands on several ends waits for the last of them in the order of the log', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const [first, second] = [hold(lone, fan, 1), hold(lone, fan, 2)];
  lone.commitAppend();
  const release = (reservationId = '') =>
    lone.ask({ type: 'ReleaseHold', scheduleId: LONE_SCHEDULE, userId: fan, reservationId });
  const [firstId] = reservationIdsOf(first);
  const [secondId] = reservationIdsOf(second);
  release(firstId);
  lone.takeAppend();
  release(secondId);
  const refused = pay(lone, fan, [secondId ?? '', firstId ?? '']);
  lone.actor.concludeAppend({ type: 'committed', epoch: 1, isOwner: true });
  t.equal(refused.reply(), null, 'the end of the second is not durable yet');
  lone.commitAppend();
  t.match(refused.reply(), { outcome: 'refused', rejection: { code: 'RESERVATION_CANCELLED' } });
});

t.test('that there was nothing to cancel is not said before the end that says so is durable', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, fan, 1);
  lone.commitAppend();
  const [reservationId = ''] = reservationIdsOf(held);
  lone.ask({ type: 'ReleaseHold', scheduleId: LONE_SCHEDULE, userId: fan, reservationId });
  lone.takeAppend();
  const cancelled = lone.ask(endCommand(LONE_SCHEDULE, fan));
  t.equal(cancelled.reply(), null);
  lone.actor.concludeAppend({ type: 'committed', epoch: 1, isOwner: true });
  t.match(cancelled.reply(), { outcome: 'granted', value: { cancelled: 0 } });
});

t.test('a refund of a payment that is being decided waits for it, instead of counting as done', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, fan, 1);
  lone.commitAppend();
  const paymentId = randomUUID();
  pay(lone, fan, reservationIdsOf(held), paymentId);
  const { epoch } = lone.takeSettlements();
  const refund = lone.ask({
    type: 'RefundPayment',
    scheduleId: LONE_SCHEDULE,
    userId: fan,
    paymentId,
    isByOrganiser: false,
    act: null,
    claim: null,
  });
  t.equal(refund.reply(), null);
  const results = [{ paymentId, fate: 'done' as const, firstSeq: 2, balance: 0, completedToken: null }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results });
  t.match(lone.takeSettlements().settlements, [{ kind: 'REFUND', paymentId }]);
});

t.test('an end that the database has no room for is tried again after a pause, not at once', async (t) => {
  const lone = createLoneActor();
  hold(lone, randomUUID(), 1);
  lone.commitAppend();
  lone.now += 1_000;
  t.equal(lone.actor.expireDue('timer'), 1);
  lone.takeAppend();
  lone.armed.length = 0;
  lone.actor.concludeAppend({ type: 'unavailable', effect: 'none', error: new Error('53100') });
  t.strictSame(lone.armed, [lone.now + 1_000]);
});

t.test('every command is answered once, whatever sequence of outcomes it meets', async (t) => {
  const lone = createLoneActor();
  const replies: (Reply | null)[] = [];
  const asked = [1, 2, 3, 4].map((seatNumber) => hold(lone, randomUUID(), seatNumber));
  lone.takeAppend();
  lone.actor.stall();
  asked.push(hold(lone, randomUUID(), 5));
  lone.actor.doubt();
  lone.actor.concludeAppend({ type: 'committed', epoch: 2, isOwner: false });
  for (const one of asked) replies.push(one.reply());
  t.equal(replies.filter((reply) => reply?.outcome === 'failed').length, 5);
  t.equal(lone.actor.waiting, 0);
});

t.test(
  'a hold of a seat whose refund is being decided waits, and is refused only for what is taken then',
  async (t) => {
    const lone = createLoneActor();
    const fan = randomUUID();
    const held = hold(lone, fan, 1);
    lone.commitAppend();
    const paymentId = randomUUID();
    const command = { scheduleId: LONE_SCHEDULE, userId: fan, paymentId, claim: null };
    lone.ask({ ...command, type: 'PayReservations', reservationIds: reservationIdsOf(held) });
    const result = { paymentId, fate: 'done' as const, balance: 0, completedToken: null };
    const { epoch } = lone.takeSettlements();
    lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: [{ ...result, firstSeq: 2 }] });
    lone.ask({ ...command, type: 'RefundPayment', isByOrganiser: false, act: null });
    lone.takeSettlements();
    hold(lone, randomUUID(), 2);
    const refused = hold(lone, randomUUID(), 1, 2);
    lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: [{ ...result, firstSeq: 3 }] });
    lone.commitAppend();
    t.match(refused.reply(), {
      outcome: 'refused',
      rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [2], seq: 4 } },
    });
  },
);

t.test('a refund does not overtake the flush that gathers, in which a refusal may name its seat', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, fan, 1);
  lone.commitAppend();
  const paymentId = randomUUID();
  const command = { scheduleId: LONE_SCHEDULE, userId: fan, paymentId, claim: null };
  lone.ask({ ...command, type: 'PayReservations', reservationIds: reservationIdsOf(held) });
  const { epoch } = lone.takeSettlements();
  const results = [{ paymentId, fate: 'done' as const, balance: 0, completedToken: null, firstSeq: 2 }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results });
  hold(lone, randomUUID(), 2);
  const refused = hold(lone, randomUUID(), 1, 2);
  lone.ask({ ...command, type: 'RefundPayment', isByOrganiser: false, act: null });
  t.throws(() => lone.takeSettlements(), { message: 'no settlement is open' });
  lone.takeAppend();
  hold(lone, randomUUID(), 3);
  lone.actor.concludeAppend({ type: 'committed', epoch, isOwner: true });
  t.match(refused.reply(), {
    outcome: 'refused',
    rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [1, 2], seq: 3 } },
  });
  t.match(lone.takeSettlements(), { baseSeq: 3 }, 'what has gathered since is not waited for');
});

t.test('a payment does not overtake the flush that gathers, in which a refusal may pass over its seat', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, fan, 1);
  lone.commitAppend();
  hold(lone, randomUUID(), 2);
  const refused = hold(lone, fan, 1, 2);
  pay(lone, fan, reservationIdsOf(held));
  t.throws(() => lone.takeSettlements(), { message: 'no settlement is open' });
  lone.commitAppend();
  t.match(refused.reply(), {
    outcome: 'refused',
    rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [2], seq: 2 } },
  });
  t.match(lone.takeSettlements(), { baseSeq: 2 });
});

t.test('a command that the database refuses learns that nothing was done, and why', async (t) => {
  const unavailable = { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' } as const;
  const answers = {
    'key-taken': { reply: { outcome: 'key-taken' }, bugs: 0 },
    'invalid-value': { reply: { outcome: 'refused', rejection: { code: 'VALIDATION_FAILED' } }, bugs: 0 },
    rule: { reply: unavailable, bugs: 0 },
    conflict: { reply: unavailable, bugs: 1 },
  } as const;
  for (const reason of ['key-taken', 'invalid-value', 'rule', 'conflict'] as const) {
    const lone = createLoneActor();
    const claim = { key: 'k', fingerprint: 'f' };
    const asked = lone.ask({ ...holdCommand(LONE_SCHEDULE, randomUUID(), 1), claim });
    lone.takeAppend();
    lone.actor.concludeAppend({ type: 'refused', error: DATA_ERROR, reason });
    t.match(asked.reply(), answers[reason].reply, reason);
    t.equal(asked.error(), null, 'it is not answered as a bug');
    t.equal(
      lone.bugs.length,
      answers[reason].bugs,
      'only rows that contradict the owner make it load the schedule again',
    );
  }
});

t.test('a payment whose wallet is locked is taken again, and given up only by the journal', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = hold(lone, fan, 1);
  lone.commitAppend();
  const paymentId = randomUUID();
  const command = { scheduleId: LONE_SCHEDULE, userId: fan, paymentId, claim: null } as const;
  const paid = lone.ask({ ...command, type: 'PayReservations', reservationIds: reservationIdsOf(held) });
  const { epoch } = lone.takeSettlements();
  const untried = [{ paymentId, fate: 'untried' as const }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: untried });
  t.equal(paid.reply(), null);
  hold(lone, randomUUID(), 2);
  t.equal(lone.actor.takeSettlements(100, new Set([fan]), randomUUID()), null, 'its wallet is left alone');
  lone.commitAppend();
  t.match(lone.takeSettlements(), { baseSeq: 2, settlements: [{ paymentId }] });
  const givenUp = [{ paymentId, fate: 'given-up' as const }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: givenUp });
  t.match(paid.reply(), { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' });

  const again = lone.ask({ ...command, type: 'PayReservations', reservationIds: reservationIdsOf(held) });
  lone.takeSettlements();
  const done = [{ paymentId, fate: 'done' as const, firstSeq: 3, balance: 0, completedToken: null }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: done });
  t.match(again.reply(), { outcome: 'granted' }, 'the hold was still there');
});
