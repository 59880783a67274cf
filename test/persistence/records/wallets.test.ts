import type { Pool } from 'pg';
import t from 'tap';
import { v7 as uuid } from 'uuid';
import { createIdempotencyRecords } from '../../../src/persistence/records/idempotency.ts';
import { createPool } from '../../../src/persistence/pool.ts';
import { createWallets } from '../../../src/persistence/records/wallets.ts';
import { BALANCE_LIMIT_WON, type ChargeReply } from '../../../src/domain/wallet.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { insertUser } from '../small-history.ts';

const FIRST_PAGE = { limit: 100, after: null };
const claimOf = (key: string) => ({ key, fingerprint: 'f'.repeat(64) });

/** The wallets whose ledger does not add up to them, line by line. */
async function driftedWallets(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    SELECT w.user_id FROM wallets w LEFT JOIN LATERAL (
      SELECT count(*) AS n, sum(amount) AS total, bool_and(balance_after = running) AS right, max(entry_no) AS last FROM (
        SELECT *, sum(amount) OVER (ORDER BY entry_no) AS running FROM wallet_entries e WHERE e.user_id = w.user_id) x
    ) e ON true
    WHERE w.balance <> COALESCE(e.total, 0) OR w.entries <> e.n OR COALESCE(e.last, 0) <> e.n OR e.right IS FALSE`);
  return rows;
}

/** Holds the row of a wallet until the returned function is called. */
async function lockWallet(pool: Pool, userId: string): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM wallets WHERE user_id = $1 FOR UPDATE', [userId]);
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

async function lockTable(pool: Pool, table: string): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query(`BEGIN; LOCK TABLE ${table}`);
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

async function isAnyoneWaitingForALock(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query(
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
  );
  return rows.length > 0;
}

t.test('a charge raises the balance, and its entry is the last line of the history', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userId = await insertUser(pool);
  await wallets.charge(userId, 50_000, null);
  const reply = await wallets.charge(userId, 100_000, null);
  t.match(reply, { ok: true, value: { entryId: 2, previousBalance: 50_000, currentBalance: 150_000 } });
  const createdAt = reply.ok === true ? reply.value.createdAt : '';
  t.same(await wallets.balance(userId), { userId, balance: 150_000, updatedAt: createdAt });
  const { items } = await wallets.history(userId, FIRST_PAGE);
  t.same(items[0], {
    entryId: 2,
    type: 'CHARGE',
    amount: 100_000,
    balanceAfter: 150_000,
    paymentId: null,
    description: 'Charge',
    createdAt,
  });
  t.equal(items.length, 2);
});

t.test('a wallet of nobody can be neither charged nor read', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const somebody = await insertUser(pool);
  const [unknown, known] = await Promise.all([wallets.charge(uuid(), 1, null), wallets.charge(somebody, 1, null)]);
  t.match(unknown, { ok: false, rejection: { code: 'USER_NOT_FOUND' } });
  t.match(known, { ok: true });
  t.equal(await wallets.balance(uuid()), null);
});

t.test('a charge past the limit of a wallet is refused and leaves no trace, and up to it is granted', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userId = await insertUser(pool, BALANCE_LIMIT_WON - 10);
  t.match(await wallets.charge(userId, 11, claimOf('k')), { ok: false, rejection: { code: 'BALANCE_LIMIT' } });
  t.match(await wallets.charge(userId, 10, claimOf('k')), {
    ok: true,
    value: { currentBalance: BALANCE_LIMIT_WON, entryId: 1 },
  });
});

t.test('charges of one moment share statements', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userIds = await Promise.all(Array.from({ length: 40 }, () => insertUser(pool)));
  const release = await lockTable(pool, 'wallets');
  const first = wallets.charge(userIds[0] ?? '', 1, null);
  await waitFor(() => isAnyoneWaitingForALock(pool), { what: 'the first charge to wait for the table' });
  const others = userIds.slice(1).map((userId) => wallets.charge(userId, 1, null));
  await release();
  await first;
  await Promise.all(others);
  const { rows } = await pool.query(
    'SELECT count(DISTINCT created_at) AS statements, count(*) AS entries FROM wallet_entries',
  );
  t.same(rows, [{ statements: 2, entries: 40 }]);
});

t.test('charges of one wallet are numbered in the order in which they came, without a gap', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userId = await insertUser(pool);
  const other = await insertUser(pool);
  const amounts = Array.from({ length: 60 }, (_, i) => i + 1);
  const replies = await Promise.all(
    amounts.flatMap((amount) => [wallets.charge(userId, amount, null), wallets.charge(other, amount, null)]),
  );
  const entries = replies
    .filter((_, i) => i % 2 === 0)
    .map((reply) => (reply.ok === true ? reply.value.entryId : reply));
  t.same(entries, amounts);
  t.same(await driftedWallets(pool), []);
});

t.test('fifty charges under one key at once have one effect', async (t) => {
  const { pool } = await createTestDatabase(t);
  const userId = await insertUser(pool);
  const [one, two] = [createWallets({ pool }), createWallets({ pool })];
  const attempts = Array.from({ length: 50 }, (_, i) =>
    (i % 2 === 0 ? one : two).charge(userId, 1_000, claimOf('one')),
  );
  const replies = await Promise.all(attempts);
  const granted = replies.filter((reply) => reply.ok === true);
  t.equal(granted.length, 1);
  t.equal(replies.filter((reply) => reply.ok === 'key-taken').length, 49);
  t.equal((await createWallets({ pool }).balance(userId))?.balance, 1_000);
  const answer = await createIdempotencyRecords({ pool }).find(userId, 'one');
  const value = granted[0]?.ok === true ? granted[0].value : null;
  t.same(answer, { fingerprint: 'f'.repeat(64), grant: { type: 'BalanceCharged', value } });
});

t.test('a key that is taken takes only its own charge out of a shared statement', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userIds = await Promise.all(Array.from({ length: 30 }, () => insertUser(pool)));
  const taken = userIds[7] ?? '';
  await createWallets({ pool }).charge(taken, 5, claimOf('k'));
  const replies = await Promise.all(userIds.map((userId) => wallets.charge(userId, 10, claimOf('k'))));
  t.same(
    replies.flatMap((reply, i) => (reply.ok === 'key-taken' ? [userIds[i]] : [])),
    [taken],
  );
  t.equal(replies.filter((reply) => reply.ok === true).length, 29);
  t.equal((await wallets.balance(taken))?.balance, 5);
  t.same(await driftedWallets(pool), []);
});

t.test('one key of two users is two keys', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const [one, two] = [await insertUser(pool), await insertUser(pool)];
  const replies = await Promise.all([wallets.charge(one, 1, claimOf('k')), wallets.charge(two, 1, claimOf('k'))]);
  t.same(
    replies.map((reply) => reply.ok),
    [true, true],
  );
});

t.test('a key recorded more than 24 hours ago is free again, pruned or not', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userId = await insertUser(pool);
  await wallets.charge(userId, 1, claimOf('k'));
  await pool.query("UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'");
  t.match(await wallets.charge(userId, 2, claimOf('k')), { ok: true, value: { currentBalance: 3 } });
  t.match(await createIdempotencyRecords({ pool }).find(userId, 'k'), { grant: { value: { currentBalance: 3 } } });
});

t.test('nodes that charge the same wallets in crossing order neither deadlock nor lose a won', async (t) => {
  const { pool, url } = await createTestDatabase(t);
  const userIds = await Promise.all(Array.from({ length: 20 }, () => insertUser(pool)));
  const replies: Promise<ChargeReply>[] = [];
  for (let node = 0; node < 4; node += 1) {
    const own = createPool({ databaseUrl: url, max: 2, log: silentLog });
    t.teardown(() => own.end());
    const wallets = createWallets({ pool: own });
    const order = node % 2 === 0 ? userIds : userIds.toReversed();
    for (let round = 0; round < 10; round += 1) {
      for (const userId of order) replies.push(wallets.charge(userId, 1, null));
    }
  }
  t.ok((await Promise.all(replies)).every((reply) => reply.ok === true));
  const { rows } = await pool.query('SELECT DISTINCT balance FROM wallets');
  t.same(rows, [{ balance: 40 }]);
  t.same(await driftedWallets(pool), []);
  const deadlocks = await pool.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  t.same(deadlocks.rows, [{ deadlocks: 0 }]);
});

t.test('a locked wallet holds up its own charges only, which are done in order once it is free', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const [locked, ...others] = await Promise.all(Array.from({ length: 12 }, () => insertUser(pool)));
  const release = await lockWallet(pool, locked ?? '');
  const waiting = [1, 2].map((amount) => wallets.charge(locked ?? '', amount, null));
  const replies = await Promise.all(others.map((userId) => wallets.charge(userId, 1, null)));
  t.ok(replies.every((reply) => reply.ok === true));
  t.same((await wallets.balance(locked ?? ''))?.balance, 0, 'the lock is still held');
  await release();
  t.match(await Promise.all(waiting), [
    { ok: true, value: { entryId: 1, currentBalance: 1 } },
    { ok: true, value: { entryId: 2, currentBalance: 3 } },
  ]);
  t.same(await driftedWallets(pool), []);
});

t.test('a wallet that stays locked refuses its charges with nothing done', async (t) => {
  const { pool } = await createTestDatabase(t);
  const clock = createManualClock();
  const wallets = createWallets({ pool, clock });
  const userId = await insertUser(pool);
  const release = await lockWallet(pool, userId);
  const replies = Promise.allSettled([wallets.charge(userId, 1, null), wallets.charge(userId, 2, null)]);
  let isOver = false;
  void replies.then(() => (isOver = true));
  await waitFor(
    () => {
      clock.advance(100);
      return isOver;
    },
    { what: 'the charges to be refused' },
  );
  const fault = { status: 'rejected', reason: { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' } };
  t.match(await replies, [fault, fault]);
  await release();
  t.match(await wallets.charge(userId, 3, null), { ok: true, value: { entryId: 1 } });
});

t.test('a key that another transaction is about to record holds up its own charge only', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userIds = await Promise.all(Array.from({ length: 30 }, () => insertUser(pool)));
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query(
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body) VALUES ($1, 'k', $2, 200, '{}')",
    [userIds[7], 'f'.repeat(64)],
  );
  const replies = await Promise.all(userIds.map((userId) => wallets.charge(userId, 10, claimOf('k'))));
  await other.query('ROLLBACK');
  other.release();
  t.same(
    replies.flatMap((reply, index) => (reply.ok === 'key-taken' ? [index] : [])),
    [7],
  );
  t.equal(replies.filter((reply) => reply.ok === true).length, 29);
  t.same(await driftedWallets(pool), []);
});

t.test('behind a locked table all charges are refused with nothing done, those that arrived later too', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const [one, two] = [await insertUser(pool), await insertUser(pool)];
  const release = await lockTable(pool, 'wallets');
  const first = wallets.charge(one, 1, claimOf('k'));
  const fault = { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' };
  const refused = t.rejects(first, fault);
  await waitFor(() => isAnyoneWaitingForALock(pool), { what: 'the first charge to wait for the table' });
  const late = wallets.charge(two, 1, null);
  await Promise.all([refused, t.rejects(late, fault)]);
  await release();
  t.match(await wallets.charge(one, 1, claimOf('k')), { ok: true, value: { entryId: 1 } });
});

t.test('a charge waits through a lock that others hold longer than the lock timeout', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userId = await insertUser(pool);
  const release = await lockWallet(pool, userId);
  const charge = wallets.charge(userId, 1, null);
  setTimeout(() => void release(), 1_300);
  t.match(await charge, { ok: true });
});

t.test(
  'a charge whose connection is cut before the answer may have been done, and the next one is served',
  async (t) => {
    const { pool } = await createTestDatabase(t);
    const wallets = createWallets({ pool });
    const userId = await insertUser(pool);
    const release = await lockTable(pool, 'wallets');
    const charge = wallets.charge(userId, 1, claimOf('k'));
    const fault = t.rejects(charge, { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'unknown' });
    await waitFor(() => isAnyoneWaitingForALock(pool), { what: 'the charge to wait for its wallet' });
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    await fault;
    await release();
    t.match(await wallets.charge(userId, 1, claimOf('k')), { ok: true, value: { entryId: 1 } });
  },
);

t.test('a charge that never reached the database was not done', async (t) => {
  const pool = createPool({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', max: 1, log: silentLog });
  t.teardown(() => pool.end());
  const wallets = createWallets({ pool });
  await t.rejects(wallets.charge(uuid(), 1, null), { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' });
});

t.test('more charges than can wait are refused at once, with nothing done', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const replies = await Promise.allSettled(Array.from({ length: 10_001 }, () => wallets.charge(uuid(), 1, null)));
  const refused = replies.filter((reply) => reply.status === 'rejected');
  t.equal(refused.length, 1);
  t.match(refused[0], { reason: { code: 'OVERLOADED', effect: 'none' } });
});

t.test('pages of a history go on where the last one ended, also when entries come in between', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  const userId = await insertUser(pool);
  for (let i = 1; i <= 5; i += 1) await wallets.charge(userId, i, null);
  const first = await wallets.history(userId, { limit: 2, after: null });
  await wallets.charge(userId, 100, null);
  const second = await wallets.history(userId, { limit: 2, after: first.nextCursor });
  const third = await wallets.history(userId, { limit: 2, after: second.nextCursor });
  t.same(
    [first, second, third].map((page) => page.items.map((entry) => entry.entryId)),
    [[5, 4], [3, 2], [1]],
  );
  t.equal(third.nextCursor, null);
});

t.test('a charge that a trigger or a check refuses says so, and the others of its statement are done', async (t) => {
  const { pool } = await createTestDatabase(t);
  const wallets = createWallets({ pool });
  await pool.query(`
    CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.balance = 1 THEN RAISE EXCEPTION 'on purpose'; END IF;
      IF NEW.balance = 2 THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = 'XX000'; END IF;
      IF NEW.balance = 3 THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '22021'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_some BEFORE UPDATE ON wallets FOR EACH ROW EXECUTE FUNCTION refuse_some();
    ALTER TABLE wallets ADD CHECK (balance < 1000)`);
  const amounts = [1, 2, 3, 2_000, 10, 11, 12, 13];
  const users = await Promise.all(amounts.map(() => insertUser(pool)));
  const replies = await Promise.allSettled(
    amounts.map((amount, index) => wallets.charge(users[index] ?? '', amount, null)),
  );
  const fault = { status: 'rejected', reason: { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' } };
  const done = { status: 'fulfilled', value: { ok: true } };
  t.match(replies, [
    fault,
    fault,
    { status: 'rejected', reason: { name: 'Refusal', rejection: { code: 'VALIDATION_FAILED' } } },
    { status: 'fulfilled', value: { ok: false, rejection: { code: 'BALANCE_LIMIT' } } },
    done,
    done,
    done,
    done,
  ]);
  t.same(await driftedWallets(pool), []);
});
