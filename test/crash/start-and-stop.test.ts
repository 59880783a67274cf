import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { startService } from '../../src/node/service.ts';
import { type ApiClient, createApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { exchange } from '../fixtures/raw-http.ts';
import { enter, openSale, startTestService, testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

// Most of the time goes by in waiting for processes.
t.jobs = 3;

t.test('a wrong environment ends the start with 78 and every fault at once, no secret among them', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: '70000',
      HOST: 'no host',
      DATABASE_URL: 'mysql://root:swordfish@db/x',
      AUTH_SECRET: 'too-short-a-secret',
      HOLD_TTL_MS: '5m',
      MAX_SEATS_PER_USER: '0',
      QUEUE_BATCH: '-1',
      LIVE_FLUSH_MS: '1001',
      RATE_LIMIT_PER_MINUTE: '1e3',
      TRUST_PROXY: '1',
      ALLOWED_ORIGINS: 'example.com',
      LOG_LEVEL: 'loud',
      DEMO_DATA: 'yes',
      REDIS_URL: 'http://redis',
      CLUSTER_SECRET: 'short',
      NODE_ID: 'a b',
      ADMIN_TOKEN: 'x',
      AUTH_PUBLIC_KEY: 'x',
    },
  });
  t.equal(status, 78);
  t.equal(stdout, '');
  for (const name of [
    'PORT',
    'HOST',
    'DATABASE_URL',
    'AUTH_SECRET',
    'AUTH_PUBLIC_KEY',
    'HOLD_TTL_MS',
    'MAX_SEATS_PER_USER',
    'QUEUE_BATCH',
    'LIVE_FLUSH_MS',
    'RATE_LIMIT_PER_MINUTE',
    'TRUST_PROXY',
    'ALLOWED_ORIGINS',
    'LOG_LEVEL',
    'DEMO_DATA',
    'REDIS_URL',
    'CLUSTER_SECRET',
    'NODE_ID',
    'ADMIN_TOKEN',
  ]) {
    t.match(stderr, new RegExp(`^ +${name} is `, 'm'), name);
  }
  t.notMatch(stderr, /swordfish|too-short-a-secret/);
  const missing = spawnSync(process.execPath, [MAIN], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: 'postgres://x/y', AUTH_ISSUE: 'true' },
  });
  t.equal(missing.status, 78);
  t.match(missing.stderr, /AUTH_SECRET is missing/);
});

t.test('a second node on one database waits, says why, and takes over when the first is killed', async (t) => {
  const database = await createTestDatabase(t);
  const first = await startServiceProcess(t, await freePort(), testEnvironment(database));
  const api = createApiClient(first.url, testEnvironment(database).ADMIN_TOKEN);
  const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1, intervalMs: 100 } });
  const [fan, next] = [await enter(api, concertId), await enter(api, concertId)];
  const body = { scheduleId, seatNumber: 1 };
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body, key: 'k' });

  const second = await startTestService(t, database);
  const ready = async () => fetch(`${second.url}/readyz`);
  const waiting = await ready();
  t.equal(waiting.status, 503);
  const problem = (await waiting.json()) as object;
  t.match(problem, { outcome: 'none', reasons: [/owns this database's schedules/] });
  t.notOk(JSON.stringify(problem).includes(hostname()), 'no internal host');
  t.match(waiting.headers.get('retry-after'), /^[1-9]\d*$/);
  const refused = [
    await second.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 2 } }),
    await second.call('POST', '/queue/tokens', { token: fan.accessToken, body: { concertId } }),
    await second.call('GET', `/schedules/${scheduleId}/seats`, { token: fan.queueToken }),
  ];
  for (const answer of refused) {
    t.match(answer, { status: 503, body: { outcome: 'none' } });
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
  }

  await first.kill();
  await waitFor(async () => (await ready()).ok, { what: 'the take-over', deadlineMs: 5_000 });
  const replay = await second.call('POST', '/reservations', { token: fan.queueToken, body, key: 'k' });
  t.equal(replay.headers.get('idempotency-replayed'), 'true');
  t.strictSame(replay.body, held.body);
  const map = await second.call('GET', `/schedules/${scheduleId}/seats?status=HELD`, { token: fan.queueToken });
  t.match(map.body['seats'], [{ seatNumber: 1, mine: true }]);
  const status = await second.call('GET', '/queue/status', { token: next.queueToken });
  t.match(status.body, { status: 'WAITING', queuePosition: 1 }, 'the line is kept');
});

t.test('a node that stops hands over at once', async (t) => {
  const database = await createTestDatabase(t);
  const first = await startTestService(t, database);
  const second = await startTestService(t, database);
  const { concertId, scheduleId } = await openSale(first);
  const fan = await enter(first, concertId);
  await first.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 1 } });
  await first.close();
  await waitFor(async () => (await fetch(`${second.url}/readyz`)).ok, { what: 'the handover', deadlineMs: 2_000 });
  const held = await second.call('POST', '/reservations', {
    token: fan.queueToken,
    body: { scheduleId, seatNumber: 2 },
  });
  t.match(held, { status: 201, body: { seq: 2 } });
});

interface Told {
  readonly reservations: string[];
  readonly payments: string[];
  readonly charges: { readonly key: string }[];
  readonly unanswered: string[];
}

