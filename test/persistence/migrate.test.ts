import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import t from 'tap';
import { answerTo, type SeatForm } from '../../src/http/answers/grant-answer.ts';
import { createIdempotencyRecords } from '../../src/persistence/records/idempotency.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { UnusableDatabase } from '../../src/persistence/server-requirements.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';

const MIGRATIONS = new URL('../../src/persistence/migrations/', import.meta.url);
const NAME = { seatLabel: 'A열 1번', section: null, row: 'A' };
const COUNT_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";

async function countTables(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(COUNT_TABLES);
  return rows[0]?.count ?? -1;
}

t.test('an empty database gets the whole schema, and a second run finds nothing to do', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  t.equal(await countTables(pool), 0);
  t.ok((await migrate({ databaseUrl: url, log })).includes('0001_initial'));
  const tables = await countTables(pool);
  t.ok(tables >= 17, `${tables} tables`);
  t.same(await migrate({ databaseUrl: url, log }), []);
  t.equal(await countTables(pool), tables);
});

t.test('of four nodes that migrate at once, one does all of it and the others wait for it', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  const ran = await Promise.all(Array.from({ length: 4 }, () => migrate({ databaseUrl: url, log })));
  t.equal(ran.filter((names) => names.length > 0).length, 1);
  const { rows } = await pool.query('SELECT name, count(*) FROM migrations GROUP BY name HAVING count(*) > 1');
  t.same(rows, [], 'no migration ran twice');
});

t.test('a node that hangs while it migrates keeps the others waiting for a bounded time', async (t) => {
  const { url } = await createTestDatabase(t, { empty: true });
  const hanging = new pg.Client({ connectionString: url });
  hanging.on('error', () => undefined);
  await hanging.connect();
  t.teardown(() => hanging.end());
  await hanging.query('SELECT pg_advisory_lock(5202611200)');
  await t.rejects(migrate({ databaseUrl: url, log, lockWaitMs: 100 }), UnusableDatabase);
  await hanging.query('SELECT pg_advisory_unlock(5202611200)');
  t.ok((await migrate({ databaseUrl: url, log })).length > 0, 'and when it is gone the next one migrates');
});

t.test('a server older than PostgreSQL 15 is refused in words that name it', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  // A function that shadows the built-in one lets this server say that it is an older one.
  await pool.query(`
    CREATE SCHEMA old;
    CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql
      AS $$ SELECT CASE name WHEN 'server_version_num' THEN '140019' ELSE '14.19' END $$`);
  const old = new URL(url);
  old.searchParams.set('options', '-c search_path=old,pg_catalog');
  await t.rejects(migrate({ databaseUrl: old.href, log }), {
    name: 'UnusableDatabase',
    message: 'frontrow needs PostgreSQL 15 or newer; this server is 14.19',
  });
  t.equal(await countTables(pool), 0);
});

t.test('a log of one row per schedule becomes one of a row per flush, and says the same', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  await migrate({ databaseUrl: url, log });
  // Back to how it was before that migration, with a log of that time.
  await pool.query(`
    DROP VIEW seat_log;
    DROP TABLE seat_log_flushes;
    CREATE TABLE seat_log (
      schedule_id bigint NOT NULL, first_seq bigint NOT NULL, last_seq bigint NOT NULL, epoch bigint NOT NULL,
      batch_id uuid NOT NULL, events jsonb NOT NULL, logged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (schedule_id, first_seq));
    INSERT INTO seat_log (schedule_id, first_seq, last_seq, epoch, batch_id, events)
    SELECT schedule, 2 * flush + 1, 2 * flush + 2, 1 + flush / 5, ('00000000-0000-7000-8000-0000000000' || (10 + flush))::uuid,
      jsonb_build_array(jsonb_build_object('seatNumber', schedule), jsonb_build_object('seatNumber', flush))
    FROM generate_series(1, 3) AS schedule, generate_series(0, 9) AS flush;`);
  const select =
    'SELECT schedule_id, first_seq, last_seq, epoch, batch_id, events FROM seat_log ORDER BY schedule_id, first_seq';
  const before = await pool.query(select);
  await pool.query(await readFile(new URL('0003_log-row-per-flush.sql', MIGRATIONS), 'utf8'));
  const after = await pool.query(select);
  t.equal(before.rows.length, 30);
  t.same(after.rows, before.rows);
  const { rows } = await pool.query<{ flushes: number }>('SELECT count(*)::int AS flushes FROM seat_log_flushes');
  t.same(rows, [{ flushes: 10 }]);
});

