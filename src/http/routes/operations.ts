import type { FastifyInstance } from 'fastify';
import type { Readiness } from '../../health/readiness.ts';
import type { Closing } from '../hooks/graceful-close.ts';
import type { Metrics } from '../pages/metrics.ts';
import { Health, Ready } from '../schemas/operations.ts';
import type { App, Services } from '../services.ts';

/** Probes and figures, at the root: they are for machines around the service, not for its callers. */
export function operationsRoutes(
  app: App,
  { readiness, responder, metrics, options }: Services,
  closing: Closing,
): void {
  app.get(
    '/healthz',
    { schema: { summary: 'The process is alive', tags: ['operations'], response: { 200: Health } } },
    (_request, reply) => {
      reply.send({ status: 'ok' });
    },
  );

  app.get(
    '/readyz',
    {
      schema: { summary: 'This node may serve', tags: ['operations'], response: { 200: Ready } },
      config: { refuses: ['OWNER_UNAVAILABLE', 'STORE_UNAVAILABLE'] },
    },
    (_request, reply) => {
      const { ready, reasons, degraded } = closing.hasBegun() ? draining(readiness()) : readiness();
      if (ready) {
        reply.send({ status: 'ready', degraded: [...degraded] });
        return;
      }
      const code = reasons.includes('database') ? 'STORE_UNAVAILABLE' : 'OWNER_UNAVAILABLE';
      responder.fail(reply, code, 'none', { reasons, degraded });
    },
  );

  if (options.metricsOnPublicPort) metricsRoute(app, metrics);
}

/** `GET /metrics`, on whichever instance it belongs. */
export function metricsRoute(app: FastifyInstance, { registry }: Metrics): void {
  const answers = { 200: { description: 'Figures', content: { 'text/plain': { schema: { type: 'string' } } } } };
  app.get(
    '/metrics',
    { schema: { summary: 'Figures for Prometheus', tags: ['operations'] }, config: { answers } },
    async (_request, reply) => {
      const text = await registry.metrics();
      reply.header('content-type', registry.contentType).send(text);
    },
  );
}

function draining({ reasons, degraded }: Readiness): Readiness {
  return { ready: false, reasons: reasons.includes('draining') ? reasons : ['draining', ...reasons], degraded };
}
