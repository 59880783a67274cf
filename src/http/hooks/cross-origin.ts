import type { FastifyInstance } from 'fastify';
import { varyBy } from '../answers/vary.ts';

const ALLOWED_METHODS = 'GET, HEAD, POST, PATCH, DELETE';
const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-None-Match, Accept-Language';
const EXPOSED_HEADERS = 'ETag, Retry-After, X-Request-Id, Idempotency-Replayed, Content-Language';
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/**
 * Lets the pages of the named other origins read answers, by exact match. Pages must set the token's header themselves, so the
 * service allows no credentials, and no page can forge a request with a browser's cookies.
 */
export function allowOrigins(app: FastifyInstance, allowedOrigins: readonly string[]): void {
  const allowed = new Set(allowedOrigins);
  if (allowed.size === 0) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.raw.headers;
    varyBy(reply, 'Origin');
    if (origin !== undefined && allowed.has(origin)) {
      reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', EXPOSED_HEADERS);
    }
    done();
  });
}

/** Answers the browsers' preflight requests for those pages. Call this after `allowOrigins`. */
export function answerPreflights(app: FastifyInstance, allowedOrigins: readonly string[]): void {
  if (allowedOrigins.length === 0) return;
  app.addHook('onRequest', (request, reply, done) => {
    const isPreflight =
      request.method === 'OPTIONS' && request.raw.headers['access-control-request-method'] !== undefined;
    if (!isPreflight || !reply.hasHeader('access-control-allow-origin')) {
      done();
      return;
    }
    reply
      .header('access-control-allow-methods', ALLOWED_METHODS)
      .header('access-control-allow-headers', ALLOWED_HEADERS)
      .header('access-control-max-age', PREFLIGHT_MAX_AGE_SECONDS)
      .code(204)
      .send();
  });
}
