import t from 'tap';
import type { Test } from 'tap';
import type { ExportedRow } from '../../../src/domain/exports.ts';
import { createExports } from '../../../src/persistence/reports/exports.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const ROWS = 250;

async function startExports(t: Test) {
  const database = await createTestDatabase(t);
  const clock = createManualClock();
  const exports = createExports({ databaseUrl: database.url, clock, log: silentLog });
  t.teardown(() => exports.close());
  await database.pool.query(
    `INSERT INTO payments (payment_id, user_id, concert_id, schedule_id, amount, status, paid_at)
     SELECT gen_random_uuid(), gen_random_uuid(), 1 + n % 5, 1, n, 'COMPLETED', now() FROM generate_series(1, ${ROWS}) n`,
  );
  return { ...database, exports, clock };
}

async function openSnapshots({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`,
  );
  return rows[0]?.count ?? 0;
}

function untilNoSnapshot(database: TestDatabase): Promise<true> {
  return waitFor(async () => (await openSnapshots(database)) === 0 || null, { what: 'the end of all snapshots' });
}

t.test('an export has every row of one snapshot once, page by page, whatever is written meanwhile', async (t) => {
  const { exports, pool, ...database } = await startExports(t);
  const source = await exports.open('payments', null);
  if (source === null) throw new Error('no export');
  const pages: (readonly ExportedRow[])[] = [await source.next()];
  await pool.query('DELETE FROM payments WHERE amount % 2 = 0');
  await pool.query('UPDATE payments SET payment_id = gen_random_uuid()');
  for (let page = await source.next(); page.length > 0; page = await source.next()) pages.push(page);
  t.same(
    pages.map(({ length }) => length),
    [100, 100, 50],
  );
  const amounts = pages.flat().map(({ amount }) => Number(amount));
  t.same(
    amounts.toSorted((a, b) => a - b),
    Array.from({ length: ROWS }, (_, index) => index + 1),
  );
  t.equal(await openSnapshots({ pool, ...database }), 1);
  source.close();
  await untilNoSnapshot({ pool, ...database });
});

t.test('an export of some concerts has their rows only', async (t) => {
  const { exports } = await startExports(t);
  const source = await exports.open('payments', [2, 3]);
  const rows = await source?.next();
  t.same(
    [...new Set(rows?.map(({ concertId }) => Number(concertId)))].toSorted((a, b) => a - b),
    [2, 3],
  );
  t.equal(rows?.length, 100);
  for (const table of ['reservations', 'ledger', 'queue'] as const) {
    source?.close();
    const other = await exports.open(table, [2]);
    t.same(await other?.next(), [], table);
    t.ok(other?.columns.includes('userId'), table);
    other?.close();
  }
});

t.test('two exports run at a time; one that has ended makes room', async (t) => {
  const { exports } = await startExports(t);
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => exports.open('payments', null)));
  t.ok(one !== null && two !== null);
  t.equal(three, null);
  one?.close();
  t.not(await exports.open('payments', null), null);
});

t.test('a snapshot ends when its export takes too long, and the export with an error', async (t) => {
  const { exports, clock, ...database } = await startExports(t);
  const source = await exports.open('payments', null);
  await source?.next();
  clock.advance(899_999);
  t.equal(await openSnapshots(database), 1);
  clock.advance(1);
  await untilNoSnapshot(database);
  await t.rejects(async () => void (await source?.next()), { code: 'STORE_UNAVAILABLE', effect: 'none' });
});

t.test('an export that waits for a lock ends at once when it is closed', async (t) => {
  const { exports, ...database } = await startExports(t);
  const source = await exports.open('payments', null);
  const locker = await database.pool.connect();
  await locker.query('BEGIN; LOCK TABLE payments');
  const failing = t.rejects(async () => void (await source?.next()), { code: 'STORE_UNAVAILABLE' });
  source?.close();
  await failing;
  await locker.query('ROLLBACK');
  locker.release();
  await untilNoSnapshot(database);
});