/** Charges, holds and pays until the service says that it stops, and keeps what it was told. */
async function shop(api: ApiClient, hall: { concertId: number; scheduleId: number }, told: Told): Promise<void> {
  const fan = await enter(api, hall.concertId);
  let { queueToken } = fan;
  async function send(method: string, path: string, call: { token: string; body: object }) {
    const key = randomUUID();
    // Who was asleep for longer than the farewell first sees that the connection has ended, as any client does between two turns.
    await nextTurn();
    try {
      const answer = await api.call(method, path, { ...call, key });
      if (answer.status === 200 && path.endsWith('charge')) told.charges.push({ key });
      return answer.status >= 500 ? null : answer;
    } catch (error) {
      // Before there is a connection nothing was sent; from then on an answer is owed.
      const cause = error instanceof Error ? error.cause : null;
      const isSent = !(cause instanceof Error && 'syscall' in cause && cause.syscall === 'connect');
      if (isSent) told.unanswered.push(`${method} ${path}: ${String(cause ?? error)}`);
      return null;
    }
  }
  for (;;) {
    const seatNumber = 1 + Math.floor(Math.random() * 500);
    const { scheduleId } = hall;
    const charged = await send('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 1_000 } });
    const held = await send('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumber } });
    if (charged === null || held === null) return;
    if (held.status === 401) {
      const entered = await send('POST', '/queue/tokens', {
        token: fan.accessToken,
        body: { concertId: hall.concertId },
      });
      if (entered === null) return;
      queueToken = String(entered.body['token']);
    }
    if (held.status !== 201) continue;
    const reservationId = String(held.body['reservationId']);
    told.reservations.push(reservationId);
    const paid = await send('POST', '/payments', { token: fan.accessToken, body: { reservationId } });
    if (paid === null) return;
    if (paid.status === 201) told.payments.push(String(paid.body['paymentId']));
  }
}

async function missing(database: TestDatabase, told: Told): Promise<unknown[]> {
  const keys = told.charges.map(({ key }) => key);
  const { rows } = await database.pool.query(
    `SELECT id FROM unnest($1::uuid[]) id WHERE id NOT IN (SELECT reservation_id FROM reservations)
     UNION ALL SELECT id FROM unnest($2::uuid[]) id WHERE id NOT IN (SELECT payment_id FROM payments)
     UNION ALL SELECT id FROM unnest($3::uuid[]) id WHERE id::text NOT IN (SELECT key FROM idempotency_keys)`,
    [told.reservations, told.payments, keys],
  );
  return rows;
}

t.test(
  'SIGTERM in the middle of a rush, twice: what was acknowledged stands, and everybody gets an answer',
  async (t) => {
    const database = await createTestDatabase(t);
    const environment = testEnvironment(database, { MAX_SEATS_PER_USER: '500' });
    const service = await startServiceProcess(t, await freePort(), environment);
    const api = createApiClient(service.url, environment.ADMIN_TOKEN);
    const hall = await openSale(api, { seatCount: 500 });
    const told: Told = { reservations: [], payments: [], charges: [], unanswered: [] };
    const shopping = Array.from({ length: 16 }, () => shop(api, hall, told));
    await waitFor(() => told.payments.length >= 50, { what: 'the rush', deadlineMs: 20_000 });
    const stopping = service.stop();
    // Supervisors repeat themselves, and npm passes on what the terminal has said already.
    await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 503, { what: 'the draining' });
    process.kill(service.pid, 'SIGTERM');
    process.kill(service.pid, 'SIGINT');
    t.equal(await stopping, 0);
    await Promise.all(shopping);
    t.strictSame(told.unanswered, []);
    t.strictSame(await missing(database, told), []);
    t.strictSame((await runAudit(database.pool)).violations, []);
  },
);

t.test('callers who send half a request, or nothing, do not keep a stopping service from its end', async (t) => {
  const database = await createTestDatabase(t);
  const service = await startServiceProcess(t, await freePort(), testEnvironment(database));
  const silent = [
    exchange(service.url),
    exchange(service.url, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'),
    exchange(service.url, 'GET /healthz HTTP/1.1\r\nHo'),
    exchange(
      service.url,
      'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    ),
  ];
  const started = performance.now();
  t.equal(await service.stop(), 0);
  t.ok(performance.now() - started < 10_000);
  await Promise.all(silent);
});

t.test('a start on a port that is taken fails, and does not disturb the node that has it', async (t) => {
  const database = await createTestDatabase(t);
  const service = await startTestService(t, database, { NODE_ID: 'same' });
  const hall = await openSale(service, { seatCount: 5 });
  const fan = await enter(service, hall.concertId);
  const living = 'SELECT node FROM nodes WHERE dead_at IS NULL';
  const { rows: before } = await database.pool.query(living);

  const { port } = new URL(service.url);
  const reading = readConfig(testEnvironment(database, { NODE_ID: 'same', PORT: port }));
  if (!reading.ok) throw new Error(reading.faults.join('; '));
  await t.rejects(startService(reading.config, { version: 'test', log: createLogger('silent') }), {
    code: 'EADDRINUSE',
  });

  t.strictSame((await database.pool.query(living)).rows, before);
  const body = { scheduleId: hall.scheduleId, seatNumber: 1 };
  t.equal((await service.call('POST', '/reservations', { token: fan.queueToken, body })).status, 201);
});
