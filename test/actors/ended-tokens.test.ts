import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createEndedTokens, HOLD_AGE_LIMIT_MS } from '../../src/actors/ended-tokens.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import {
  endCommand,
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  startOwnerNode,
  valueOf,
} from '../fixtures/owner-node.ts';

const PERIOD_MS = 45_000;

for (const end of ['CANCELLED', 'COMPLETED'] as const) {
  t.test(`an owner grants no hold under a token that it knows as ${end}`, (t) => {
    const lone = createLoneActor();
    const fan = randomUUID();
    lone.ask(endCommand(LONE_SCHEDULE, fan, end));
    const refused = lone.ask(holdCommand(LONE_SCHEDULE, fan, 1));
    t.match(refused.reply(), { outcome: 'refused', rejection: { code: `QUEUE_TOKEN_${end}` } });
    t.equal(lone.actor.takeAppend(randomUUID()), null, 'nothing is written');
    const next = lone.ask({ ...holdCommand(LONE_SCHEDULE, fan, 1), tokenId: randomUUID() });
    lone.commitAppend();
    t.match(next.reply(), { outcome: 'granted' }, "the user's next token may hold");
    t.end();
  });
}

t.test('a hold whose flush is under way is cancelled by the end of its token', (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = lone.ask(holdCommand(LONE_SCHEDULE, fan, 1));
  const { epoch } = lone.takeAppend();
  const ended = lone.ask(endCommand(LONE_SCHEDULE, fan));
  t.equal(ended.reply(), null, 'the cancellation is not durable yet');
  lone.actor.concludeAppend({ type: 'committed', epoch, isOwner: true });
  t.match(held.reply(), { outcome: 'granted' });
  lone.commitAppend();
  t.match(ended.reply(), { outcome: 'granted', value: { cancelled: 1 } });
  t.same(lone.actor.count(), { held: 0, confirmed: 0 });
  t.end();
});

t.test('a hold that is decided again after a failed flush meets the end of its token', (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = lone.ask(holdCommand(LONE_SCHEDULE, fan, 1));
  const { epoch } = lone.takeAppend();
  lone.ask(endCommand(LONE_SCHEDULE, fan));
  lone.actor.concludeAppend({ type: 'not-committed', epoch: epoch + 1 });
  t.match(held.reply(), { outcome: 'refused', rejection: { code: 'QUEUE_TOKEN_CANCELLED' } });
  t.end();
});

t.test('holds of a later token stay', (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  lone.ask(holdCommand(LONE_SCHEDULE, fan, 1));
  lone.now += 10;
  lone.ask(holdCommand(LONE_SCHEDULE, fan, 2));
  lone.commitAppend();
  const ended = lone.ask({ ...endCommand(LONE_SCHEDULE, fan), heldBeforeMs: lone.now });
  lone.commitAppend();
  t.match(ended.reply(), { outcome: 'granted', value: { cancelled: 1 } });
  t.match(lone.actor.count(), { held: 1 });
  t.end();
});

t.test('an owner refuses a hold that was admitted so long ago that it may have forgotten the end', (t) => {
  const lone = createLoneActor();
  const hold = { ...holdCommand(LONE_SCHEDULE, randomUUID(), 1), admittedAtMs: lone.now };
  lone.now += HOLD_AGE_LIMIT_MS + 1;
  t.match(lone.ask(hold).reply(), { outcome: 'failed', code: 'OVERLOADED', effect: 'none' });
  lone.now -= 1;
  const held = lone.ask(hold);
  lone.commitAppend();
  t.match(held.reply(), { outcome: 'granted' });
  t.end();
});

t.test('an end that an owner has no room for is not acknowledged', (t) => {
  const lone = createLoneActor({ endedTokens: { note: () => false, adopt: () => undefined, endOf: () => null } });
  t.match(lone.ask(endCommand(LONE_SCHEDULE, randomUUID())).reply(), { outcome: 'failed', code: 'OVERLOADED' });
  t.end();
});

