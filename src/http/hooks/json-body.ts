import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { RequestError } from '../answers/request-error.ts';

/** `application/json`, with no parameter except a charset of UTF-8. */
const JSON_TYPE = /^application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*;?\s*)?)?$/i;

const CSV_TYPE = /^text\/csv\s*(?:;\s*(?:header\s*=\s*present\s*;?\s*)?(?:charset\s*=\s*"?utf-8"?\s*;?\s*)?)?$/i;

/** Every number with a fraction or an exponent contains this; text may contain it too. */
const FRACTION_OR_EXPONENT = /[0-9][.eE]/;
const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;

/**
 * The JSON pointer of a number that is not written as an integer, or null. Few members of the API have a fraction, and JSON.parse
 * rounds 1.0000000000000000001 to 1 before any schema sees it.
 */
function findFraction(text: string): string | null {
  /** The pointer below each object or list that contains one; members are visited before their containers. */
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

function refusalOf(headers: IncomingHttpHeaders, body: Buffer): RequestError | null {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return new RequestError('UNSUPPORTED_MEDIA_TYPE');
  // Decoding would silently replace invalid UTF-8, and so store text that no client sent.
  return isUtf8(body) ? null : RequestError.malformed('body', '', 'is not UTF-8');
}

/** Accepts CSV where the route does. */
function acceptTables(app: FastifyInstance): void {
  app.addContentTypeParser<Buffer>('text/csv', { parseAs: 'buffer' }, (request, body, done) => {
    const { headers } = request.raw;
    if (request.routeOptions.config.takesCsv !== true || !CSV_TYPE.test(headers['content-type'] ?? '')) {
      done(new RequestError('UNSUPPORTED_MEDIA_TYPE'));
      return;
    }
    const error = refusalOf(headers, body);
    if (error === null) done(null, body.toString('utf8'));
    else done(error);
  });
}

/**
 * Accepts only JSON in UTF-8, and CSV where the route does. An empty body counts as missing; the route's schema decides whether it may be. Members that would
 * reach a prototype stay errors.
 */
export function acceptBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  acceptTables(app);
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { headers } = request.raw;
    const type = headers['content-type'];
    if (type !== 'application/json' && (type === undefined || !JSON_TYPE.test(type))) {
      done(new RequestError('UNSUPPORTED_MEDIA_TYPE'));
      return;
    }
    const error = refusalOf(headers, body);
    if (error !== null) {
      done(error);
      return;
    }
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    const text = body.toString('utf8');
    void parse(request, text, (error, value: unknown) => {
      if (error === null && request.routeOptions.config.takesFractions !== true && FRACTION_OR_EXPONENT.test(text)) {
        const place = findFraction(text);
        if (place !== null) {
          done(RequestError.malformed('body', place, 'must be written as an integer'));
          return;
        }
      }
      // A missing body is validated as null, so a null in the request must not pass for one.
      if (value === null) done(RequestError.malformed('body', '', 'must not be null'));
      else done(error, value);
    });
  });
}
