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
