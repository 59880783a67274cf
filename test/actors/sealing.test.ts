import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import { heldBy, holdCommand } from '../fixtures/owner-node.ts';

function hold(lone: LoneActor, seatNumber: number) {
  return lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), seatNumber));
}

/** Seals the actor; whether it has drained so far. */
function seal(lone: LoneActor): () => Promise<boolean> {
  let isDrained = false;
  void lone.actor.seal().then(() => {
    isDrained = true;
  });
  return async () => {
    await nextTurn();
    return isDrained;
  };
}

t.test('a sealed schedule with nothing under way is drained at once', async (t) => {
  const lone = createLoneActor();
  t.equal(await seal(lone)(), true);
});

t.test('what is in flight and what has gathered ends first; who comes later waits for the next owner', async (t) => {
  const lone = createLoneActor();
  const first = hold(lone, 1);
  const { epoch } = lone.takeAppend();
  const second = hold(lone, 2);
  const isDrained = seal(lone);
  const late = hold(lone, 3);
  const lateMap = lone.ask({ type: 'ReadSeatMap', scheduleId: LONE_SCHEDULE });
  t.equal(await isDrained(), false);

  lone.actor.concludeAppend({ type: 'committed', epoch, isOwner: true });
  t.match(first.reply(), { outcome: 'granted' });
  t.equal(await isDrained(), false, 'the second is still to be flushed');
  lone.commitAppend();
  t.match(second.reply(), { outcome: 'granted' });
  t.equal(await isDrained(), true);
  t.equal(late.reply(), null);
  t.equal(lateMap.reply(), null, 'nothing that writes nothing is answered either: the heir may have gone on');

  lone.actor.lose();
  t.same(lone.lost, [late.pending, lateMap.pending]);
  t.equal(lone.actor.state, 'lost');
});

t.test('a sealed schedule ends no hold; its heir does', async (t) => {
  const lone = createLoneActor();
  hold(lone, 1);
  lone.commitAppend();
  seal(lone);
  lone.now += 10_000;
  t.equal(lone.actor.expireDue('timer'), 0);
});

t.test('an answer that is missing keeps it from being drained, whatever it turns out to be', async (t) => {
  for (const outcome of ['committed', 'not-committed'] as const) {
    const lone = createLoneActor();
    const asked = hold(lone, 1);
    const { epoch } = lone.takeAppend();
    const isDrained = seal(lone);
    lone.actor.doubt();
    t.equal(await isDrained(), false);
    if (outcome === 'committed') lone.actor.concludeAppend({ type: 'committed', epoch: epoch + 1, isOwner: true });
    else lone.actor.concludeAppend({ type: 'not-committed', epoch: epoch + 1 });
    t.equal(await isDrained(), true, outcome);
    t.equal(lone.actor.head.epoch, epoch + 1, 'and it is handed over from the epoch that stands');
    lone.actor.lose();
    t.same(lone.lost, outcome === 'committed' ? [] : [asked.pending], 'what was not done goes along');
  }
});

t.test('payments that are taken up are settled first, and those behind them go along', async (t) => {
  const lone = createLoneActor();
  const userId = randomUUID();
  const held = lone.ask(holdCommand(LONE_SCHEDULE, userId, 1));
  lone.commitAppend();
  const reservationId = heldBy(held.reply())[0]?.reservationId;
  if (reservationId === undefined) throw new Error('nothing was held');
  const paying = lone.ask({
    type: 'PayReservations',
    scheduleId: LONE_SCHEDULE,
    userId,
    paymentId: randomUUID(),
    reservationIds: [reservationId],
    claim: null,
  });
  const releasing = lone.ask({ type: 'ReleaseHold', scheduleId: LONE_SCHEDULE, userId, reservationId });
  const isDrained = seal(lone);
  t.equal(await isDrained(), false);
  const { epoch } = lone.takeSettlements();
  lone.actor.concludeSettlements({ type: 'not-committed', epoch: epoch + 1 });
  t.equal(await isDrained(), true);
  lone.actor.lose();
  t.same(new Set(lone.lost), new Set([paying.pending, releasing.pending]), 'both are decided by the heir');
});

t.test('a schedule that is lost while it is sealed keeps nobody waiting', async (t) => {
  const lone = createLoneActor();
  hold(lone, 1);
  lone.takeAppend();
  const isDrained = seal(lone);
  lone.actor.concludeAppend({ type: 'fenced' });
  t.equal(await isDrained(), true);
  t.equal(lone.actor.state, 'lost');
});
