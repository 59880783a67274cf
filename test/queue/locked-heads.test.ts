import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import t from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import type { QueueRecords } from '../../src/domain/queue-token.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { createRoomHarness, openPolicy, type RoomHarness } from './room-harness.ts';
import { memoryRooms } from './rooms.ts';

const FANS = 12;

/** Lets the time of the room's rests go on until the attempt succeeds. */
function inTime(harness: RoomHarness, attempt: () => Promise<unknown>): Promise<unknown> {
  return waitFor(
    async () => {
      harness.advance(50);
      const outcome = await attempt();
      return outcome instanceof Error ? null : outcome;
    },
    { what: 'an answer' },
  );
}

/** Locks rows in a transaction that stays open until the returned function is called. */
async function lock(pool: Pool, text: string, values: unknown[]): Promise<() => Promise<void>> {
  const locker = await pool.connect();
  await locker.query('BEGIN');
  await locker.query(text, values);
  return async () => {
    await locker.query('ROLLBACK');
    locker.release();
  };
}

const lockHead = (pool: Pool, concertId: number) =>
  lock(pool, 'SELECT FROM queue_heads WHERE concert_id = $1 FOR UPDATE', [concertId]);

const lockToken = (pool: Pool, userId: string | undefined) =>
  lock(pool, 'SELECT FROM queue_tokens WHERE user_id = $1 FOR UPDATE', [userId]);

t.test('a locked head keeps the fans of its own concert out, and nobody else', async (t) => {
  const harness = await createRoomHarness(t, memoryRooms());
  const [locked, other] = [await harness.newConcert(), await harness.newConcert()];
  const [waiting] = await harness.enterMany(locked, 1);
  await harness.enterMany(other, 1);
  const unlock = await lockHead(harness.pool, locked);
  const enter = (concertId: number) => harness.room().enter(randomUUID(), concertId);

  for (let round = 1; round <= 3; round += 1) {
    // In turns, so that both concerts are in each half of the statement.
    const entries = Array.from({ length: FANS }, (_, index) => enter(index % 2 === 0 ? locked : other));
    const answers = await Promise.allSettled(entries);
    for (const [index, answer] of answers.entries()) {
      if (index % 2 === 0) t.match(answer, { reason: { code: 'QUEUE_UNAVAILABLE', effect: 'none' } }, `round ${round}`);
      else t.match(answer, { status: 'fulfilled', value: { created: true } }, `round ${round}`);
    }
  }
  t.match(await harness.room().counts(other), { active: 10, waiting: 9 }, 'the other line admits as many as it may');
  t.match(await harness.room().leave(waiting?.token ?? ''), { left: true }, 'its fans may leave');

  await unlock();
  const entered = await waitFor(() => enter(locked).catch(() => null), { what: 'the head to be found free' });
  t.match(entered, { created: true, token: { status: 'ACTIVE' } });
  const statuses = (await harness.rows(locked)).map(({ status }) => status);
  t.same(statuses, ['CANCELLED', 'ACTIVE'], 'nothing is left of those who were refused');
});

t.test('fans who wait are admitted once the head is free', async (t) => {
  const harness = await createRoomHarness(t, memoryRooms());
  const [locked, other] = [await harness.newConcert({ batch: 1 }), await harness.newConcert()];
  const [, second] = await harness.enterMany(locked, 2);
  t.equal((await harness.status(second)).status, 'WAITING');
  const unlock = await lockHead(harness.pool, locked);
  harness.advance(10_000);
  t.match(await harness.enter(other), { status: 'ACTIVE' });
  t.equal((await harness.status(second)).status, 'WAITING');
  await unlock();
  await waitFor(
    async () => {
      await harness.pass(20);
      return (await harness.status(second)).status === 'ACTIVE';
    },
    { what: 'the admission' },
  );
});

