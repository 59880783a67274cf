import { Agent, request } from 'node:http';
import { asObject, type JsonObject } from '../../harness/json.ts';
import type { Effect } from './operation.ts';

/** A request and its answer. */
export interface Exchange {
  /** Instants of this process's monotonic clock: not later than the first byte was sent, not earlier than the last was received. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Null when no answer came. */
  readonly status: number | null;
  /** Without members where there was no JSON. */
  readonly body: JsonObject;
  readonly effect: Effect;
  readonly isReplay: boolean;
  /** Why no answer came; null when one did. */
  readonly failure: string | null;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token?: string | null;
  readonly key?: string | null;
  readonly body?: object;
}

export interface Exchanges {
  /** Never rejects. */
  ask(url: string, asked: Asked): Promise<Exchange>;
  close(): void;
}

/** Longer than the service may take, so that the real time is known. */
const GIVE_UP_MS = 20_000;

/** HTTP over keep-alive connections, one for each request in flight, so that a stopped node does not block requests to the others. */
export function createExchanges(): Exchanges {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 128 });
  return { ask: (url, asked) => exchange(agent, url, asked), close: () => agent.destroy() };
}

function exchange(agent: Agent, url: string, { method, path, token, key, body }: Asked): Promise<Exchange> {
  return new Promise((resolve) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    let startedAt = performance.now();
    let wasConnected = false;
    const outgoing = request(
      `${url}/api/v1${path}`,
      {
        agent,
        method,
        headers: {
          ...(token == null ? {} : { authorization: `Bearer ${token}` }),
          ...(key == null ? {} : { 'idempotency-key': key }),
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', (error) => fail(error));
        incoming.on('end', () => {
          clearTimeout(limit);
          const status = incoming.statusCode ?? 0;
          const answer = parse(Buffer.concat(chunks).toString());
          resolve({
            startedAt,
            endedAt: performance.now(),
            status,
            body: answer,
            effect: effectOf(status, answer),
            isReplay: incoming.headers['idempotency-replayed'] === 'true',
            failure: null,
          });
        });
      },
    );
    const fail = (error: Error): void => {
      clearTimeout(limit);
      resolve({
        startedAt,
        endedAt: performance.now(),
        status: null,
        body: {},
        effect: wasConnected ? 'unknown' : 'none',
        isReplay: false,
        failure: error.message,
      });
    };
    const limit = setTimeout(() => outgoing.destroy(new Error(`no answer for ${GIVE_UP_MS} ms`)), GIVE_UP_MS);
    outgoing.once('socket', (socket) => {
      startedAt = performance.now();
      wasConnected = !socket.connecting;
      if (socket.connecting) socket.once('connect', () => (wasConnected = true));
    });
    outgoing.once('error', fail);
    outgoing.end(text);
  });
}

function parse(text: string): JsonObject {
  try {
    return text === '' ? {} : asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

/** A 5xx leaves in doubt unless it says that nothing was done. */
function effectOf(status: number, body: JsonObject): Effect {
  if (status < 400) return 'done';
  if (status < 500) return 'none';
  return body['outcome'] === 'none' ? 'none' : 'unknown';
}
