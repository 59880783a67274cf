import type { Pool } from 'pg';
import t from 'tap';
import { type Execute, prune } from '../../../src/persistence/jobs/prune.ts';
import { createTestDatabase } from '../../fixtures/database.ts';

function executeOn(pool: Pool): { execute: Execute; statements: () => number } {
  let count = 0;
  return {
    statements: () => count,
    execute: async (text, values) => {
      count += 1;
      return (await pool.query(text, [...values])).rows;
    },
  };
}

t.test('idempotency keys are kept for 24 hours and pruned in bounded statements', async (t) => {
  const { pool } = await createTestDatabase(t);
  await pool.query(`
    INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body, created_at)
    SELECT gen_random_uuid(), 'k', 'f', 'SeatsHeld', '[]'::json, now() - interval '24 hours 1 second' FROM generate_series(1, 2500)
    UNION ALL SELECT gen_random_uuid(), 'young', 'f', 'SeatsHeld', '[]', now() - interval '23 hours 59 minutes'`);
  await pool.query(`
    INSERT INTO admin_answers (caller, key, fingerprint, status, body, created_at)
    VALUES ('root', 'k', 'f', 201, '{}', now() - interval '25 hours'), ('root', 'young', 'f', 201, '{}', now())`);
  const { execute, statements } = executeOn(pool);
  t.equal(await prune(execute, 'idempotencyKeys'), 2_500);
  t.equal(statements(), 3);
  t.equal(await prune(execute, 'adminAnswers'), 1);
  t.same((await pool.query('SELECT key FROM admin_answers')).rows, [{ key: 'young' }]);
  const { rows } = await pool.query('SELECT key FROM idempotency_keys');
  t.same(rows, [{ key: 'young' }]);
});

t.test('a key that somebody is using anew is left alone, and nobody waits for it', async (t) => {
  const { pool } = await createTestDatabase(t);
  await pool.query(
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body, created_at) VALUES (gen_random_uuid(), 'k', 'f', 'SeatsHeld', '[]', now() - interval '25 hours')",
  );
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('UPDATE idempotency_keys SET created_at = now()');
  t.equal(await prune(executeOn(pool).execute, 'idempotencyKeys'), 0);
  await client.query('COMMIT');
  client.release();
  t.equal(await prune(executeOn(pool).execute, 'idempotencyKeys'), 0);
  t.equal((await pool.query('SELECT FROM idempotency_keys')).rowCount, 1);
});

t.test('queue tokens are pruned 7 days after their end, live ones never', async (t) => {
  const { pool } = await createTestDatabase(t);
  await pool.query(`
    INSERT INTO queue_unused_numbers (concert_id, no, unused_at) VALUES (1, 1, now() - interval '8 days'), (1, 2, now() - interval '6 days');
    INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, ended_at)
    SELECT gen_random_uuid(), 1, gen_random_uuid(), no, 1, status, now() - interval '30 days', ended_at
    FROM (VALUES (1, 'EXPIRED', now() - interval '7 days 1 second'), (2, 'COMPLETED', now() - interval '6 days 23 hours'), (3, 'WAITING', NULL)) AS v (no, status, ended_at)`);
  t.equal(await prune(executeOn(pool).execute, 'queueTokens'), 1);
  t.equal(await prune(executeOn(pool).execute, 'queueNumbers'), 1);
  const unused = await pool.query('SELECT no FROM queue_unused_numbers');
  t.same(unused.rows, [{ no: 2 }]);
  const { rows } = await pool.query('SELECT no FROM queue_tokens ORDER BY no');
  t.same(rows, [{ no: 2 }, { no: 3 }]);
});

t.test('nodes are pruned 7 days after their death, living ones never', async (t) => {
  const { pool } = await createTestDatabase(t);
  await pool.query(`
    INSERT INTO nodes (node, address, joined_at, dead_at) VALUES
      ('long-dead:1', '', now() - interval '30 days', now() - interval '8 days'),
      ('dead:1', '', now() - interval '30 days', now() - interval '1 day'),
      ('alive:1', '', now() - interval '30 days', NULL)`);
  t.equal(await prune(executeOn(pool).execute, 'nodes'), 1);
  const { rows } = await pool.query('SELECT node FROM nodes ORDER BY node');
  t.same(rows, [{ node: 'alive:1' }, { node: 'dead:1' }]);
});
