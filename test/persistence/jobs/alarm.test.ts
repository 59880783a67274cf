import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { ALARM_BOUND_MS, countJobs, createNode, endWhatIsDue, setDeadline } from '../alarmed-node.ts';
import { insertSale } from '../small-history.ts';

t.test('a schedule whose deadline passed while no node was there is woken as soon as one starts', async (t) => {
  const database = await createTestDatabase(t);
  const { scheduleId } = await insertSale(database.pool);
  await setDeadline(database.pool, scheduleId, -60_000);
  const node = createNode(t, database);
  await node.jobs.start();
  await waitFor(() => node.woken.includes(scheduleId), { deadlineMs: 2_000, what: 'the schedule to be woken' });
});

t.test('a schedule is woken within the bound after its deadline, and none is before', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const { scheduleId } = await insertSale(pool);
  const later = await insertSale(pool);
  await setDeadline(pool, later.scheduleId, 3_600_000);
  const node = createNode(t, database);
  await node.jobs.start();
  await setDeadline(pool, scheduleId, 1_000);
  const { rows } = await pool.query<{ deadline: number }>(
    'SELECT floor(extract(epoch FROM next_expiry_at) * 1000)::bigint AS deadline FROM schedule_heads WHERE schedule_id = $1',
    [scheduleId],
  );
  await waitFor(() => node.woken.length > 0, { deadlineMs: 1_000 + ALARM_BOUND_MS, what: 'the schedule to be woken' });
  const wokenAt = await pool.query<{ now: number }>(
    'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
  );
  t.ok((wokenAt.rows[0]?.now ?? 0) >= (rows[0]?.deadline ?? 0));
  t.same(node.woken, [scheduleId]);
});

t.test('hundreds of schedules that fall due at once are all woken, each about once', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const { concertId } = await insertSale(pool);
  await pool.query(
    "WITH s AS (INSERT INTO schedules (concert_id, starts_at, total_seats) SELECT $1, now(), 1 FROM generate_series(1, 700) RETURNING schedule_id) INSERT INTO schedule_heads (schedule_id, next_expiry_at) SELECT schedule_id, now() - interval '1 minute' FROM s",
    [concertId],
  );
  const node = createNode(t, database);
  await node.jobs.start();
  await waitFor(() => new Set(node.woken).size === 700, {
    deadlineMs: ALARM_BOUND_MS,
    what: 'all schedules to be woken',
  });
  t.ok(node.woken.length <= 800, `${node.woken.length} wakes`);
});

t.test('a schedule that cannot be woken is tried again, gathers no jobs, and keeps no other waiting', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const [stuck, refusing, healthy] = [await insertSale(pool), await insertSale(pool), await insertSale(pool)];
  const node = createNode(t, database, {
    settings: { scanEveryMs: 500, wakeTimeoutMs: 1_500 },
    wake: async (scheduleId) => {
      if (scheduleId === stuck.scheduleId) await new Promise(() => undefined);
      if (scheduleId === refusing.scheduleId) throw new Error('no owner');
      await endWhatIsDue(pool, scheduleId);
    },
  });
  await node.jobs.start();
  await setDeadline(pool, stuck.scheduleId, -60_000);
  await setDeadline(pool, refusing.scheduleId, -60_000);
  const times = (scheduleId: number) => node.woken.filter((woken) => woken === scheduleId).length;
  await waitFor(() => times(stuck.scheduleId) >= 2 && times(refusing.scheduleId) >= 3, {
    deadlineMs: ALARM_BOUND_MS,
    what: 'both to be tried again',
  });
  await setDeadline(pool, healthy.scheduleId, -60_000);
  await waitFor(() => times(healthy.scheduleId) > 0, {
    deadlineMs: ALARM_BOUND_MS,
    what: 'the healthy one to be woken',
  });
  t.ok((await countJobs(pool, 'expiry-wake', 'created')) <= 3);
});

t.test('the chain of scans survives the loss of the scan that waits', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const { scheduleId } = await insertSale(pool);
  const node = createNode(t, database);
  await node.jobs.start();
  await waitFor(async () => (await countJobs(pool, 'expiry-scan', 'completed')) > 0, { what: 'a first scan' });
  await waitFor(
    async () =>
      (await pool.query("DELETE FROM pgboss.job WHERE name = 'expiry-scan' AND state = 'created'")).rowCount === 1,
    { what: 'a scan to wait, and be lost' },
  );
  await setDeadline(pool, scheduleId, 0);
  await waitFor(() => node.woken.includes(scheduleId), {
    deadlineMs: ALARM_BOUND_MS,
    what: 'the schedule to be woken',
  });
});

t.test('jobs that a killed node had taken up keep nobody from being woken', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const { scheduleId } = await insertSale(pool);
  const first = createNode(t, database);
  await first.jobs.start();
  await waitFor(async () => (await countJobs(pool, 'expiry-scan', 'completed')) > 0, { what: 'a first scan' });
  await first.jobs.close();
  // What is left of a node that dies between taking up its jobs and doing anything about them.
  await pool.query("DELETE FROM pgboss.job WHERE name = 'expiry-wake' OR state = 'created'");
  await pool.query(
    `INSERT INTO pgboss.job (name, state, policy, singleton_key, data, started_on, expire_seconds)
     SELECT q.name, 'active', q.policy, v.singleton_key, v.data::jsonb, now(), 900
     FROM pgboss.queue q JOIN (VALUES ('expiry-scan', NULL, NULL), ('expiry-wake', $1, $2)) AS v (name, singleton_key, data) USING (name)`,
    [String(scheduleId), JSON.stringify({ scheduleId })],
  );
  await setDeadline(pool, scheduleId, -60_000);
  const second = createNode(t, database);
  await second.jobs.start();
  await waitFor(() => second.woken.includes(scheduleId), {
    deadlineMs: ALARM_BOUND_MS,
    what: 'the schedule to be woken',
  });
});

t.test('the alarm goes on when the database comes back', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const { scheduleId } = await insertSale(pool);
  const node = createNode(t, database);
  await node.jobs.start();
  await pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'frontrow jobs' AND datname = current_database()",
  );
  await setDeadline(pool, scheduleId, 0);
  await waitFor(() => node.woken.includes(scheduleId), {
    deadlineMs: ALARM_BOUND_MS,
    what: 'the schedule to be woken',
  });
});
