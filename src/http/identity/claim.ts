import type { FastifyRequest } from 'fastify';
import type { IdempotencyClaim } from '../../domain/idempotency.ts';
import { fingerprintOf } from '../../booking/idempotency.ts';

/** The claim of the request's `Idempotency-Key`, or null without one. `route` is method and pattern. */
export function claimOf(request: FastifyRequest, route: string): IdempotencyClaim | null {
  const key = request.raw.headers['idempotency-key'];
  // Node joins repeated headers with a comma and a space, which the header's schema refuses.
  if (typeof key !== 'string') return null;
  // When the body is optional, an empty one is the same request as none.
  return { key, fingerprint: fingerprintOf(route, request.params, request.body ?? {}) };
}
