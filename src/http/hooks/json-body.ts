import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { RequestError } from '../answers/request-error.ts';

/** `application/json`, with no parameter but a charset that is UTF-8. */
const JSON_TYPE = /^application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*;?\s*)?)?$/i;

/** What every number with a fraction or an exponent contains; text may contain it too. */
const FRACTION_OR_EXPONENT = /[0-9][.eE]/;
const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;

/**
 * The JSON pointer of a number that is not written as an integer, or null. No member of the API has a fraction, and
 * JSON.parse rounds 1.0000000000000000001 to 1 before any schema sees it.
 */
function findFraction(text: string): string | null {
  /** The pointer below each object or list that contains one; members are visited before what contains them. */
  const below = new Map<unknown, string>();
  const read = function (this: unknown, key: string, value: unknown, context?: { readonly source?: string }): unknown {
    const source = context?.source;
    const pointer = below.get(value);
    const isFraction = typeof value === 'number' && source !== undefined && !INTEGER.test(source);
    if (isFraction || pointer !== undefined) {
      below.set(this, `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${pointer ?? ''}`);
    }
    return value;
  };
  const root: unknown = JSON.parse(text, read);
  return below.get(root) ?? null;
}

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
    const text = body.toString('utf8');
    void parse(request, text, (error, value: unknown) => {
      if (error === null && FRACTION_OR_EXPONENT.test(text)) {
        const place = findFraction(text);
        if (place !== null) {
          done(RequestError.malformed('body', place, 'must be written as an integer'));
          return;
        }
      }
      // A missing body is validated as null, so a null that was sent must not pass for one.
      if (value === null) done(RequestError.malformed('body', '', 'must not be null'));
      else done(error, value);
    });
  });
}
