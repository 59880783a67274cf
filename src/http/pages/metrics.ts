import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../../runtime/clock.ts';
import type { FaultCode, RejectionCode } from '../../domain/errors.ts';
import { createFigures } from '../../runtime/figures.ts';
import type { ConnectionLimits } from '../hooks/connection-caps.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** Answers take 0.2 ms from memory, some milliseconds with a commit, and at most 10 s in a fault. */
const LATENCY_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LIMIT_LABELS = { perAddress: 'address', inAll: 'all' } as const satisfies Record<keyof ConnectionLimits, string>;

export interface Metrics {
  /** Other parts register their collectors here. */
  readonly registry: Registry;
  /** An observer of one route's answers, by the route's pattern; never by a path, which can contain a token. */
  observerOf(method: string, route: string): (status: number, seconds: number) => void;
  countRefusal(code: RefusalCode): void;
  /** Counts a connection that was closed because its address, or all addresses together, had too many. */
  countRefusedConnection(limit: keyof ConnectionLimits): void;
  /** The counts since start. */
  totals(): AnswerTotals;
  /** Sets the function that counts the open live sockets. */
  countLiveSockets(count: () => number): void;
  /** Open live sockets; null before `countLiveSockets`. */
  liveSockets(): number | null;
}

export type RefusalCode = RejectionCode | FaultCode | 'INTERNAL_ERROR';

export interface AnswerTotals {
  /** Answers of routes, including refusals. */
  readonly answers: number;
  /** Answers that were problem documents; the number of codes bounds the map. */
  readonly refusals: ReadonlyMap<RefusalCode, number>;
}

/** Creates a registry with the process's own figures (event-loop delay, memory, collection pauses) and those of HTTP. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const latency = new LatencyHistogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to its answer.',
    boundsSeconds: LATENCY_BUCKETS_SECONDS,
    registry,
  });
  const refusedConnections = new Counter({
    name: 'http_connections_refused_total',
    help: 'Connections that were closed on arrival because there were too many, by the limit that they would have exceeded.',
    labelNames: ['limit'],
    registers: [registry],
  });
  for (const limit of Object.values(LIMIT_LABELS)) refusedConnections.inc({ limit }, 0);
  let openSockets: (() => number) | null = null;
  const counted = new Map<RefusalCode, number>();
  createFigures(registry).labelled(
    'http_refusals_total',
    'Answers that were problem documents, by code.',
    ['code'],
    () => [...counted].map(([code, count]) => [{ code }, count]),
  );

  return {
    registry,
    observerOf(method, route) {
      const observers: ((seconds: number) => void)[] = [];
      return (status, seconds) => {
        const statusClass = Math.trunc(status / 100);
        const observe = (observers[statusClass] ??= latency.observerOf({ method, route, status: `${statusClass}xx` }));
        observe(seconds);
      };
    },
    countRefusal(code) {
      counted.set(code, (counted.get(code) ?? 0) + 1);
    },
    countRefusedConnection(limit) {
      refusedConnections.inc({ limit: LIMIT_LABELS[limit] });
    },
    countLiveSockets(count) {
      openSockets = count;
    },
    liveSockets: () => openSockets?.() ?? null,
    totals: () => ({ answers: latency.observations(), refusals: counted }),
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    arrivedMs: number;
  }
}

/**
 * Measures every route that is registered after this call, until its answer is handed to the socket. Waiting for the end of the
 * write would need two listeners for each request.
 */
export function observeRoutes(app: FastifyInstance, metrics: Metrics, clock: Clock): void {
  app.decorateRequest('arrivedMs', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedMs = clock.monotonicMs();
    done();
  });
  app.addHook('onRoute', (route) => {
    const observe = metrics.observerOf(String(route.method), route.url);
    const others = route.onSend ?? [];
    route.onSend = [
      ...(Array.isArray(others) ? others : [others]),
      (request, reply, payload, done) => {
        observe(reply.statusCode, (clock.monotonicMs() - request.arrivedMs) / 1000);
        done(null, payload);
      },
    ];
  });
}
