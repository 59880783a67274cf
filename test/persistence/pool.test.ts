import t from 'tap';
import { createPool } from '../../src/persistence/pool.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';
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
