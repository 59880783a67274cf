import type { FastifyRequest } from 'fastify';

const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/**
 * Whether the request is a probe of a balancer or supervisor. Its decisions concern the whole node, it may share an address
 * with callers, and an answer costs next to nothing.
 */
export function isProbe(request: FastifyRequest): boolean {
  return PROBES.has(request.raw.url);
}
