import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { enter, openSale, register, startTestService, testEnvironment } from '../fixtures/service.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** No request is without an answer for longer, whatever a database that fell silent was asked. */
const ANSWER_LIMIT_MS = 2_000;

t.test('probes, figures, the document and the page to read it are at the root', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const get = (path: string) => fetch(api.url + path);
  t.strictSame([(await get('/healthz')).status, (await get('/readyz')).status], [200, 200]);
  t.match(await (await get('/readyz')).json(), { degraded: [] });
  await api.call('GET', '/concerts/available');
  const metrics = await get('/metrics');
  t.match(metrics.headers.get('content-type'), /^text\/plain/);
  t.match(await metrics.text(), /^# HELP /m);
  t.match((await get('/docs')).headers.get('content-type'), /^text\/html/);
  const document = (await (await get('/openapi.json')).json()) as { openapi: string; paths: object };
  t.match(document.openapi, /^3\.1\./);
  t.match(
    Object.keys(document.paths).sort((a, b) => a.localeCompare(b)),
    [
      '/api/v1/admin/activity',
      '/api/v1/admin/cancellations/{cancellationId}',
      '/api/v1/admin/concerts',
      '/api/v1/admin/concerts/{concertId}',
      '/api/v1/admin/concerts/{concertId}/cancel',
      '/api/v1/admin/concerts/{concertId}/queue',
      '/api/v1/admin/concerts/{concertId}/schedules',
      '/api/v1/admin/exports/{file}',
      '/api/v1/admin/keys',
      '/api/v1/admin/keys/{keyId}',
      '/api/v1/admin/log',
      '/api/v1/admin/overview',
      '/api/v1/admin/payments/{paymentId}/refund',
      '/api/v1/admin/reports/sales',
      '/api/v1/admin/reservations/{reservationId}/move',
      '/api/v1/admin/schedules/{scheduleId}',
      '/api/v1/admin/schedules/{scheduleId}/cancel',
      '/api/v1/admin/schedules/{scheduleId}/prices',
      '/api/v1/admin/schedules/{scheduleId}/seats',
      '/api/v1/admin/schedules/{scheduleId}/seats/{seatNumber}/comp',
      '/api/v1/admin/schedules/{scheduleId}/seats/{seatNumber}/history',
      '/api/v1/admin/schedules/{scheduleId}/seats/block',
      '/api/v1/admin/schedules/{scheduleId}/seats/unblock',
      '/api/v1/admin/seat-plans',
      '/api/v1/admin/seat-plans/{planId}',
      '/api/v1/admin/seat-plans/{planId}/versions',
      '/api/v1/admin/session',
      '/api/v1/admin/users',
      '/api/v1/admin/users/{userId}/activity',
      '/api/v1/concerts/{concertId}',
      '/api/v1/concerts/{concertId}/schedules',
      '/api/v1/concerts/{concertId}/seats',
      '/api/v1/concerts/{concertId}/seats/{seatNumber}/reserve',
      '/api/v1/concerts/available',
      '/api/v1/concerts/rankings/sold-out',
      '/api/v1/concerts/upcoming',
      '/api/v1/live',
      '/api/v1/me',
      '/api/v1/me/balance',
      '/api/v1/me/balance/charge',
      '/api/v1/me/balance/history',
      '/api/v1/me/payments',
      '/api/v1/me/reservations',
      '/api/v1/me/token',
      '/api/v1/payments',
      '/api/v1/payments/{paymentId}',
      '/api/v1/payments/{paymentId}/refund',
      '/api/v1/queue/status',
      '/api/v1/queue/token',
      '/api/v1/queue/tokens',
      '/api/v1/queue/tokens/{token}',
      '/api/v1/queue/tokens/{token}/activate',
      '/api/v1/queue/tokens/{token}/position',
      '/api/v1/reservations',
      '/api/v1/reservations/{reservationId}',
      '/api/v1/reservations/extend',
      '/api/v1/schedules/{scheduleId}/plan',
      '/api/v1/schedules/{scheduleId}/seats',
      '/api/v1/users',
      '/healthz',
      '/metrics',
      '/readyz',
    ],
  );
});

t.test('METRICS_PORT moves the figures off the public port', async (t) => {
  const port = await freePort();
  const api = await startTestService(t, await createTestDatabase(t), { METRICS_PORT: String(port) });
  t.match(await (await fetch(`${api.url}/metrics`)).json(), { status: 404, code: 'ROUTE_NOT_FOUND' });
  t.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /^# HELP /m);
  t.match(await (await fetch(`http://127.0.0.1:${port}/readyz`)).json(), { status: 404 });
});

