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
  /** Node gives a Buffer, or nothing. */
  readonly rawPacket?: unknown;
}

/**
 * Answers, where it still can, what the HTTP parser refuses before there is a request. Nothing is known of the caller's
 * language, so it is Korean. The connection ends: what follows on it cannot be told apart any more.
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
  // Destroyed at once, the answer could be lost to the reset that unread bytes cause.
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

/** Whether all that was received is one line that begins like a request: then its target was too long, not its headers. */
function isRequestLine(packet: unknown): boolean {
  return Buffer.isBuffer(packet) && /^[A-Z]+ [^\r\n]*$/.test(packet.subarray(0, 8_192).toString('latin1'));
}

/** An answer that has begun cannot be followed by another one in the middle of it. */
function hasAnswerUnderWay(socket: Socket): boolean {
  if (!('_httpMessage' in socket)) return false;
  const message = socket._httpMessage;
  return typeof message === 'object' && message !== null && 'headersSent' in message && message.headersSent === true;
}
