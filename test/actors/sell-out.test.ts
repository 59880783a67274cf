import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { DoneSettlement } from '../../src/actors/journal-port.ts';
import { createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import { heldBy, holdCommand } from '../fixtures/owner-node.ts';

/** A payment of these seats that is with the journal. */
function takePayment(lone: LoneActor, ...seatNumbers: number[]) {
  const userId = randomUUID();
  const held = lone.ask(holdCommand(LONE_SCHEDULE, userId, ...seatNumbers));
  lone.commitAppend();
  const reservationIds = heldBy(held.reply()).map(({ reservationId }) => reservationId);
  const paymentId = randomUUID();
  const common = { scheduleId: LONE_SCHEDULE, userId, paymentId, claim: null };
  lone.ask({ ...common, type: 'PayReservations', reservationIds });
  return { batch: lone.takeSettlements(), paymentId };
}

t.test('a settlement names the unsold seats only where its payments may be the last', async (t) => {
  const lone = createLoneActor();
  const first = takePayment(lone, 1, 2, 3, 4);
  t.equal(first.batch.unsoldSeats, null, 'six seats are free');
  const done: DoneSettlement = {
    paymentId: first.paymentId,
    fate: 'done',
    firstSeq: first.batch.baseSeq + 1,
    balance: 0,
    completedToken: null,
  };
  const { epoch } = first.batch;
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: [done] });
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 5));
  lone.commitAppend();
  const next = takePayment(lone, 6, 7, 8, 9);
  t.equal(next.batch.unsoldSeats, null, 'a seat is on hold, and one is free');
  const [nextDone] = [{ ...done, paymentId: next.paymentId, firstSeq: next.batch.baseSeq + 1 }];
  lone.actor.concludeSettlements({ type: 'committed', epoch, isOwner: true, results: [nextDone] });
  t.equal(takePayment(lone, 10).batch.unsoldSeats, null, 'a seat is on hold');
});

t.test('the payment of all that is left names them', async (t) => {
  const lone = createLoneActor();
  const seats = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const halves = [seats.slice(0, 4), seats.slice(4, 8), seats.slice(8)];
  const unsold = halves.map((half) => {
    const { batch, paymentId } = takePayment(lone, ...half);
    const result = { paymentId, fate: 'done', firstSeq: batch.baseSeq + 1, balance: 0, completedToken: null } as const;
    lone.actor.concludeSettlements({ type: 'committed', epoch: batch.epoch, isOwner: true, results: [result] });
    return batch.unsoldSeats;
  });
  t.same(unsold, [null, null, 2]);
});
