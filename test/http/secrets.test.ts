import t from 'tap';
import { createMetricsApp } from '../../src/http/pages/metrics-app.ts';
import { createDatabaseClock } from '../../src/runtime/database-clock.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Fault } from '../../src/domain/errors.ts';
import { ADMIN_TOKEN, AUTH_SECRET, startFakeService } from './fake-service.ts';

t.test('no token appears in a log, a figure or a problem', async (t) => {
  const lines: string[] = [];
  const keep = (fields: object, message?: string): void => {
    lines.push(
      JSON.stringify(fields, (_name, value: unknown) => (value instanceof Error ? `${value.stack}` : value)),
      message ?? '',
    );
  };
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const { call, shopper, dependencies } = await startFakeService(t, { log });
  const fan = await shopper();
  const forged = `fq_forged.${'x'.repeat(43)}`;
  const secrets = [fan.accessToken, fan.queueToken, ADMIN_TOKEN, AUTH_SECRET, forged];

  const problems: string[] = [];
  for (const token of [fan.queueToken, forged]) {
    for (const error of [null, new Fault('QUEUE_UNAVAILABLE', 'none'), new TypeError('a bug')]) {
      if (error !== null) {
        Object.assign(dependencies.room, {
          status: () => Promise.reject(error),
          activate: () => Promise.reject(error),
          leave: () => Promise.reject(error),
        });
      }
      const answers = [
        await call('GET', `/queue/tokens/${token}/position`),
        await call('GET', `/queue/tokens/${token}/position?x=${token}`),
        await call('PATCH', `/queue/tokens/${token}/activate`, { body: { [token]: 1 } }),
        await call('PATCH', `/queue/tokens/${token}/activate`),
        await call('POST', `/queue/tokens/${token}`, { body: {} }),
        await call('GET', `/queue/tokens/${token}/${token}`),
        await call('GET', '/queue/status', { token }),
        await call('DELETE', `/queue/tokens/${token}`),
      ];
      problems.push(...answers.filter(({ statusCode }) => statusCode >= 400).map(({ body }) => body));
    }
  }
  await call('GET', '/admin/overview', { token: ADMIN_TOKEN.slice(1) });
  const figures = (await call('GET', '//metrics')).body;
  t.ok(lines.length > 0 && problems.length > 10 && figures.length > 0);
  for (const secret of secrets) {
    t.notOk(
      lines.some((line) => line.includes(secret)),
      'log',
    );
    t.notOk(figures.includes(secret), 'figures');
    // The name of an unknown member is the caller's own word, sent back to the caller alone and cut off.
    t.notOk(
      problems.some((problem) => problem.includes(secret) && !problem.includes('알 수 없는 항목입니다')),
      'problem',
    );
  }
  t.match(figures, /route="\/api\/v1\/queue\/tokens\/:token\/position"/, 'figures name the route');
});

t.test('figures can be had on a port of their own instead of the public one', async (t) => {
  const { call, dependencies } = await startFakeService(t, { options: { metricsOnPublicPort: false } });
  t.match((await call('GET', '//metrics')).json(), { status: 404, code: 'ROUTE_NOT_FOUND' });
  const { metrics } = dependencies;
  const app = createMetricsApp({
    metrics,
    log: silentLog,
    clock: systemClock,
    databaseClock: createDatabaseClock(systemClock),
  });
  t.teardown(() => app.close());
  const answer = await app.inject('/metrics');
  t.match(answer.body, /http_refusals_total\{code="ROUTE_NOT_FOUND"\} 1/);
  t.match((await app.inject('/api/v1/me')).json(), { code: 'ROUTE_NOT_FOUND' });
});

t.test('a node that may not serve says why, and one that closes says so too', async (t) => {
  const { call } = await startFakeService(t, {
    dependencies: { readiness: () => ({ ready: false, reasons: ['database'], degraded: ['queue'] }) },
  });
  const answer = await call('GET', '//readyz');
  t.equal(answer.statusCode, 503);
  t.equal(answer.headers['retry-after'], '1');
  t.match(answer.json(), { code: 'STORE_UNAVAILABLE', outcome: 'none', reasons: ['database'], degraded: ['queue'] });
  const degraded = await startFakeService(t, {
    dependencies: { readiness: () => ({ ready: true, reasons: [], degraded: ['queue'] }) },
  });
  t.same((await degraded.call('GET', '//readyz')).json(), { status: 'ready', degraded: ['queue'] });
});