t.test('answers that a former version recorded are given again, to the byte', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  await migrate({ databaseUrl: url, log });
  // Back to how the table was before that migration, with every kind of row of that time.
  await pool.query(
    'ALTER TABLE idempotency_keys DROP COLUMN type; ALTER TABLE idempotency_keys ALTER COLUMN status SET NOT NULL',
  );
  const held = (seatNumber: number, seq: number) =>
    `{"reservationId":"r${seatNumber}","startsAt":"2026-12-01T10:00:00.000Z","seatNumber":${seatNumber},"seq":${seq},"epoch":1}`;
  const payment = (status: string, [one, two]: [number, number], balance: number) =>
    `{"status":"${status}","paymentId":"p","amount":2000,"reservations":[${held(9, one)},${held(8, two)}],"remainingBalance":${balance}}`;
  const charge = '{"entryId":1,"previousBalance":0,"currentBalance":5,"createdAt":"2026-12-01T10:00:00.000Z"}';
  const rows: {
    status: number;
    body: string;
    firstSeq?: number;
    balance?: number;
    answer?: string;
    form?: SeatForm;
  }[] = [
    { status: 201, body: held(1, 4) },
    { status: 200, body: held(1, 4) },
    { status: 201, body: `{"reservations":[${held(2, 5)},${held(1, 6)}]}`, form: 'many' },
    { status: 200, body: `{"reservations":[${held(2, 5)}]}`, form: 'many' },
    { status: 200, body: charge },
    { status: 200, body: payment('COMPLETED', [7, 8], 900) },
    { status: 200, body: payment('REFUNDED', [7, 8], 900) },
    {
      status: 201,
      body: payment('COMPLETED', [0, 1], 0),
      firstSeq: 7,
      balance: 0,
      answer: payment('COMPLETED', [7, 8], 0),
    },
    {
      status: 200,
      body: payment('REFUNDED', [0, 1], 0),
      firstSeq: 9,
      balance: 2_900,
      answer: payment('REFUNDED', [9, 10], 2_900),
    },
  ];
  const userId = randomUUID();
  for (const [index, { status, body, firstSeq = null, balance = null }] of rows.entries()) {
    await pool.query(
      `INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body, first_seq, balance)
       VALUES ($1, $2, 'f', $3, $4, $5, $6)`,
      [userId, `k${index}`, status, body, firstSeq, balance],
    );
  }
  await pool.query(await readFile(new URL('0008_recorded-grants.sql', MIGRATIONS), 'utf8'));
  const records = createIdempotencyRecords({ pool });
  for (const [index, { status, body, answer = body, form = 'one' }] of rows.entries()) {
    const recorded = await records.find(userId, `k${index}`);
    if (recorded === null) throw new Error(`k${index} was not found`);
    const replayed = answerTo(recorded.grant, () => NAME, form);
    // Answers of that time had no names of seats.
    const replayedBody = JSON.stringify(replayed.body, (key, value: unknown) => (key in NAME ? undefined : value));
    t.same([replayed.status, replayedBody], [status, answer]);
  }
});

t.test('a database whose encoding cannot hold every text is refused in words', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  const korean = new URL(url);
  korean.pathname += '_euc_kr';
  const name = korean.pathname.slice(1);
  await pool.query(`CREATE DATABASE ${name} ENCODING 'EUC_KR' LOCALE 'C' TEMPLATE template0`);
  t.teardown(() => pool.query(`DROP DATABASE ${name} WITH (FORCE)`));
  await t.rejects(migrate({ databaseUrl: korean.href, log }), {
    name: 'UnusableDatabase',
    message: /the encoding UTF8; this one has EUC_KR/,
  });
});

t.test('a node that may not have all its connections does not start', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  await pool.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} CONNECTION LIMIT 20`);
  await t.rejects(migrate({ databaseUrl: url, log, connections: 21 }), {
    name: 'UnusableDatabase',
    message: /a node uses 21 connections; .* allow 20$/,
  });
  t.ok((await migrate({ databaseUrl: url, log, connections: 20 })).length > 0);
});

t.test('a node is warned of other clients that have taken its connections', async (t) => {
  const { url } = await createTestDatabase(t);
  const warned: object[] = [];
  const { rows } = await (async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await client.query<{ count: string }>(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS count",
      );
    } finally {
      await client.end();
    }
  })();
  const all = Number(rows[0]?.count);
  await migrate({ databaseUrl: url, log: { ...log, warn: (fields) => warned.push(fields) }, connections: all });
  t.match(warned, [{ connections: all, free: Number }]);
});
