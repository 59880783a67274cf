import t from 'tap';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** As a disk without room for the log's table does. */
async function fillDisk(database: TestDatabase): Promise<void> {
  await database.pool.query(`
    CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  await database.pool.query(
    'CREATE TRIGGER no_space BEFORE INSERT ON seat_log_flushes FOR EACH ROW EXECUTE FUNCTION no_space()',
  );
}

async function readReadiness(url: string): Promise<{ status: number; code?: string; reasons?: string[] }> {
  const response = await fetch(`${url}/readyz`);
  const body = (await response.json()) as { code?: string; reasons?: string[] };
  return { ...body, status: response.status };
}

async function countLogRows(database: TestDatabase): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>('SELECT count(*) FROM seat_log_flushes');
  return rows[0]?.count ?? -1;
}

t.test('a node is not ready while the database refuses writes, and ready again by itself', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken } = await enter(api, concertId);
  const hold = (seatNumber: number) =>
    api.call('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumber } });
  t.equal((await readReadiness(api.url)).status, 200);

  await fillDisk(database);
  t.match(await hold(1), { status: 503, body: { code: 'STORE_UNAVAILABLE', outcome: 'none' } });
  const refused = await waitFor(
    async () => {
      const readiness = await readReadiness(api.url);
      return readiness.status === 503 ? readiness : null;
    },
    { what: 'readyz to say that writes are refused', deadlineMs: 15_000 },
  );
  t.match(refused, { code: 'STORE_UNAVAILABLE', reasons: ['the database refuses writes'] });
  t.equal((await fetch(`${api.url}/healthz`)).status, 200);

  await database.pool.query('DROP FUNCTION no_space() CASCADE');
  await waitFor(async () => (await readReadiness(api.url)).status === 200, {
    what: 'readiness without a request',
    deadlineMs: 15_000,
  });
  t.equal(await countLogRows(database), 0, 'trial writes leave nothing in the log');
  t.match(await hold(1), { status: 201 });
  t.equal(await countLogRows(database), 1);
});