t.test('after a lost answer a locked head keeps up only its own line', async (t) => {
  let isNextLost = false;
  const loseAnswer = (real: QueueRecords): QueueRecords => ({
    ...real,
    async enter(entries) {
      const outcomes = await real.enter(entries);
      if (!isNextLost) return outcomes;
      isNextLost = false;
      throw new Fault('STORE_UNAVAILABLE', 'unknown');
    },
  });
  const harness = await createRoomHarness(t, memoryRooms(loseAnswer));
  const [locked, other] = [await harness.newConcert(openPolicy), await harness.newConcert(openPolicy)];
  const [inside] = await harness.enterMany(locked, 1);
  await harness.enterMany(other, 1);
  const users = [locked, other].map((concertId) => ({ concertId, userId: randomUUID() }));
  isNextLost = true;
  const lost = await Promise.allSettled(users.map(({ userId, concertId }) => harness.room().enter(userId, concertId)));
  t.match(lost, Array(2).fill({ reason: { code: 'STORE_UNAVAILABLE', effect: 'unknown' } }));
  // The room rests until the time goes on.
  const unlock = await lockHead(harness.pool, locked);

  const enter = (nth: number) => {
    const { userId, concertId } = users[nth] ?? { userId: '', concertId: 0 };
    return harness
      .room()
      .enter(userId, concertId)
      .catch((error: unknown) => error);
  };
  t.match(await inTime(harness, () => enter(1)), { created: false, token: { status: 'ACTIVE' } });
  t.match(await harness.enter(other), { status: 'ACTIVE' });
  t.match(await enter(0), { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
  t.match(await harness.room().leave(inside?.token ?? ''), { left: true });
  await unlock();
  t.match(await inTime(harness, () => enter(0)), { created: false, token: { status: 'ACTIVE' } });
  t.match(
    (await harness.rows(locked)).map(({ status }) => status),
    ['CANCELLED', 'ACTIVE'],
  );
});

t.test('a head that is locked when the room starts keeps up only its own line', async (t) => {
  const harness = await createRoomHarness(t, memoryRooms());
  const [locked, other] = [await harness.newConcert(), await harness.newConcert()];
  const [waiting] = await harness.enterMany(locked, 1);
  await harness.enterMany(other, 1);
  let unlock = async (): Promise<void> => undefined;
  await harness.restartAfter(async () => {
    unlock = await lockHead(harness.pool, locked);
  });
  t.match(await harness.enter(other), { status: 'ACTIVE' });
  t.match(
    await harness
      .room()
      .enter(randomUUID(), locked)
      .catch((error: unknown) => error),
    {
      code: 'STORE_UNAVAILABLE',
      effect: 'none',
    },
  );
  await unlock();
  t.match(await harness.enter(locked), { status: 'ACTIVE' });
  t.equal((await harness.status(waiting)).status, 'ACTIVE');
});

t.test('a locked token keeps up neither the ends nor the admissions of others', async (t) => {
  const harness = await createRoomHarness(t, memoryRooms());
  const concertId = await harness.newConcert({ ...openPolicy, maxActive: 2 });
  const [inside, leaving, first, second] = await harness.enterMany(concertId, 4);
  const unlocks = [await lockToken(harness.pool, inside?.userId), await lockToken(harness.pool, first?.userId)];
  let refused: unknown = null;
  harness
    .room()
    .leave(inside?.token ?? '')
    .catch((error: unknown) => (refused = error));
  t.match(await harness.room().leave(leaving?.token ?? ''), { left: true });
  t.equal(refused, null);
  t.match(await waitFor(() => refused, { what: 'the refusal' }), { code: 'STORE_UNAVAILABLE', effect: 'none' });
  harness.changePolicy(concertId, { maxActive: 3 });
  await waitFor(async () => (await harness.status(second)).status === 'ACTIVE', {
    what: 'the admission of another one',
  });
  t.equal((await harness.status(first)).status, 'WAITING');
  for (const unlock of unlocks) await unlock();
  t.match(await harness.room().leave(inside?.token ?? ''), { left: true });
  await waitFor(async () => (await harness.status(first)).status === 'ACTIVE', { what: 'the admission' });
});
