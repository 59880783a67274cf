import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { RejectionCode, RejectionMembers } from '../../domain/errors.ts';
import { PROBLEM_MEDIA_TYPE, problemDocument, problemStatus } from '../answers/problem.ts';
import { malformed } from '../answers/request-error.ts';

/** Time for a refused caller to read the answer before the connection is cut. */
const LINGER_MS = 500;

interface ParserError extends Error {
  readonly code?: string;
  /** Node passes a Buffer or nothing. */
  readonly rawPacket?: unknown;
}

/**
 * Answers, where that is still possible, what the HTTP parser refuses before there is a request. The caller's language is
 * unknown, so the answer is Korean. The connection ends, because the rest of its bytes cannot be parsed.
 */
export function answerClientError(error: ParserError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || hasAnswerUnderWay(socket)) {
    socket.destroy();
    return;
  }
  const [code, members] = refusalOf(error);
  const status = problemStatus(code);
  const requestId = randomUUID();
  const body = problemDocument(code, 'ko', requestId, members);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n` +
      `Content-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Language: ko\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${requestId}\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
  // An immediate destroy could lose the answer: unread bytes cause a reset.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function refusalOf(error: ParserError): [RejectionCode, RejectionMembers] {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['REQUEST_TIMEOUT', {}];
    case 'HPE_HEADER_OVERFLOW':
      return [isRequestLine(error.rawPacket) ? 'URI_TOO_LONG' : 'HEADERS_TOO_LARGE', {}];
    default:
      return ['VALIDATION_FAILED', malformed('header', '', 'is not HTTP')];
  }
}

/** Whether the received bytes are one line that starts like a request: then its target was too long, not its headers. */
function isRequestLine(packet: unknown): boolean {
  return Buffer.isBuffer(packet) && /^[A-Z]+ [^\r\n]*$/.test(packet.subarray(0, 8_192).toString('latin1'));
}

/** No second answer may start in the middle of one that has begun. */
function hasAnswerUnderWay(socket: Socket): boolean {
  if (!('_httpMessage' in socket)) return false;
  const message = socket._httpMessage;
  return typeof message === 'object' && message !== null && 'headersSent' in message && message.headersSent === true;
}
