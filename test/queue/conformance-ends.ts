import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import type { QueueToken } from '../../src/domain/queue-token.ts';
import { IDLE_LOOK_AGAIN_MS } from '../../src/queue/limits.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import {
  ABANDON_MS,
  createRoomHarness,
  IDLE_MS,
  NO_SHOW_MS,
  openPolicy,
  type RoomFactory,
  type RoomHarness,
} from './room-harness.ts';

/** Often enough not to be abandoned. */
const POLL_MS = ABANDON_MS / 2;

/** A reservation of the user in the concert, as the schedules' settlement leaves it. */
async function reserve(
  harness: RoomHarness,
  holder: { userId: string; concertId: number },
  {
    seat,
    status,
    confirmedAtMs = null,
    endedAtMs = null,
  }: { seat: number; status: string; confirmedAtMs?: number | null; endedAtMs?: number | null },
): Promise<string> {
  const reservationId = randomUUID();
  await harness.pool.query(
    `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at,
       expires_at, confirmed_at, ended_at, epoch, seq)
     VALUES ($1, $2, $2, $3, $4, 1000, $5, clock_timestamp(), clock_timestamp(), to_timestamp($6::float8 / 1000),
       to_timestamp($7::float8 / 1000), 1, 1)`,
    [reservationId, holder.concertId, holder.userId, seat, status, confirmedAtMs, endedAtMs],
  );
  return reservationId;
}

/** Lets the time go on, with polls of this token, of which none is missed. */
async function keepWaiting(harness: RoomHarness, token: QueueToken | undefined, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= POLL_MS) {
    await harness.pass(Math.min(POLL_MS, leftMs));
    await harness.status(token);
  }
}

