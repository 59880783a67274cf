import type { AddressInfo } from 'node:net';
import t from 'tap';
import { createWorkerProcess } from '../../harness/process/worker-process.ts';
import { createMetrics } from '../../src/http/pages/metrics.ts';
import type { ReaderCalls } from '../fixtures/reader-process.ts';
import { startFakeService } from './fake-service.ts';

/** Requests of one measurement; the cheapest of several measurements counts, because other processes disturb them. */
const REQUESTS = 20;
const ROUNDS = 5;
/**
 * CPU of a request, in those of `/healthz`, which does nothing. Answers that were read, encoded or gathered anew for each
 * caller took from 14 (the page) to 600 (the script of the API reference) of them.
 */
const CPU_BUDGET = 12;
/** Below this an answer of its own for each caller is no danger, however many callers do not read. */
const OWN_BYTES_LIMIT = 16_384;
const FILES = { '/assets/*': ['/assets/main.js', '/assets/styles/page.css'] };

t.test('no route costs much CPU or memory of its own to a caller without a token', async (t) => {
  const routes = new Set<string>();
  const metrics = createMetrics();
  // Sixteen hundred lines of metrics, as a node has that serves.
  for (let route = 0; route < 100; route += 1) metrics.observerOf('GET', `/some/route/${route}`)(200, 0.001);
  const { app } = await startFakeService(t, {
    dependencies: {
      metrics: {
        ...metrics,
        observerOf(method, url) {
          if (method === 'GET') routes.add(url);
          return metrics.observerOf(method, url);
        },
      },
    },
  });
  const payloads: unknown[] = [];
  app.addHook('onSend', (_request, _reply, payload, done) => {
    payloads.push(payload);
    done();
  });

  async function cpuOf(url: string): Promise<number> {
    let cheapest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = process.cpuUsage();
      await reader.call('read', { port, path: url, count: REQUESTS });
      const { user, system } = process.cpuUsage(before);
      cheapest = Math.min(cheapest, (user + system) / REQUESTS);
    }
    return cheapest;
  }

  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const reader = createWorkerProcess<ReaderCalls>(new URL('../fixtures/reader-process.ts', import.meta.url));
  t.teardown(() => reader.close());
  await reader.call('read', { port, path: '/healthz', count: 2 * REQUESTS });
  const urls = [...routes].flatMap((route) =>
    route in FILES ? FILES[route as keyof typeof FILES] : [route.replaceAll(/:\w+/g, '1')],
  );
  for (const url of ['/', '/ops', '/docs', '/docs/assets/js/scalar.js', '/openapi.json', '/metrics', '/assets/main.js'])
    t.ok(urls.includes(url), `${url} is among the ${urls.length} routes`);
  for (const url of urls) {
    await app.inject({ method: 'GET', url });
    payloads.length = 0;
    const answer = await app.inject({ method: 'GET', url });
    await app.inject({ method: 'GET', url });
    if (answer.rawPayload.length > OWN_BYTES_LIMIT) t.equal(payloads[0], payloads[1], `${url} has one copy for all`);
    const idle = await cpuOf('/healthz');
    const cost = (await cpuOf(url)) / idle;
    t.ok(cost <= CPU_BUDGET, `${url} costs ${cost.toFixed(1)} times /healthz (${idle.toFixed(0)} µs)`);
  }
});
