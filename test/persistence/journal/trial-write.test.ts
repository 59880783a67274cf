import t, { type Test } from 'tap';
import { createLane, type Lane } from '../../../src/persistence/journal/lane.ts';
import { tryWriteOn } from '../../../src/persistence/journal/trial-write.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createDatabaseClock } from '../../../src/runtime/database-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

async function openLane(t: Test, database: TestDatabase): Promise<Lane> {
  const lane = createLane({
    databaseUrl: database.url,
    clock: systemClock,
    databaseClock: createDatabaseClock(systemClock),
    log: silentLog,
    onFree: () => undefined,
  });
  await lane.start();
  t.teardown(() => lane.close());
  return lane;
}

t.test('trial writes leave no row and take no number of the log', async (t) => {
  const database = await createTestDatabase(t);
  const lanes = [await openLane(t, database), await openLane(t, database)];
  for (let round = 0; round < 3; round += 1) {
    t.same(await Promise.all(lanes.map(tryWriteOn)), ['accepted', 'accepted']);
  }
  t.same((await database.pool.query('SELECT FROM seat_log_flushes')).rowCount, 0);
  const { rows } = await database.pool.query(
    "SELECT is_called FROM pg_sequences JOIN LATERAL (SELECT last_value IS NOT NULL AS is_called) AS _ ON true WHERE sequencename = 'seat_log_flushes_flush_no_seq'",
  );
  t.same(rows, [{ is_called: false }]);
});

t.test('a full disk, a database that only reads and a table that stays locked refuse it', async (t) => {
  const database = await createTestDatabase(t);
  const lane = await openLane(t, database);
  const { rows } = await database.pool.query<{ name: string }>('SELECT current_database() AS name');
  const name = rows[0]?.name ?? '';

  await database.pool.query(`
    CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$`);
  await database.pool.query(
    'CREATE TRIGGER no_space BEFORE INSERT ON seat_log_flushes FOR EACH ROW EXECUTE FUNCTION no_space()',
  );
  t.equal(await tryWriteOn(lane), 'refused');
  await database.pool.query('DROP TRIGGER no_space ON seat_log_flushes');
  t.equal(await tryWriteOn(lane), 'accepted');

  const blocker = await database.pool.connect();
  await blocker.query('BEGIN');
  await blocker.query('LOCK TABLE seat_log_flushes');
  t.equal(await tryWriteOn(lane), 'refused');
  await blocker.query('ROLLBACK');
  blocker.release();
  t.equal(await tryWriteOn(lane), 'accepted');

  await database.pool.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  t.equal(await tryWriteOn(await openLane(t, database)), 'refused');
});

t.test('without a free lane nothing is known, and nothing is waited for', async (t) => {
  const database = await createTestDatabase(t);
  const lane = await openLane(t, database);
  t.equal(await tryWriteOn(undefined), 'unanswered');
  const [first, second] = await Promise.all([tryWriteOn(lane), tryWriteOn(lane)]);
  t.same([first, second], ['accepted', 'unanswered']);
});
