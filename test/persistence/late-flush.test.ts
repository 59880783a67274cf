import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { holdCommand, insertSchedule, startOwnerNode } from '../fixtures/owner-node.ts';

/** Far below the 500 ms after which the next beat would set things going. */
const PROMPT_MS = 150;

t.test('whoever comes behind a statement that waits for a lock is not kept waiting with it', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId: locked } = await insertSchedule(database);
  const { scheduleId: free } = await insertSchedule(database);
  for (const scheduleId of [locked, free]) await node.dispatch(holdCommand(scheduleId, randomUUID(), 50));
  for (let round = 1; round <= 8; round += 1) {
    const client = await database.pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM schedule_heads WHERE schedule_id = $1 FOR UPDATE', [locked]);
    const waiting = node.dispatch(holdCommand(locked, randomUUID(), round));
    await nextTurn();
    await nextTurn();
    const startedAt = performance.now();
    t.match(await node.dispatch(holdCommand(free, randomUUID(), round)), { outcome: 'granted' });
    const tookMs = performance.now() - startedAt;
    t.ok(tookMs < PROMPT_MS, `it took ${Math.round(tookMs)} ms`);
    await client.query('ROLLBACK');
    client.release();
    t.match(await waiting, { outcome: 'granted' });
  }
});

t.test('a schedule whose part is done goes on serving while a later part of its statement is late', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const schedules: number[] = [];
  for (let count = 0; count < 3; count += 1) schedules.push((await insertSchedule(database)).scheduleId);
  const [done = 0, refused = 0, late = 0] = schedules;
  for (const scheduleId of schedules) await node.dispatch(holdCommand(scheduleId, randomUUID(), 50));
  const userId = randomUUID();
  const claim = { key: 'k', fingerprint: 'f'.repeat(64) };
  await database.pool.query(
    'INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body) VALUES ($1, $2, $3, $4, $5)',
    [userId, claim.key, claim.fingerprint, 'SeatsHeld', '[]'],
  );
  // All three are one statement, which is refused at once for the key, and then sent in parts.
  await database.pool.query(`
    CREATE FUNCTION be_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM added WHERE schedule_ids = ARRAY[${late}]::bigint[]) THEN PERFORM pg_sleep(2.5); END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER be_late AFTER INSERT ON seat_log_flushes REFERENCING NEW TABLE AS added
      FOR EACH STATEMENT EXECUTE FUNCTION be_late();`);
  const replies = [
    node.dispatch(holdCommand(done, randomUUID(), 1)),
    node.dispatch({ ...holdCommand(refused, userId, 1), claim }),
    node.dispatch(holdCommand(late, randomUUID(), 1)),
  ];
  t.match(await replies[0], { outcome: 'granted' });
  t.match(await replies[1], { outcome: 'key-taken' });
  t.match(await replies[2], { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'unknown' });
  for (const scheduleId of [done, refused]) {
    t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 2)), { outcome: 'granted' });
  }
});