t.test('while the database is away: 503 that say so, and after it all is well again', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const api = await startTestService(t, { ...database, url: proxy.url });
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const { queueToken: token } = fan;
  const { ADMIN_TOKEN } = testEnvironment(database);
  const date = { startsAt: '2100-01-01T19:00:00+09:00', seatCount: 5, price: 1_000 };
  const [leaving, newcomer] = [await enter(api, concertId), await register(api)];
  const calls = [
    ['POST', '/me/balance/charge', { amount: 1 }, token],
    ['POST', '/reservations', { scheduleId, seatNumber: 1 }, token],
    ['POST', '/payments', { scheduleId, seatNumber: 1 }, token],
    ['POST', '/users', { name: 'a', email: 'away@example.com' }, token],
    ['POST', '/queue/tokens', { concertId }, newcomer.accessToken],
    ['DELETE', `/queue/tokens/${leaving.queueToken}`, undefined, leaving.queueToken],
    ['POST', `/admin/concerts/${concertId}/schedules`, date, ADMIN_TOKEN],
    ['GET', '/me/balance', undefined, token],
    ['GET', '/me/reservations', undefined, token],
    ['GET', '/concerts/available', undefined, token],
    ['GET', `/schedules/${scheduleId}/seats`, undefined, token],
  ] as const;
  const askAll = () =>
    Promise.all(
      calls.map(async ([method, path, body, bearer]) => {
        const started = performance.now();
        const answer = await api.call(method, path, { token: bearer, ...(body === undefined ? {} : { body }) });
        const tookMs = performance.now() - started;
        t.equal(answer.status, 503, path);
        t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/, path);
        t.match(answer.body['outcome'], /^(none|unknown)$/, path);
        t.ok(tookMs < ANSWER_LIMIT_MS, `${method} ${path} took ${Math.round(tookMs)} ms`);
        t.notMatch(JSON.stringify(answer.body), /postgres|127\.0\.0\.1|test_|SELECT/);
      }),
    );

  // A request that takes a connection opened earlier waits longest.
  await Promise.all(Array.from({ length: 40 }, () => api.call('GET', '/me/reservations', { token })));
  proxy.muteServer();
  await askAll();
  const ready = () => fetch(`${api.url}/readyz`);
  const refused = await waitFor(
    async () => {
      const response = await ready();
      return response.status === 503 ? response : null;
    },
    { what: 'readyz to say so' },
  );
  const problem = (await refused.json()) as Record<string, unknown>;
  t.match(problem, { status: 503, outcome: 'none', reasons: [/./] });
  t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/);
  t.notMatch(JSON.stringify(problem), /postgres|127\.0\.0\.1|test_/);
  t.equal((await fetch(`${api.url}/healthz`)).status, 200);
  await askAll();
  proxy.cut();
  await waitFor(async () => (await ready()).status === 200, { what: 'readiness', deadlineMs: 10_000 });
  const held = await waitFor(
    async () => {
      const answer = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 2 } });
      return answer.status < 300 ? answer : null;
    },
    { what: 'a hold' },
  );
  t.match(held.body, { seatNumber: 2, status: 'HELD' });
});

t.test('requests are limited by user and, more widely, by address; probes are not', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t), { RATE_LIMIT_PER_MINUTE: '10' });
  const { concertId } = await openSale(api);
  const [fan, other] = [await enter(api, concertId), await enter(api, concertId)];
  const statuses = [];
  for (let count = 0; count < 12; count += 1) {
    const token = count % 2 === 0 ? fan.accessToken : fan.queueToken;
    statuses.push((await api.call('GET', '/me', { token })).status);
  }
  t.equal(statuses.filter((status) => status === 200).length, 9, 'entering the queue was the first of ten');
  const limited = await api.call('GET', '/me', { token: fan.accessToken });
  t.match(limited, { status: 429, body: { code: 'RATE_LIMITED' } });
  const seconds = Number(limited.headers.get('retry-after'));
  t.ok(seconds >= 1 && seconds <= 60, `${seconds} s`);
  t.equal((await api.call('GET', '/me', { token: other.accessToken })).status, 200);
  const flood = await Promise.all(Array.from({ length: 220 }, () => api.call('GET', '/concerts/available')));
  t.ok(flood.some(({ status }) => status === 200));
  const last = flood.filter(({ status }) => status === 429);
  t.ok(last.length > 0);
  for (const { headers } of last) t.match(headers.get('retry-after'), /^[1-9]\d?$/);
  for (const path of ['/healthz', '/readyz']) {
    t.equal((await fetch(api.url + path)).status, 200, `${path} is for machines that may share the address`);
  }
  // The allowance fills up again meanwhile, by three requests a second.
  const nowhere = await Promise.all(Array.from({ length: 40 }, () => fetch(`${api.url}/nowhere`)));
  t.ok(
    nowhere.some(({ status }) => status === 429),
    'what is not there is not free',
  );
});
