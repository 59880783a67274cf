import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Responder } from './responder.ts';

/** Answers a browser's request for an unknown page. */
export type SendUnknownPage = (reply: FastifyReply) => Promise<void>;

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];

/**
 * Answers requests without a route: 405 with `Allow` when the path has another method, else 404. People who mistyped an address
 * get a page; the API and the files of the pages stay with problem documents.
 */
export function answerUnknownRoutes(
  app: FastifyInstance,
  responder: Responder,
  sendPage: SendUnknownPage | null = null,
): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = (request.raw.url ?? '').split('?', 1)[0] ?? '';
    const allowed = METHODS.filter((method) => app.findRoute({ method, url: path }) !== null);
    if (allowed.length === 0) {
      const isForPeople =
        (request.method === 'GET' || request.method === 'HEAD') && !path.startsWith('/api/') && acceptsHtml(request);
      if (sendPage !== null && isForPeople) await sendPage(reply);
      else responder.refuse(reply, { code: 'ROUTE_NOT_FOUND', members: {} });
      return reply;
    }
    reply.header('allow', [...allowed, 'OPTIONS'].join(', '));
    if (request.method === 'OPTIONS') reply.code(204).send();
    else responder.refuse(reply, { code: 'METHOD_NOT_ALLOWED', members: {} });
    return reply;
  });
}

/** Browsers name HTML when they open an address; clients of an API do not. */
function acceptsHtml({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true;
}
