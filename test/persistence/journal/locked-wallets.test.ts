import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import {
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  startOwnerNode,
  valueOf,
} from '../../fixtures/owner-node.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

async function countLockWaits(database: TestDatabase): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    `SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = 'wallets'::regclass`,
  );
  return rows[0]?.n ?? 0;
}

async function readBeat(database: TestDatabase): Promise<number> {
  const { rows } = await database.pool.query<{ beat: number }>('SELECT beat FROM nodes');
  return rows[0]?.beat ?? 0;
}

t.test('while wallets is locked, payments fill one lane, and holds and beats use the other', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const payments = [];
  for (let count = 0; count < 4; count += 1) {
    const { scheduleId } = await insertSchedule(database);
    const userId = await insertUserWithBalance(database, 10_000);
    const { reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1)));
    const reservationIds = reservations.map(({ reservationId }) => reservationId);
    payments.push({
      type: 'PayReservations',
      scheduleId,
      userId,
      paymentId: randomUUID(),
      reservationIds,
      claim: null,
    } as const);
  }
  const { scheduleId: other } = await insertSchedule(database);
  await node.dispatch(holdCommand(other, randomUUID(), 1));

  const locker = await database.pool.connect();
  await locker.query('BEGIN; LOCK TABLE wallets IN ACCESS EXCLUSIVE MODE');
  const [first, ...later] = payments;
  const replies = first === undefined ? [] : [node.dispatch(first)];
  await waitFor(async () => (await countLockWaits(database)) === 1, { what: 'the first payment to wait for the lock' });
  replies.push(...later.map((payment) => node.dispatch(payment)));

  const beatBefore = await readBeat(database);
  let lockWaits = 0;
  // One beat is that of the lane which waits for the lock.
  await waitFor(
    async () => {
      lockWaits = Math.max(lockWaits, await countLockWaits(database));
      return (await readBeat(database)) >= beatBefore + 2;
    },
    { what: 'two beats' },
  );
  t.equal(lockWaits, 1, 'one lane waits for the lock');
  t.match(await node.dispatch(holdCommand(other, randomUUID(), 2)), { outcome: 'granted' });
  await locker.query('ROLLBACK');
  locker.release();
  for (const reply of await Promise.all(replies)) {
    if (reply.outcome !== 'granted') t.match(reply, { outcome: 'failed', code: 'STORE_UNAVAILABLE' });
  }
  const { rows } = await database.pool.query('SELECT node FROM nodes WHERE dead_at IS NULL');
  t.strictSame(rows, [{ node: node.membership.node }], 'the node was never declared dead');
});
