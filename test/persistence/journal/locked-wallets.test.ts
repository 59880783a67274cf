import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import {
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  type OwnerNode,
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
    const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1)));
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

/** A hold of the user in a schedule of its own, and the command to pay it. */
async function holdToPay(node: OwnerNode, database: TestDatabase, scheduleId: number, seatNumber: number) {
  const userId = await insertUserWithBalance(database, 10_000);
  const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, seatNumber)));
  const reservationIds = reservations.map(({ reservationId }) => reservationId);
  return { type: 'PayReservations', scheduleId, userId, paymentId: randomUUID(), reservationIds, claim: null } as const;
}

/** Locks the user's wallet until the returned function is called. */
async function lockWallet(database: TestDatabase, userId: string): Promise<() => Promise<void>> {
  const locker = await database.pool.connect();
  await locker.query('BEGIN');
  await locker.query('SELECT FROM wallets WHERE user_id = $1 FOR UPDATE', [userId]);
  return async () => {
    await locker.query('ROLLBACK');
    locker.release();
  };
}

t.test('a locked wallet keeps its own payment waiting, and no other one of its schedule or of others', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId: first } = await insertSchedule(database);
  const { scheduleId: second } = await insertSchedule(database);
  const locked = await holdToPay(node, database, first, 1);
  const sameSchedule = await holdToPay(node, database, first, 2);
  const otherSchedule = await holdToPay(node, database, second, 1);

  const unlock = await lockWallet(database, locked.userId);
  const answers: string[] = [];
  const pay = async (name: string, payment: typeof locked) => {
    const reply = await node.dispatch(payment);
    answers.push(name);
    return reply;
  };
  const waiting = pay('locked', locked);
  t.match(await Promise.all([pay('same', sameSchedule), pay('other', otherSchedule)]), [
    { outcome: 'granted' },
    { outcome: 'granted' },
  ]);
  t.match(await node.dispatch(holdCommand(first, randomUUID(), 3)), { outcome: 'granted' });
  t.notOk(answers.includes('locked'), 'the payment whose wallet is locked still waits');
  t.match(await waiting, { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' });

  await unlock();
  t.match(
    await node.dispatch({ ...locked, paymentId: randomUUID() }),
    { outcome: 'granted', value: { grant: { value: { remainingBalance: 9_000 } } } },
    'its hold is still there, and can be paid',
  );
});

t.test('a payment whose wallet is unlocked in time is done, and so is a refund', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database);
  const payment = await holdToPay(node, database, scheduleId, 1);
  const other = await holdToPay(node, database, scheduleId, 2);

  const unlockPayment = await lockWallet(database, payment.userId);
  const paid = node.dispatch(payment);
  t.match(await node.dispatch(other), { outcome: 'granted' });
  await unlockPayment();
  t.match(await paid, { outcome: 'granted', value: { grant: { value: { remainingBalance: 9_000 } } } });

  const unlockRefund = await lockWallet(database, payment.userId);
  const refunded = node.dispatch({
    type: 'RefundPayment',
    scheduleId,
    userId: payment.userId,
    paymentId: payment.paymentId,
    isByOrganiser: false,
    act: null,
    claim: null,
  });
  t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 3)), { outcome: 'granted' });
  await unlockRefund();
  t.match(await refunded, { outcome: 'granted', value: { grant: { value: { remainingBalance: 10_000 } } } });
});
