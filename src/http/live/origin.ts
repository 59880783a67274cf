import type { FastifyRequest } from 'fastify';

/**
 * Whether a page may open a socket: pages of the service's own origin, and of the allowed ones, by exact match. Browsers
 * tell the origin and do not ask the server before, so this is what keeps other sites' pages out. What sends none is no
 * browser. Who names no host names no origin of ours.
 */
export function isOriginAllowed(request: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  const { origin } = request.raw.headers;
  if (origin === undefined) return true;
  const isOwn = request.host !== '' && origin === `${request.protocol}://${request.host}`;
  return isOwn || allowedOrigins.includes(origin);
}
