import { Agent, request } from 'node:http';
import type { FetchPort } from '../../src/client/platform.ts';

/** HTTP for all fans over a bounded number of keep-alive connections; they wait for a free one. */
export interface FanTransport {
  readonly fetch: FetchPort;
  close(): void;
}

/** The service promises an answer within this. */
const ANSWER_LIMIT_MS = 10_000;

/**
 * Node's own `fetch` opens a connection for every request that is under way, and costs several times the CPU, which the
 * service would lack.
 */
export function createFanTransport(sockets: number): FanTransport {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets });
  return {
    fetch: (url, { method, headers, body, signal }) =>
      new Promise((resolve, reject) => {
        const sized = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
        const outgoing = request(url, { agent, method, headers: sized, signal }, (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            clearTimeout(timer);
            const text = Buffer.concat(chunks).toString();
            const readHeader = (name: string): string | null => {
              const value = incoming.headers[name];
              return typeof value === 'string' ? value : null;
            };
            resolve({
              status: incoming.statusCode ?? 0,
              headers: { get: readHeader },
              text: async () => text,
              durationMs: performance.now() - sentMs,
            });
          });
        });
        let timer: NodeJS.Timeout | undefined;
        let sentMs = performance.now();
        // The wait for a free connection is not the service's: the time counts from when there is one.
        outgoing.on('socket', () => {
          sentMs = performance.now();
          timer = setTimeout(() => outgoing.destroy(new Error('NO_ANSWER')), ANSWER_LIMIT_MS);
        });
        outgoing.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}
