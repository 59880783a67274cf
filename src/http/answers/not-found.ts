import type { FastifyInstance, HTTPMethods } from 'fastify';
import type { Responder } from './responder.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];

/** Answers requests without a route: 405 with `Allow` when the path has another method, else 404. */
export function answerUnknownRoutes(app: FastifyInstance, responder: Responder): void {
  app.setNotFoundHandler((request, reply) => {
    const path = (request.raw.url ?? '').split('?', 1)[0] ?? '';
    const allowed = METHODS.filter((method) => app.findRoute({ method, url: path }) !== null);
    if (allowed.length === 0) {
      responder.refuse(reply, { code: 'ROUTE_NOT_FOUND', members: {} });
      return;
    }
    reply.header('allow', [...allowed, 'OPTIONS'].join(', '));
    if (request.method === 'OPTIONS') reply.code(204).send();
    else responder.refuse(reply, { code: 'METHOD_NOT_ALLOWED', members: {} });
  });
}
