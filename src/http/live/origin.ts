import type { FastifyRequest } from 'fastify';

/**
 * Whether a page may open a socket: pages of the service's own origin and of the allowed ones may, by exact match. Browsers
 * send the origin but no preflight request, so this check is what keeps the pages of other sites out. A client that sends no
 * origin is no browser. A request without a host matches no own origin.
 */
export function isOriginAllowed(request: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  const { origin } = request.raw.headers;
  if (origin === undefined) return true;
  const isOwn = request.host !== '' && origin === `${request.protocol}://${request.host}`;
  return isOwn || allowedOrigins.includes(origin);
}
