import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { asObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Random } from '../random.ts';
import type { RushStatistics, Step } from './statistics.ts';

/** One request of a fan. */
export interface FanRequest {
  readonly step: Step;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/api/v1`. */
  readonly path: string;
  /** An access token or a queue token. */
  readonly token: string | null;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

export interface FanAnswer {
  readonly status: number;
  /** The members of the answer; none of an empty one. */
  readonly body: JsonObject;
  /** The problem's code; null for 2xx. */
  readonly code: string | null;
}

/**
 * HTTP for all fans over a bounded number of keep-alive connections. A request that got no answer, or 503, or 429, is sent
 * again with the same key until the service is back; so every answer that a caller sees is the service's decision.
 */
export interface FanClient {
  /** Throws an `OutageError` when the service stays away. */
  ask(request: FanRequest): Promise<FanAnswer>;
  close(): void;
}

/** The service stayed away longer than the fans wait. */
export class OutageError extends Error {
  override name = 'OutageError';
}

/** Promised by the service: no request without an answer for longer than this. */
const ANSWER_LIMIT_MS = 10_000;
/** Longer than a restart with recovery of the database. */
const OUTAGE_LIMIT_MS = 120_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;
/** A fan of the demo is asked to come back as politely as any other, but does not wait for minutes. */
const RETRY_AFTER_MOST_MS = 2_000;

interface RawAnswer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly text: string;
  readonly durationMs: number;
}

/** A client for the service at `url`. */
export function createFanClient(settings: {
  url: string;
  sockets: number;
  statistics: RushStatistics;
  random: Random;
}): FanClient {
  const { url, sockets, statistics, random } = settings;
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets });

  const attempt = (asked: FanRequest): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const payload = asked.body === undefined ? null : JSON.stringify(asked.body);
      // Fans wait for a free connection, and that is no fault of the service: the time counts from when they have one.
      let sentMs = performance.now();
      const outgoing = request(
        `${url}/api/v1${asked.path}`,
        {
          agent,
          method: asked.method,
          headers: {
            'accept-language': 'en',
            ...(asked.token === null ? {} : { authorization: `Bearer ${asked.token}` }),
            ...(asked.idempotencyKey === undefined ? {} : { 'idempotency-key': asked.idempotencyKey }),
            ...(payload === null
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            clearTimeout(timer);
            resolve({
              status: incoming.statusCode ?? 0,
              retryAfterMs: Number(incoming.headers['retry-after'] ?? 0) * 1_000,
              text: Buffer.concat(chunks).toString(),
              durationMs: performance.now() - sentMs,
            });
          });
        },
      );
      let timer: NodeJS.Timeout | undefined;
      outgoing.on('socket', () => {
        sentMs = performance.now();
        timer = setTimeout(() => outgoing.destroy(new Error('NO_ANSWER')), ANSWER_LIMIT_MS);
      });
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(payload);
    });

  return {
    async ask(asked) {
      const deadlineMs = performance.now() + OUTAGE_LIMIT_MS;
      for (let retries = 0; ; retries += 1) {
        let cause: string;
        let waitMs = Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS);
        try {
          const raw = await attempt(asked);
          const body = raw.text === '' ? {} : asObject(JSON.parse(raw.text));
          const code = raw.status < 300 ? null : typeof body['code'] === 'string' ? body['code'] : String(raw.status);
          if (raw.status !== 503 && raw.status !== 429) {
            statistics.noteAnswer(asked.step, raw.durationMs, code);
            if (raw.status >= 500) {
              statistics.noteSurprise(`${asked.step} was answered with ${raw.status}: ${raw.text}`);
            }
            return { status: raw.status, body, code };
          }
          cause = code ?? String(raw.status);
          waitMs = Math.max(waitMs, Math.min(raw.retryAfterMs, RETRY_AFTER_MOST_MS));
        } catch (error) {
          cause = connectionCause(error);
        }
        statistics.noteRetry(cause);
        if (performance.now() > deadlineMs) {
          throw new OutageError(`${asked.step}: no answer within ${OUTAGE_LIMIT_MS} ms (${cause})`);
        }
        await pause(waitMs * (0.5 + random.next() / 2));
      }
    },
    close: () => agent.destroy(),
  };
}

function connectionCause(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
