import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { createLane } from '../../src/persistence/journal/lane.ts';
import { createPool } from '../../src/persistence/pool.ts';
import { startupOptions, withStartupOptions } from '../../src/persistence/session-settings.ts';
import { createWallets } from '../../src/persistence/records/wallets.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createDatabaseClock } from '../../src/runtime/database-clock.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

t.test('whole numbers of every type arrive as numbers', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  const { rows } = await pool.query(`
    SELECT 3::bigint AS bigint, count(*), sum(n::bigint), ARRAY[1, NULL, 9007199254740991]::bigint[] AS bigints,
           '{}'::bigint[] AS none, -9007199254740991::bigint AS least, NULL::bigint AS missing
    FROM generate_series(1, 3) n`);
  t.same(rows, [
    {
      bigint: 3,
      count: 3,
      sum: 6,
      bigints: [1, null, 9007199254740991],
      none: [],
      least: -9007199254740991,
      missing: null,
    },
  ]);
});

t.test('a number that JavaScript cannot hold exactly is an error, never a neighbour of it', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  for (const value of [
    '9007199254740992::bigint',
    "'NaN'::numeric",
    'ARRAY[9007199254740993]::bigint[]',
    '1e30::numeric',
  ]) {
    await t.rejects(pool.query(`SELECT ${value}`), RangeError, value);
  }
  t.same((await pool.query('SELECT 1::bigint AS one')).rows, [{ one: 1 }], 'and the pool serves on');
});

t.test('the server itself bounds statements, locks and idle transactions', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  const { rows } = await pool.query<{ name: string; setting: string }>(`
    SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',
      'idle_in_transaction_session_timeout', 'client_connection_check_interval') ORDER BY name`);
  t.same(rows, [
    { name: 'client_connection_check_interval', setting: '500' },
    { name: 'idle_in_transaction_session_timeout', setting: '5000' },
    { name: 'lock_timeout', setting: '1000' },
    { name: 'statement_timeout', setting: '5000' },
  ]);
});

t.test('the server soon gives up a client that vanished, on the connections of requests and of jobs', async (t) => {
  const { pool, url } = await createTestDatabase(t, { empty: true });
  const jobs = new pg.Pool({ ...withStartupOptions(url, startupOptions({})), max: 1 });
  t.teardown(() => jobs.end());
  for (const connections of [pool, jobs]) {
    const { rows } = await connections.query<{ name: string; setting: string }>(`
      SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp\\_%' ORDER BY name`);
    t.same(rows, [
      { name: 'tcp_keepalives_count', setting: '3' },
      { name: 'tcp_keepalives_idle', setting: '2' },
      { name: 'tcp_keepalives_interval', setting: '1' },
      { name: 'tcp_user_timeout', setting: '5000' },
    ]);
  }
});

/** Settings that an operator, or a database that other programs share, may have for reasons of its own. */
const FOREIGN_SETTINGS = {
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  array_nulls: 'off',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  default_transaction_isolation: 'serializable',
  client_encoding: 'EUC_KR',
  synchronous_commit: 'off',
  statement_timeout: '0',
  transform_null_equals: 'on',
  idle_session_timeout: '5000',
};

async function makeForeign(database: { url: string; pool: { query(text: string): Promise<unknown> } }): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  for (const [setting, value] of Object.entries(FOREIGN_SETTINGS)) {
    await database.pool.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
  }
}

t.test('what the code depends on is set on every connection, whatever the database has', async (t) => {
  const database = await createTestDatabase(t);
  await makeForeign(database);
  const pool = createPool({ databaseUrl: database.url, max: 1, log });
  t.teardown(() => pool.end());
  const names = Object.keys(FOREIGN_SETTINGS).map((name) => name.toLowerCase());
  const { rows } = await pool.query<{ name: string; setting: string }>(
    'SELECT lower(name) AS name, setting FROM pg_settings WHERE lower(name) = ANY($1) ORDER BY 1',
    [names],
  );
  t.same(Object.fromEntries(rows.map(({ name, setting }) => [name, setting])), {
    array_nulls: 'on',
    bytea_output: 'hex',
    client_encoding: 'UTF8',
    datestyle: 'ISO, YMD',
    default_transaction_isolation: 'read committed',
    extra_float_digits: '1',
    idle_session_timeout: '0',
    intervalstyle: 'postgres',
    standard_conforming_strings: 'on',
    statement_timeout: '5000',
    synchronous_commit: 'on',
    timezone: 'UTC',
    transform_null_equals: 'off',
  });
});

