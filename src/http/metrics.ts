import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { FaultCode, RejectionCode } from '../errors.ts';

/** Answers take 0.2 ms from memory, some milliseconds with a commit, and at most 10 s in a fault. */
const LATENCY_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Metrics {
  /** Other parts register their collectors here. */
  readonly registry: Registry;
  /** Counts an answer under the route's pattern; never under a path, which can hold a token. */
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  countRefusal(code: RejectionCode | FaultCode | 'INTERNAL_ERROR'): void;
}

/** A registry with the process's own figures (event-loop delay, memory, collection pauses) and those of HTTP. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const latency = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS_SECONDS,
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'http_refusals_total',
    help: 'Answers that were problem documents, by code.',
    labelNames: ['code'],
    registers: [registry],
  });

  // Both are bounded by the number of routes and codes; a resolved child spares the look-up of its labels.
  const latencies = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>();
  const refusalsByCode = new Map<string, Counter.Internal>();

  return {
    registry,
    observeRequest(method, route, status, seconds) {
      const statusClass = `${(status / 100) | 0}xx`;
      const key = `${method} ${route} ${statusClass}`;
      let child = latencies.get(key);
      if (child === undefined) {
        child = latency.labels(method, route, statusClass);
        latencies.set(key, child);
      }
      child.observe(seconds);
    },
    countRefusal(code) {
      let child = refusalsByCode.get(code);
      if (child === undefined) {
        child = refusals.labels(code);
        refusalsByCode.set(code, child);
      }
      child.inc();
    },
  };
}
