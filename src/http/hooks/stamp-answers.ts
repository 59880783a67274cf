import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { FixedFault } from '../answers/fault-words.ts';
import { malformed } from '../answers/request-error.ts';
import type { DatabaseClock } from '../../runtime/clock.ts';
import type { Responder } from '../answers/responder.ts';

export const REQUEST_ID_HEADER = 'x-request-id';

/** The longest path of the API has 130 characters, and the longest query not many more. */
const URL_LIMIT = 2_048;
/** For this host only: frontrow does not know whether its subdomains have TLS. */
const TLS_ONLY = 'max-age=31536000';
const MS_PER_SECOND = 1_000;
/** An encoded digit: an id in a path has only one spelling. */
const ENCODED_DIGIT = /^[^?]*%3\d/;

/** A name or an IP address, with an optional port (RFC 9110 7.2); empty when the target has no authority. */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** Why the request's `Host` is unusable, or null. With two of them, a proxy and this service could see different hosts. */
function faultOfHost({ headers, httpVersion, rawHeaders }: IncomingMessage): FixedFault | null {
  const { host } = headers;
  if (host === undefined) return httpVersion === '1.1' ? 'is missing' : null;
  if (!HOST.test(host)) return 'is not a host';
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count > 1 ? 'is given more than once' : null;
}

/**
 * The text of a `Date` header by the database's clock, which all nodes share: clients take the service's time from it. Null
 * while that clock is unknown; Node then sends the time of this machine's clock. The text is made once a second.
 */
function createHttpDate(databaseClock: DatabaseClock): () => string | null {
  let second = Number.NaN;
  let text: string | null = null;
  return () => {
    const now = Math.floor(databaseClock.lowerMs() / MS_PER_SECOND);
    if (now !== second) {
      second = now;
      text = Number.isFinite(now) ? new Date(now * MS_PER_SECOND).toUTCString() : null;
    }
    return text;
  };
}

/** Sets the headers that all answers share, and refuses targets that no route can match. */
export function stampAnswers(app: FastifyInstance, responder: Responder, databaseClock: DatabaseClock): void {
  const httpDate = createHttpDate(databaseClock);
  app.addHook('onRequest', (request, reply, done) => {
    reply
      .header(REQUEST_ID_HEADER, request.id)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store');
    const { raw } = request;
    // Fastify believes the header only of a trusted proxy; most requests lack it.
    if (raw.headers['x-forwarded-proto'] !== undefined && request.protocol === 'https') {
      reply.header('strict-transport-security', TLS_ONLY);
    }
    const date = httpDate();
    if (date !== null) reply.header('date', date);
    if (raw.url !== undefined && raw.url.length > URL_LIMIT) {
      responder.refuse(reply, { code: 'URI_TOO_LONG', members: {} });
      return;
    }
    if (raw.url?.includes('%') && ENCODED_DIGIT.test(raw.url)) {
      responder.refuse(reply, { code: 'VALIDATION_FAILED', members: malformed('path', '', 'has an encoded digit') });
      return;
    }
    const fault = faultOfHost(raw);
    if (fault !== null) {
      responder.refuse(reply, { code: 'VALIDATION_FAILED', members: malformed('header', '/host', fault) });
      return;
    }
    done();
  });
}