t.test('ends are kept for longer than a hold may be under way, and are bounded', (t) => {
  const clock = createManualClock();
  const tokens = createEndedTokens({ clock });
  t.equal(tokens.endOf('a'), null);
  tokens.note({ tokenId: 'a', end: 'CANCELLED' });
  clock.advance(PERIOD_MS - 1);
  tokens.note({ tokenId: 'b', end: 'COMPLETED' });
  clock.advance(PERIOD_MS - 1);
  tokens.note({ tokenId: 'c', end: 'CANCELLED' });
  t.same(
    ['a', 'b', 'c'].map((id) => tokens.endOf(id)),
    ['CANCELLED', 'COMPLETED', 'CANCELLED'],
  );
  clock.advance(PERIOD_MS);
  tokens.note({ tokenId: 'd', end: 'CANCELLED' });
  t.same(
    ['a', 'b', 'c', 'd'].map((id) => tokens.endOf(id)),
    [null, null, 'CANCELLED', 'CANCELLED'],
  );
  clock.advance(2 * PERIOD_MS);
  tokens.adopt([{ tokenId: 'e', end: 'COMPLETED' }]);
  t.same(
    ['c', 'd', 'e'].map((id) => tokens.endOf(id)),
    [null, null, 'COMPLETED'],
  );

  let accepted = 0;
  while (tokens.note({ tokenId: String(accepted), end: 'CANCELLED' })) accepted += 1;
  t.equal(accepted, 99_999);
  t.ok(tokens.note({ tokenId: 'e', end: 'COMPLETED' }), 'a repeated end needs no room');
  clock.advance(PERIOD_MS);
  t.ok(tokens.note({ tokenId: 'f', end: 'CANCELLED' }), 'there is room again');
  t.end();
});

t.test('an owner that takes a schedule over learns of the ends before', async (t) => {
  const database = await createTestDatabase(t);
  const { scheduleId } = await insertSchedule(database);
  const [left, paid, expired, longAgo] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const insert = (no: number, userId: string, status: string, ago: string) =>
    database.pool.query(
      `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, ended_at)
       SELECT $1, concert_id, $1, $2, 0, $3, now() - interval '1 hour', now() - $4::interval
       FROM schedules WHERE schedule_id = $5`,
      [userId, no, status, ago, scheduleId],
    );
  await insert(1, left, 'CANCELLED', '1 second');
  await insert(2, paid, 'COMPLETED', '10 seconds');
  await insert(3, expired, 'EXPIRED', '1 second');
  await insert(4, longAgo, 'CANCELLED', '10 minutes');
  const node = await startOwnerNode(t, database);
  const codeOf = async (userId: string, seat: number) => {
    const reply = await node.dispatch(holdCommand(scheduleId, userId, seat));
    return reply.outcome === 'refused' ? reply.rejection.code : reply.outcome;
  };
  t.equal(await codeOf(left, 1), 'QUEUE_TOKEN_CANCELLED');
  t.equal(await codeOf(paid, 2), 'QUEUE_TOKEN_COMPLETED');
  t.equal(await codeOf(expired, 3), 'granted', 'the waiting room refuses under a token whose time is over');
  t.equal(await codeOf(longAgo, 4), 'granted', 'no hold under it can be under way');
});

t.test('a payment that completes a token names it and the dates ahead, one that leaves a hold does not', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId, concertId } = await insertSchedule(database);
  const userId = await insertUserWithBalance(database, 1_000_000);
  await database.pool.query(
    `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, activated_at)
     VALUES ($1, $2, $1, 1, 0, 'ACTIVE', now(), now())`,
    [userId, concertId],
  );
  await database.pool.query(
    `INSERT INTO schedules (concert_id, starts_at, total_seats) VALUES ($1, now() - interval '1 day', 1)`,
    [concertId],
  );
  const held = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1, 2)));
  const [first, second] = held.value.map(({ reservationId }) => reservationId);
  const pay = async (reservationId = '') =>
    valueOf(
      await node.dispatch({
        type: 'PayReservations',
        scheduleId,
        userId,
        paymentId: randomUUID(),
        reservationIds: [reservationId],
        claim: null,
      }),
    );
  t.match(await pay(first), { completedToken: null });
  t.match(await pay(second), { completedToken: { tokenId: userId, scheduleIds: [scheduleId] } });
});
