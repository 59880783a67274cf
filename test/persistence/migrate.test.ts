import t from 'tap';
import { migrate } from '../../src/persistence/migrate.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const TABLES = 'SELECT count(*) FROM information_schema.tables WHERE table_schema = $1';

t.test('an empty database gets the whole schema, and a second run finds nothing to do', async (t) => {
  const { url, pool } = await createTestDatabase(t, { empty: true });
  t.same((await pool.query(TABLES, ['public'])).rows, [{ count: 0 }]);
  const first = await migrate({ databaseUrl: url, log: silentLog });
  t.ok(first.length >= 1, 'migrations ran');
  const tables = (await pool.query<{ count: number }>(TABLES, ['public'])).rows[0]?.count ?? 0;
  t.ok(tables > 10, `${tables} tables`);
  t.same(await migrate({ databaseUrl: url, log: silentLog }), []);
  t.same((await pool.query(TABLES, ['public'])).rows, [{ count: tables }]);
});
