import { connect } from 'node:net';

/**
 * One keep-alive HTTP/1.1 connection with at most one request in flight. It reads what it needs of an answer (the status,
 * the length, the code of a refusal) and parses nothing else, because on a machine of two cores whatever the load costs is taken from
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
/** In lower case, as Fastify writes it. */
const LENGTH_HEADER = '\r\ncontent-length: ';

/** Resolves once connected. `onAnswer` is called once for each request, `onLost` at most once. */
export function openConnection(
  port: number,
  onAnswer: (answer: Answer) => void,
  onLost: (reason: Error) => void,
): Promise<LoadConnection> {
  return new Promise((resolve, reject) => {
    const readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
    let received = '';
    let connected = false;
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback(length) {
          const text = readBuffer.toString('latin1', 0, length);
          received = received === '' ? text : received + text;
          const answer = parseAnswer(received);
          if (answer !== null) {
            received = '';
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
        send: (request) => void socket.write(request),
        close() {
          lost = true;
          socket.destroy();
        },
      });
    });
  });
}

/** The answer in `text`, or null while it is incomplete. Throws on what cannot be framed. */
export function parseAnswer(text: string): Answer | null {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) {
    return null;
  }
  const status = Number(text.slice(9, 12));
  const lengthAt = text.indexOf(LENGTH_HEADER);
  if (lengthAt < 0 || lengthAt > headEnd) {
    if (status === 204 || status === 304) {
      return { status, code: null, body: '' };
    }
    throw new Error(`An answer without content-length: ${text.slice(0, headEnd)}`);
  }
  const length = Number.parseInt(text.slice(lengthAt + LENGTH_HEADER.length, headEnd), 10);
  if (text.length < headEnd + HEAD_END.length + length) {
    return null;
  }
  const body = text.slice(headEnd + HEAD_END.length);
  return { status, code: status < 400 ? null : (/"code":"([A-Z_]+)"/.exec(body)?.[1] ?? 'UNNAMED'), body };
}
