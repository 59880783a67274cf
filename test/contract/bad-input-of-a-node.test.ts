import t from 'tap';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { startService } from '../../src/node/service.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { badInputs, type BadInput, type Sender } from '../http/bad-input.ts';

const ADMIN_TOKEN = 'admin-token-of-more-than-32-characters';
/** All that a request could change; heads count only where something was logged. */
const TABLES = [
  'users',
  'concerts',
  'schedules',
  'seats',
  'seat_log_flushes',
  'reservations',
  'wallets',
  'wallet_entries',
  'payments',
  'payment_items',
  'idempotency_keys',
  'queue_heads',
  'queue_tokens',
];

t.test('no bad input is a fault of a whole node, and none changes a row', async (t) => {
  const { url: databaseUrl, pool } = await createTestDatabase(t);
  const reading = readConfig({
    DATABASE_URL: databaseUrl,
    PORT: '0',
    LOG_LEVEL: 'silent',
    ADMIN_TOKEN,
    AUTH_SECRET: 'auth-secret-of-more-than-32-characters',
    CLUSTER_SECRET: 'cluster-secret-of-more-than-32-characters',
    AUTH_ISSUE: 'true',
    RATE_LIMIT_PER_MINUTE: '0',
    REGISTRATIONS_PER_MINUTE: '0',
  });
  if (!reading.ok) throw new Error(reading.faults.join('\n'));
  const service = await startService(reading.config, { version: '0.0.0', log: createLogger('silent') });
  t.teardown(() => service.close());

  async function send(method: string, path: string, token: string | null, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${service.url}/api/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: Object(await answer.json()) };
  }

  async function digest(): Promise<string> {
    const digests = await Promise.all(
      TABLES.map(async (table) => {
        const { rows } = await pool.query<{ digest: string | null }>(
          `SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) AS digest FROM ${table} r`,
        );
        return `${table} ${rows[0]?.digest ?? 'empty'}`;
      }),
    );
    const { rows } = await pool.query<{ seqs: string }>(
      `SELECT coalesce(sum(seq), 0)::text AS seqs FROM schedule_heads`,
    );
    return [...digests, `heads ${rows[0]?.seqs ?? ''}`].join('\n');
  }

  const dates = { bookingOpensAt: '2026-01-01T00:00:00Z', bookingClosesAt: '2100-01-01T00:00:00Z' };
  const concert = await send('POST', '/admin/concerts', ADMIN_TOKEN, { title: 'T', artist: 'A', venue: 'V', ...dates });
  const concertId = Number(concert.body['concertId']);
  const schedule = await send('POST', `/admin/concerts/${concertId}/schedules`, ADMIN_TOKEN, {
    startsAt: '2099-01-01T00:00:00Z',
    price: 1000,
  });
  const scheduleId = Number(schedule.body['scheduleId']);
  const user = await send('POST', '/users', null, { name: 'fan', email: 'fan@example.com' });
  const accessToken = String(user.body['accessToken']);
  const queue = await send('POST', '/queue/tokens', accessToken, { concertId });
  const queueToken = String(queue.body['token']);
  const held = await send('POST', '/reservations', queueToken, { scheduleId, seatNumber: 40 });
  t.equal(held.status, 201);

  const tokens: Readonly<Record<Sender, string | null>> = {
    nobody: null,
    user: accessToken,
    shopper: queueToken,
    admin: ADMIN_TOKEN,
  };
  const world = {
    concertId,
    scheduleId,
    reservationId: String(held.body['reservationId']),
    userId: String(user.body['userId']),
  };
  const before = await digest();
  for (const input of badInputs(world)) {
    const answer = await fetch(`${service.url}/api/v1${input.path}`, requestOf(input, tokens[input.as]));
    const text = await answer.text();
    if (!(input.expect ?? [400]).includes(answer.status)) t.fail(`${input.title}: ${answer.status} ${text}`);
  }
  t.equal(await digest(), before);
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function requestOf(input: BadInput, token: string | null): RequestInit {
  const body = input.raw ?? ('body' in input ? JSON.stringify(input.body) : undefined);
  return {
    method: input.method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...input.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  };
}
