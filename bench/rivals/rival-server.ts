/**
 * A rival in a process of its own: `node bench/rivals/rival-server.ts row-lock|row-lock-pipelined|conditional|empty`, with PORT, and but for
 * `empty` DATABASE_URL, POOL_SIZE and TOKENS_FILE (a token and its user a line). Prints `listening` when it serves.
 */
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { createConditionalHold } from './conditional.ts';
import { createBareApp, createRivalApp, holdBody, type RivalSchedule } from './rival-app.ts';
import { createRowLockHold } from './row-lock.ts';

async function buildApp(name: string): Promise<FastifyInstance> {
  if (name === 'empty') return createEmptyApp();
  const max = Number(process.env['POOL_SIZE']);
  const pipelined = name === 'row-lock-pipelined';
  const settings = { connectionString: process.env['DATABASE_URL'], max, min: max, pipeline: pipelined };
  const pool = new pg.Pool(settings);
  pool.on('error', (error) => console.error(error));
  const users = new Map<string, string>();
  for (const line of readFileSync(process.env['TOKENS_FILE'] ?? '', 'utf8').split('\n')) {
    const [token = '', userId = ''] = line.split(' ');
    users.set(token, userId);
  }
  const schedules = new Map<number, RivalSchedule>();
  const { rows } = await pool.query<{ schedule_id: string; concert_id: string; starts_at: Date }>(
    'SELECT * FROM schedules',
  );
  for (const row of rows) {
    schedules.set(Number(row.schedule_id), {
      concertId: Number(row.concert_id),
      startsAt: row.starts_at.toISOString(),
    });
  }
  const holdSeat = name === 'conditional' ? createConditionalHold(pool) : createRowLockHold(pool, pipelined);
  return createRivalApp({ users, schedules, holdSeat });
}

/** Routes that do nothing: the ceiling of this HTTP stack on this machine. Each POST checks the same body as the service's. */
function createEmptyApp(): FastifyInstance {
  const app = createBareApp();
  const answer = { type: 'object', properties: { ok: { type: 'boolean' } } } as const;
  app.post('/api/v1/reservations', { schema: { body: holdBody, response: { 200: answer } } }, async () => ({
    ok: true,
  }));
  const entryBody = {
    type: 'object',
    additionalProperties: false,
    required: ['concertId'],
    properties: { concertId: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } },
  } as const;
  app.post('/api/v1/queue/tokens', { schema: { body: entryBody, response: { 200: answer } } }, async () => ({
    ok: true,
  }));
  app.get('/', { schema: { response: { 200: answer } } }, async () => ({ ok: true }));
  return app;
}

const app = await buildApp(process.argv[2] ?? '');
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
console.log('listening');
process.on('SIGTERM', () => process.exit(0));
