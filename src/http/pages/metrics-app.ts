import type { FastifyInstance } from 'fastify';
import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createErrorHandler } from '../answers/error-handler.ts';
import { closeGracefully } from '../hooks/graceful-close.ts';
import type { Metrics } from './metrics.ts';
import { answerUnknownRoutes } from '../answers/not-found.ts';
import { createResponder } from '../answers/responder.ts';
import { metricsRoute } from '../routes/operations.ts';
import { createServer } from '../server.ts';
import { stampAnswers } from '../hooks/stamp-answers.ts';

/** Scrapers and their operators; each has a connection or two. */
export const METRICS_CONNECTIONS = 32;

/** Serves only `GET /metrics`, for a port that the public cannot reach. It does not listen. */
export function createMetricsApp({
  metrics,
  log,
  clock,
  databaseClock,
}: {
  metrics: Metrics;
  log: Log;
  clock: Clock;
  databaseClock: DatabaseClock;
}): FastifyInstance {
  const responder = createResponder({ metrics, log, clock });
  const handleError = createErrorHandler(responder);
  const app = createServer({
    trustProxy: [],
    handleError,
    mayUpgrade: () => false,
    connections: { perAddress: 0, inAll: METRICS_CONNECTIONS },
    onConnectionRefused: (limit) => metrics.countRefusedConnection(limit),
  });
  closeGracefully(app, clock, () => false);
  stampAnswers(app, responder, databaseClock);
  app.setErrorHandler(handleError);
  metricsRoute(app, metrics, clock);
  answerUnknownRoutes(app, responder);
  return app;
}
