import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { RequestError } from '../answers/request-error.ts';

/** `application/json`, with no parameter but a charset that is UTF-8. */
const JSON_TYPE = /^application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*;?\s*)?)?$/i;

/**
 * Bodies are JSON in UTF-8 and nothing else. An empty one is a missing one: whether it may be missing is for the route's
 * schema to say. Members that would reach a prototype stay errors.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { headers } = request.raw;
    const type = headers['content-type'];
    if (type !== 'application/json' && (type === undefined || !JSON_TYPE.test(type))) {
      done(new RequestError('UNSUPPORTED_MEDIA_TYPE'));
      return;
    }
    if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
      done(new RequestError('UNSUPPORTED_MEDIA_TYPE'));
      return;
    }
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    // Decoding would replace what is no UTF-8 in silence, and so store what nobody wrote.
    if (!isUtf8(body)) {
      done(RequestError.malformed('body', '', 'is not UTF-8'));
      return;
    }
    void parse(request, body.toString('utf8'), (error, value: unknown) => {
      // A missing body is validated as null, so a null that was sent must not pass for one.
      if (value === null) done(RequestError.malformed('body', '', 'must not be null'));
      else done(error, value);
    });
  });
}
