import type { FastifyInstance } from 'fastify';
import { malformed } from '../answers/request-error.ts';
import type { Responder } from '../answers/responder.ts';

export const REQUEST_ID_HEADER = 'x-request-id';

/** The longest path of the API has 130 characters, and the longest query not many more. */
const URL_LIMIT = 2_048;
/** A digit in another spelling: an id in a path has one only. */
const ENCODED_DIGIT = /^[^?]*%3\d/;

/** Puts on every answer what every answer has, and refuses targets that no route can mean. */
export function stampAnswers(app: FastifyInstance, responder: Responder): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply
      .header(REQUEST_ID_HEADER, request.id)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store');
    const { raw } = request;
    if (raw.url !== undefined && raw.url.length > URL_LIMIT) {
      responder.refuse(reply, { code: 'URI_TOO_LONG', members: {} });
      return;
    }
    if (raw.url?.includes('%') && ENCODED_DIGIT.test(raw.url)) {
      responder.refuse(reply, { code: 'VALIDATION_FAILED', members: malformed('path', '', 'has an encoded digit') });
      return;
    }
    if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
      responder.refuse(reply, { code: 'VALIDATION_FAILED', members: malformed('header', '/host', 'is missing') });
      return;
    }
    done();
  });
}
