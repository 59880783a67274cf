import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import t from 'tap';
import { waitFor } from '../fixtures/wait-for.ts';
import { createRoomHarness } from './room-harness.ts';
import { memoryRooms } from './rooms.ts';

const FANS = 12;

/** Locks the head of a concert's line until the returned function is called. */
async function lockHead(pool: Pool, concertId: number): Promise<() => Promise<void>> {
  const locker = await pool.connect();
  await locker.query('BEGIN');
  await locker.query('SELECT FROM queue_heads WHERE concert_id = $1 FOR UPDATE', [concertId]);
  return async () => {
    await locker.query('ROLLBACK');
    locker.release();
  };
}

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