t.test('options in the URL are kept, and what the code depends on is set all the same', async (t) => {
  const database = await createTestDatabase(t, { empty: true });
  const url = new URL(database.url);
  url.searchParams.set('options', '-c search_path=public,pg_catalog -c synchronous_commit=off -c DateStyle=SQL');
  url.searchParams.set('statement_timeout', '0');
  const pool = createPool({ databaseUrl: url.href, max: 1, log });
  t.teardown(() => pool.end());
  const { rows } =
    await pool.query(`SELECT current_setting('search_path') AS path, current_setting('datestyle') AS dates,
    current_setting('synchronous_commit') AS commits, current_setting('statement_timeout') AS statements`);
  t.same(rows, [{ path: 'public,pg_catalog', dates: 'ISO, YMD', commits: 'on', statements: '5s' }]);
});

t.test('a charge on a database with settings of its own says what was done', async (t) => {
  const database = await createTestDatabase(t);
  await makeForeign(database);
  const pool = createPool({ databaseUrl: database.url, max: 2, log });
  t.teardown(() => pool.end());
  const userId = randomUUID();
  await pool.query("INSERT INTO users (user_id, name) VALUES ($1, 'Mina 😀')", [userId]);
  await pool.query('INSERT INTO wallets (user_id) VALUES ($1)', [userId]);
  const charged = await createWallets({ pool }).charge(userId, 1_000, null);
  t.match(charged, { ok: true, value: { previousBalance: 0, currentBalance: 1_000, createdAt: /^\d{4}-\d\d-\d\dT/ } });
});

t.test('connections that die, idle or checked out, are replaced and end nothing', async (t) => {
  const { url, pool: killer } = await createTestDatabase(t, { empty: true });
  const pool = createPool({ databaseUrl: url, max: 2, log });
  t.teardown(() => pool.end());
  const taken = await pool.connect();
  await pool.query('SELECT 1');
  t.equal(pool.totalCount, 2);
  const ended = new Promise((settle) => taken.once('end', settle));
  await killer.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await ended;
  taken.release(true);
  await waitFor(() => pool.totalCount === 0, { what: 'the dead connections to leave the pool' });
  t.same((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

t.test('waiting for a connection of an exhausted pool ends after about a second', async (t) => {
  const { url } = await createTestDatabase(t, { empty: true });
  const pool = createPool({ databaseUrl: url, max: 1, log });
  t.teardown(() => pool.end());
  const only = await pool.connect();
  const begin = performance.now();
  await t.rejects(pool.query('SELECT 1'));
  t.ok(performance.now() - begin < 3_000);
  only.release();
});

t.test('a server that needs longer for a connection than callers wait serves all the same', async (t) => {
  const { url } = await createTestDatabase(t, { empty: true });
  const proxy = await startTcpProxy(t, url);
  proxy.delayConnections(1_300);
  const pool = createPool({ databaseUrl: proxy.url, max: 4, log });
  t.teardown(() => pool.end());
  const ask = () =>
    pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
  await waitFor(async () => (await Promise.all([ask(), ask(), ask(), ask()])).every(Boolean), {
    what: 'every caller to be served',
    deadlineMs: 20_000,
  });
  t.ok(proxy.connections <= 12, `${proxy.connections} connections were made`);
});

t.test('a lane gets its connection from a server that is slow to accept', async (t) => {
  const { url } = await createTestDatabase(t, { empty: true });
  const proxy = await startTcpProxy(t, url);
  const lane = createLane({
    databaseUrl: proxy.url,
    clock: systemClock,
    databaseClock: createDatabaseClock(systemClock),
    log,
    onFree: () => undefined,
  });
  t.teardown(() => lane.close());
  await lane.start();
  proxy.delayConnections(1_300);
  proxy.cut();
  await waitFor(() => !lane.isConnected, { what: 'the loss to be noticed' });
  const before = proxy.connections;
  await waitFor(() => lane.isConnected, { what: 'the lane to be connected again', deadlineMs: 20_000 });
  t.ok(proxy.connections - before <= 3, `${proxy.connections - before} attempts`);
});
