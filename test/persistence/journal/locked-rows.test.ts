import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import {
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  recordTokensOfAll,
  startOwnerNode,
  valueOf,
} from '../../fixtures/owner-node.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const SCHEDULES = 32;
const unavailable = { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' };

/** Runs the locking statement in a transaction that stays open until the returned function is called. */
async function lock(database: TestDatabase, text: string, values: readonly unknown[]): Promise<() => Promise<void>> {
  const locker = await database.pool.connect();
  await locker.query('BEGIN');
  await locker.query(text, [...values]);
  return async () => {
    await locker.query('ROLLBACK');
    locker.release();
  };
}

async function countLockWaits(database: TestDatabase): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.n ?? 0;
}

/** Counts lock waits, one look after the other, until `most` is called. */
function watchLockWaits(database: TestDatabase): { most(): Promise<number> } {
  let isOver = false;
  let most = 0;
  async function watch(): Promise<void> {
    while (!isOver) most = Math.max(most, await countLockWaits(database));
  }
  const watching = watch();
  return {
    async most() {
      isOver = true;
      await watching;
      return most;
    },
  };
}

for (const [what, text] of [
  ['head row', 'SELECT FROM schedule_heads WHERE schedule_id = $1 FOR UPDATE'],
  ['reservation', 'SELECT FROM reservations WHERE schedule_id = $1 FOR UPDATE'],
] as const) {
  t.test(`a locked ${what} stops the commands of its own schedule only`, async (t) => {
    const database = await createTestDatabase(t);
    const flushed: number[] = [];
    const observer = { flushed: (_kind: string, schedules: number) => void flushed.push(schedules) };
    const node = await startOwnerNode(t, database, { observer });
    const releases = [];
    for (let count = 0; count < SCHEDULES; count += 1) {
      const { scheduleId } = await insertSchedule(database);
      const userId = randomUUID();
      const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1)));
      const reservationId = reservations[0]?.reservationId ?? '';
      releases.push({ type: 'ReleaseHold', scheduleId, userId, reservationId } as const);
    }
    const unlock = await lock(database, text, [releases[0]?.scheduleId]);
    flushed.length = 0;
    const [locked, ...others] = await Promise.all(releases.map((release) => node.dispatch(release)));
    t.match(locked, unavailable);
    t.same(
      others.filter(({ outcome }) => outcome !== 'granted'),
      [],
    );
    t.same(flushed, [SCHEDULES - 1], 'the others wait once, for one row');

    const waits = watchLockWaits(database);
    const again = releases.map((release, nth) =>
      nth === 0 ? release : holdCommand(release.scheduleId, randomUUID(), 2),
    );
    t.match(
      (await Promise.all(again.map((command) => node.dispatch(command)))).map(({ outcome }) => outcome),
      ['failed', ...others.map(() => 'granted')],
    );
    t.equal(await waits.most(), 0, 'and not again');

    await unlock();
    t.match(await Promise.all(releases.slice(0, 1).map((release) => node.dispatch(release))), [{ outcome: 'granted' }]);
  });
}

t.test('a locked queue token stops the payment of its own user only', async (t) => {
  const database = await createTestDatabase(t);
  const flushed: number[] = [];
  const observer = {
    flushed: (kind: string, schedules: number) => void (kind === 'settlement' && flushed.push(schedules)),
  };
  const node = await startOwnerNode(t, database, { observer });
  const payments = [];
  for (let count = 0; count < 8; count += 1) {
    const { scheduleId } = await insertSchedule(database);
    const userId = await insertUserWithBalance(database, 10_000);
    const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1)));
    const reservationIds = reservations.map(({ reservationId }) => reservationId);
    const paymentId = randomUUID();
    payments.push({ type: 'PayReservations', scheduleId, userId, paymentId, reservationIds, claim: null } as const);
  }
  await recordTokensOfAll(database);
  const unlock = await lock(database, 'SELECT FROM queue_tokens WHERE user_id = $1 FOR UPDATE', [payments[0]?.userId]);
  const [locked, ...others] = await Promise.all(payments.map((payment) => node.dispatch(payment)));
  t.match(locked, unavailable);
  t.same(
    others.filter(({ outcome }) => outcome !== 'granted'),
    [],
  );
  t.same(flushed, [payments.length - 1]);
  await unlock();
  t.match(await Promise.all(payments.slice(0, 1).map((payment) => node.dispatch(payment))), [{ outcome: 'granted' }]);
});

t.test('a locked row of a node stops neither its writes nor the looks of other nodes', async (t) => {
  const database = await createTestDatabase(t);
  const locked = await startOwnerNode(t, database, { nodeId: 'locked' });
  const other = await startOwnerNode(t, database, { nodeId: 'other' });
  const { scheduleId } = await insertSchedule(database);
  await locked.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  const unlock = await lock(database, 'SELECT FROM nodes WHERE node = $1 FOR UPDATE', [locked.membership.node]);

  let lockWaits = 0;
  await waitFor(
    async () => {
      lockWaits = Math.max(lockWaits, await countLockWaits(database));
      return !locked.membership.isLeaseValid();
    },
    { what: 'the lease to end without beats' },
  );
  t.equal(lockWaits, 0, 'no beat waits on a lane');
  t.match(await locked.dispatch(holdCommand(scheduleId, randomUUID(), 2)), { outcome: 'granted' });

  // Its former self cannot be buried now; that must not keep the node from joining.
  const successor = await startOwnerNode(t, database, { nodeId: 'locked' });
  await waitFor(() => other.membership.owners().includes(successor.membership.node), {
    what: 'the other node to see the successor',
  });
  await waitFor(() => !other.membership.owners().includes(locked.membership.node), {
    what: 'the other node to count on the silent one no longer',
  });
  t.ok(other.membership.isLeaseValid());

  await unlock();
  await waitFor(() => other.membership.owners().length === 3, { what: 'the node to beat again, or to join anew' });
});

t.test('a node whose row is locked stops all the same', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const unlock = await lock(database, 'SELECT FROM nodes WHERE node = $1 FOR UPDATE', [node.membership.node]);
  await t.resolves(node.close());
  await unlock();
});
