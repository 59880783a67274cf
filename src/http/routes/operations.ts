import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Readiness } from '../../health/readiness.ts';
import type { Closing } from '../hooks/graceful-close.ts';
import type { Metrics } from '../pages/metrics.ts';
import { Health, Ready } from '../schemas/operations.ts';
import type { App, Services } from '../services.ts';

/** Probes and metrics, at the root: they are for machines around the service, not for its callers. */
export function operationsRoutes(
  app: App,
  { readiness, responder, metrics, clock, options }: Services,
  closing: Closing,
): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'The process is alive',
        description: 'Answers without the database; a process that does not answer should be restarted.',
        tags: ['operations'],
        response: { 200: Health },
      },
    },
    (_request, reply) => {
      reply.send({ status: 'ok' });
    },
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'This node may serve',
        description:
          'A node that may not serve answers 503 and lists why in `reasons`: for instance it is draining, has no database, or its database refuses writes.',
        tags: ['operations'],
        response: { 200: Ready },
      },
      config: { refuses: ['OWNER_UNAVAILABLE', 'STORE_UNAVAILABLE'] },
    },
    (_request, reply) => {
      const { ready, reasons, degraded } = closing.hasBegun() ? draining(readiness()) : readiness();
      if (ready) {
        reply.send({ status: 'ready', degraded: [...degraded] });
        return;
      }
      const isStoreAway = reasons.includes('database') || reasons.includes('the database refuses writes');
      const code = isStoreAway ? 'STORE_UNAVAILABLE' : 'OWNER_UNAVAILABLE';
      responder.fail(reply, code, 'none', { reasons, degraded });
    },
  );

  if (options.metricsOnPublicPort) metricsRoute(app, metrics, clock);
}

/** Gathering takes 46 ms with 1 500 lines; callers within this time share one text. Prometheus scrapes every 15 s or so. */
const METRICS_SHARED_MS = 1_000;

/** `GET /metrics`, on the public or the internal port. The figures are at most a second old. */
export function metricsRoute(app: FastifyInstance, { registry }: Metrics, clock: Clock): void {
  let gatheredAtMs = Number.NEGATIVE_INFINITY;
  let gathered = Promise.resolve(Buffer.alloc(0));

  const answers = { 200: { description: 'Figures', content: { 'text/plain': { schema: { type: 'string' } } } } };
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Figures for Prometheus',
        description: 'Prometheus text. METRICS_PORT moves it to a port of its own.',
        tags: ['operations'],
      },
      config: { answers },
    },
    async (_request, reply) => {
      const nowMs = clock.monotonicMs();
      if (nowMs - gatheredAtMs >= METRICS_SHARED_MS) {
        gatheredAtMs = nowMs;
        gathered = registry.metrics().then((text) => Buffer.from(text));
      }
      reply.header('content-type', registry.contentType).send(await gathered);
    },
  );
}

function draining({ reasons, degraded }: Readiness): Readiness {
  return { ready: false, reasons: reasons.includes('draining') ? reasons : ['draining', ...reasons], degraded };
}
