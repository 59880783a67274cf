import { connect } from 'node:net';

/**
 * One keep-alive HTTP/1.1 connection with at most one request in flight. It reads what it needs of an answer (the status,
 * the length, the code of a refusal) and parses nothing else, because on two cores the CPU of the load is missing for
 * the server under measurement. Answers must carry a content-length, which Fastify's do.
 */
export interface LoadConnection {
  send(request: Buffer): void;
  close(): void;
}

export interface Answer {
  readonly status: number;
  /** The problem's `code`; null for 2xx. */
  readonly code: string | null;
  readonly body: string;
}

const READ_BUFFER_BYTES = 65_536;
const HEAD_END = '\r\n\r\n';
/** Fastify writes lower case; Node's answer to a request that its parser rejects has capitals. */
const LENGTH_HEADERS = ['\r\ncontent-length: ', '\r\nContent-Length: '] as const;

/**
 * Resolves once connected. `onAnswer` is called once for each request, `onLost` at most once. It ignores bytes that the server
 * sends without a request, before it ends an idle connection.
 */
export function openConnection(
  port: number,
  onAnswer: (answer: Answer) => void,
  onLost: (reason: Error) => void,
): Promise<LoadConnection> {
  return new Promise((resolve, reject) => {
    const readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
    let received = '';
    let connected = false;
    let isAsked = false;
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback(length) {
          if (!isAsked) return true;
          const text = readBuffer.toString('latin1', 0, length);
          received = received === '' ? text : received + text;
          const answer = parseAnswer(received);
          if (answer !== null) {
            received = '';
            isAsked = false;
            onAnswer(answer);
          }
          return true;
        },
      },
    });
    let lost = false;
    const lose = (reason: Error): void => {
      if (!connected) {
        reject(reason);
      } else if (!lost) {
        lost = true;
        onLost(reason);
      }
    };
    socket.on('error', lose);
    socket.on('close', () => lose(new Error('The server closed the connection.')));
    socket.on('connect', () => {
      connected = true;
      resolve({
        send(request) {
          isAsked = true;
          socket.write(request);
        },
        close() {
          lost = true;
          socket.destroy();
        },
      });
    });
  });
}

/** The answer in `text`, or null while it is incomplete. Throws on an answer that has no frame. */
export function parseAnswer(text: string): Answer | null {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const status = Number(text.slice(9, 12));
  const lengthAt = findLength(text, headEnd);
  if (lengthAt === null) {
    if (status === 204 || status === 304) return { status, code: null, body: '' };
    throw new Error(`An answer without content-length: ${text.slice(0, headEnd)}`);
  }
  const length = Number.parseInt(text.slice(lengthAt, headEnd), 10);
  if (text.length < headEnd + HEAD_END.length + length) return null;
  const body = text.slice(headEnd + HEAD_END.length);
  return { status, code: status < 400 ? null : (/"code":"([A-Z_]+)"/.exec(body)?.[1] ?? 'UNNAMED'), body };
}

/** Where in the head the length begins; null when the head has none. */
function findLength(text: string, headEnd: number): number | null {
  for (const header of LENGTH_HEADERS) {
    const at = text.indexOf(header);
    if (at >= 0 && at < headEnd) return at + header.length;
  }
  return null;
}
