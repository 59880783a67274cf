import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { ALARM_BOUND_MS, countJobs, createNode, setDeadline } from '../alarmed-node.ts';
import { insertSale } from '../small-history.ts';

t.test('nodes that start at once all start, and share one chain of scans', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const { scheduleId } = await insertSale(pool);
  const nodes = Array.from({ length: 4 }, () => createNode(t, database));
  await Promise.all(nodes.map((node) => node.jobs.start()));
  t.ok((await countJobs(pool, 'expiry-scan', 'created')) <= 1);
  await setDeadline(pool, scheduleId, 0);
  await waitFor(() => nodes.some((node) => node.woken.includes(scheduleId)), {
    deadlineMs: ALARM_BOUND_MS,
    what: 'the schedule to be woken',
  });
});

t.test('a node prunes soon after its start', async (t) => {
  const database = await createTestDatabase(t);
  const { pool } = database;
  await pool.query(
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body, created_at) VALUES (gen_random_uuid(), 'k', 'f', 'SeatsHeld', '[]', now() - interval '25 hours')",
  );
  const node = createNode(t, database, { settings: { pruneAfterStartMs: 0 } });
  await node.jobs.start();
  await waitFor(async () => (await pool.query('SELECT FROM idempotency_keys')).rowCount === 0, {
    deadlineMs: ALARM_BOUND_MS,
    what: 'the pruning',
  });
  const { rows } = await pool.query("SELECT cron FROM pgboss.schedule WHERE name = 'prune'");
  t.equal(rows.length, 1);
});

t.test('start and close may be called again, and a close during the start leaves nothing running', async (t) => {
  const database = await createTestDatabase(t);
  const node = createNode(t, database);
  const starting = [node.jobs.start(), node.jobs.start()];
  await Promise.all([node.jobs.close(), node.jobs.close(), ...starting]);
  const { rows } = await database.pool.query(
    "SELECT FROM pg_stat_activity WHERE application_name = 'frontrow jobs' AND datname = current_database()",
  );
  t.equal(rows.length, 0);
});