/** How tokens end, and what they are worth afterwards. */
export async function testEnds(t: Test, factory: RoomFactory): Promise<void> {
  t.test('leaving ends a token, once, and frees its slot at once', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
    const [inside, waiting] = await harness.enterMany(concertId, 2);
    const { token, userId } = inside ?? { token: '', userId: '' };
    const left = await harness.room().leave(token);
    t.match(left, { left: true, identity: { token, userId, concertId, status: 'CANCELLED' } });
    t.match(await harness.room().leave(token), { left: false, identity: { status: 'CANCELLED' } }, 'repeated');
    await harness.settle();
    t.equal((await harness.status(waiting)).status, 'ACTIVE');
    const ended = await harness.status(inside);
    t.match(ended, { status: 'CANCELLED', queuePosition: null, estimatedWaitTime: null });
    t.equal(Date.parse(ended.endedAt ?? ''), (await harness.rows(concertId))[0]?.ended);
    t.equal(Date.parse(ended.endedAt ?? ''), left?.identity.endedAtMs);
  });

  t.test('a user who leaves twenty times at once leaves once, and may queue again at the end', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const [first] = await harness.enterMany(concertId, 3);
    const { token, userId } = first ?? { token: '', userId: '' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => harness.room().leave(token)));
    t.equal(answers.filter((answer) => answer?.left).length, 1);
    const again = await harness.room().enter(userId, concertId);
    t.match(again, { created: true, token: { status: 'WAITING', queuePosition: 3 } });
    t.not(again.token.token, token);
  });

  t.test('a token reads EXPIRED from the end of its time on, and its user may queue again', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, activeTtlMs: 5_000 });
    const { token, userId, activeUntil } = await harness.enter(concertId);
    await harness.pass(5_000);
    t.match(await harness.room().identify(token), { status: 'ACTIVE' }, 'the clock may not have got there');
    await harness.pass(3);
    t.match(await harness.room().identify(token), { status: 'EXPIRED', endedAtMs: Date.parse(activeUntil ?? '') });
    t.match(await harness.room().activate(token), { rejection: { code: 'QUEUE_TOKEN_EXPIRED' } });
    t.match(await harness.room().leave(token), { left: false, identity: { status: 'EXPIRED' } });
    t.match(await harness.room().enter(userId, concertId), { created: true, token: { status: 'ACTIVE' } });
    t.same(
      (await harness.rows(concertId)).map((row) => row.status),
      ['EXPIRED', 'ACTIVE'],
    );
  });

  t.test('who waits without a sign of life is abandoned, who polls or is watched is not', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const [polling, silent, watched] = await harness.enterMany(concertId, 3);
    const told: string[] = [];
    harness.room().watch(silent?.token ?? '', (status) => told.push(status))?.();
    const stop = harness.room().watch(watched?.token ?? '', (status) => told.push(status));
    await harness.pass(ABANDON_MS / 2);
    await harness.status(polling);
    await harness.pass(ABANDON_MS / 2 - 1);
    t.match(await harness.room().counts(concertId), { waiting: 3 });
    await harness.pass(1);
    t.match(await harness.room().counts(concertId), { waiting: 2 });
    t.same(await harness.statuses([polling, silent, watched].flatMap((token) => token ?? [])), [
      'WAITING',
      'EXPIRED',
      'WAITING',
    ]);
    t.equal((await harness.status(watched)).queuePosition, 2);
    t.same(told, []);
    stop?.();
    await harness.pass(ABANDON_MS);
    t.match(await harness.room().counts(concertId), { waiting: 0 });
  });

  t.test('who is let in and asks for nothing is a no-show, and the slot goes to the next', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 3 });
    const [asking, silent, activating, next] = await harness.enterMany(concertId, 4);
    await harness.pass(NO_SHOW_MS - 1);
    await harness.room().identify(asking?.token ?? '');
    await harness.room().activate(activating?.token ?? '');
    await harness.pass(1);
    const statuses = await harness.statuses([asking, silent, activating, next].flatMap((token) => token ?? []));
    t.same(statuses, ['ACTIVE', 'EXPIRED', 'ACTIVE', 'ACTIVE']);
    await harness.pass(IDLE_MS - 1);
    t.match(await harness.room().counts(concertId), { active: 3 }, 'one request in the first minute is enough');
  });

  t.test('a shopper who holds nothing and gives no sign of life goes out, and the slot goes to the next', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 4 });
    const [silent, polling, watched, asking, next] = await harness.enterMany(concertId, 5);
    const inside = [silent, polling, watched, asking].flatMap((token) => token ?? []);
    for (const { token } of inside) await harness.room().identify(token);
    harness.room().watch(watched?.token ?? '', () => undefined);
    await keepWaiting(harness, next, IDLE_MS / 2);
    await harness.status(polling);
    await harness.room().identify(asking?.token ?? '');
    await keepWaiting(harness, next, IDLE_MS / 2 - 1);
    t.match(await harness.room().counts(concertId), { active: 4, waiting: 1 });
    await harness.pass(1);
    t.match(await harness.room().counts(concertId), { active: 4, waiting: 0 });
    t.same(await harness.statuses([...inside, next].flatMap((token) => token ?? [])), [
      'EXPIRED',
      'ACTIVE',
      'ACTIVE',
      'ACTIVE',
      'ACTIVE',
    ]);
    t.match(await harness.room().activate(silent?.token ?? ''), { rejection: { code: 'QUEUE_TOKEN_EXPIRED' } });
    t.match(await harness.room().enter(silent?.userId ?? '', concertId), {
      created: true,
      token: { queuePosition: 1 },
    });
  });

  t.test('a shopper who holds a seat stays inside without a sign of life, until the hold ends', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
    const [holding, next] = await harness.enterMany(concertId, 2);
    if (holding === undefined) throw new Error('a user did not enter');
    await harness.room().identify(holding.token);
    const reservationId = await reserve(harness, holding, { seat: 1, status: 'HELD' });
    await keepWaiting(harness, next, 2 * IDLE_MS);
    t.match(await harness.room().counts(concertId), { active: 1, waiting: 1 });
    await harness.pool.query(
      `UPDATE reservations SET status = 'EXPIRED', ended_at = clock_timestamp() WHERE reservation_id = $1`,
      [reservationId],
    );
    await keepWaiting(harness, next, IDLE_LOOK_AGAIN_MS);
    t.same(
      (await harness.rows(concertId)).map((row) => row.status),
      ['EXPIRED', 'ACTIVE'],
    );
  });

  t.test('a shopper who is kept for a hold may leave at any time', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(openPolicy);
    const holding = await harness.enter(concertId);
    await harness.room().identify(holding.token);
    await reserve(harness, holding, { seat: 1, status: 'HELD' });
    harness.advance(IDLE_MS);
    t.match(await harness.room().leave(holding.token), { left: true, identity: { status: 'CANCELLED' } });
  });

  t.test('those who wait expire when booking closes, those inside stay', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 1 }, 30_000);
    const [inside, ...waiting] = await harness.enterMany(concertId, 4);
    await harness.room().status(inside?.token ?? '');
    await harness.pass(29_999);
    t.same(await harness.statuses(waiting), ['WAITING', 'WAITING', 'WAITING']);
    await harness.pass(1);
    t.same(await harness.statuses(waiting), ['EXPIRED', 'EXPIRED', 'EXPIRED']);
    t.equal((await harness.status(inside)).status, 'ACTIVE');
    await harness.room().leave(inside?.token ?? '');
    await harness.settle();
    t.same(
      (await harness.rows(concertId)).map((row) => row.status),
      ['CANCELLED', 'EXPIRED', 'EXPIRED', 'EXPIRED'],
    );
  });

  t.test('a payment that completed the token is taken over at once, with the recorded end', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
    const [payer, next] = await harness.enterMany(concertId, 2);
    const { token, userId } = payer ?? { token: '', userId: '' };
    const tokenId = (await harness.rows(concertId))[0]?.token_id ?? '';
    const told: string[] = [];
    harness.room().watch(token, (status) => told.push(status));
    const endedAtMs = harness.databaseClock.lowerMs() - 7;
    await harness.pool.query(
      `UPDATE queue_tokens SET status = 'COMPLETED', ended_at = to_timestamp($2::float8 / 1000) WHERE user_id = $1`,
      [userId, endedAtMs],
    );
    harness.room().noteCompleted(concertId, { tokenId, endedAtMs });
    t.match(harness.room().identify(token), { status: 'COMPLETED', endedAtMs }, 'in the same turn');
    t.same(told, ['COMPLETED']);
    t.match(await harness.room().counts(concertId), { active: 0 });
    t.match(await harness.room().activate(token), { rejection: { code: 'QUEUE_TOKEN_COMPLETED' } });
    await harness.settle();
    t.equal((await harness.status(next)).status, 'ACTIVE', 'the slot is free');
    t.match(await harness.room().enter(userId, concertId), { created: true, token: { status: 'WAITING' } });
  });

  t.test('an end that nobody announced is found out', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
    const [inside, next] = await harness.enterMany(concertId, 2);
    await harness.pool.query(
      `UPDATE queue_tokens SET status = 'CANCELLED', ended_at = clock_timestamp() WHERE user_id = $1`,
      [inside?.userId],
    );
    await harness.pass(1_000);
    await waitFor(async () => (await harness.status(next)).status === 'ACTIVE', { what: 'the slot to be free' });
    t.equal((await harness.status(inside)).status, 'CANCELLED');
  });

  t.test('the last of several payments at once completes the token within two seconds', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(openPolicy);
    const [done, holding, before] = await harness.enterMany(concertId, 3);
    const holders = [done, holding, before].flatMap((token) => token ?? []);
    const admittedMs = harness.databaseClock.upperMs();
    for (const [nth, holder] of holders.entries()) {
      const confirmedAtMs = holder === before ? admittedMs - 60_000 : admittedMs + 1;
      await reserve(harness, holder, { seat: nth + 1, status: 'CONFIRMED', confirmedAtMs });
    }
    if (holding !== undefined) await reserve(harness, holding, { seat: 9, status: 'HELD' });
    await harness.pass(1_000);
    await waitFor(async () => (await harness.status(done)).status === 'COMPLETED', { what: 'the completion' });
    t.same(
      await harness.statuses(holders),
      ['COMPLETED', 'ACTIVE', 'ACTIVE'],
      'not a user who still holds, nor one who paid before',
    );
  });

  for (const status of ['CANCELLED', 'EXPIRED']) {
    t.test(`a hold that ends as ${status} after a payment completes no token`, async (t) => {
      const harness = await createRoomHarness(t, factory);
      const concertId = await harness.newConcert(openPolicy);
      const [staying, done] = await harness.enterMany(concertId, 2);
      if (staying === undefined || done === undefined) throw new Error('two users did not enter');
      const paidMs = harness.databaseClock.upperMs() + 10;
      // The payment left this hold, so the user may go on shopping.
      await reserve(harness, staying, { seat: 1, status: 'CONFIRMED', confirmedAtMs: paidMs });
      await reserve(harness, staying, { seat: 2, status, endedAtMs: paidMs + 1 });
      // These end at once: the hold first, the payment last, without having seen it.
      await reserve(harness, done, { seat: 3, status: 'CONFIRMED', confirmedAtMs: paidMs });
      await reserve(harness, done, { seat: 4, status, endedAtMs: paidMs - 1 });
      await harness.pass(1_000);
      await waitFor(async () => (await harness.status(done)).status === 'COMPLETED', { what: 'the completion' });
      t.same(await harness.statuses([staying, done]), ['ACTIVE', 'COMPLETED']);
    });
  }

  t.test('whoever watches a token is told of every change', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
    const [inside, waiting] = await harness.enterMany(concertId, 2);
    const told: string[] = [];
    t.type(
      harness.room().watch(waiting?.token ?? '', (status) => told.push(status)),
      'function',
    );
    await harness.room().leave(inside?.token ?? '');
    await harness.settle();
    await harness.room().leave(waiting?.token ?? '');
    t.same(told, ['ACTIVE', 'CANCELLED']);
    t.equal(
      harness.room().watch(waiting?.token ?? '', () => undefined),
      null,
      'nothing is left to watch',
    );
  });
}
