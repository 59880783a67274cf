import pg from 'pg';
import t from 'tap';
import { migrate, UnusableDatabase } from '../../src/persistence/migrate.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';

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
