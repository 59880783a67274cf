import { WebSocket } from 'ws';
import { ApiProblem, NetworkFailure } from '../../src/client/failures.ts';
import { createFrontrowClient, type FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { Random } from '../../harness/random.ts';
import { createFanTransport } from './fan-transport.ts';
import type { RushStatistics } from './statistics.ts';

/** The client that all fans share, over a bounded number of connections for requests. */
export interface FansClient {
  readonly client: FrontrowClient;
  close(): void;
}

/** Longer than a restart with recovery of the database: fans wait this long for a service that does not answer. */
export const OUTAGE_LIMIT_MS = 120_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;

/** The statistics count every attempt, so every failure that a fan sees is the service's decision or an outage. */
export function createFansClient(settings: {
  url: string;
  sockets: number;
  statistics: RushStatistics;
  random: Random;
}): FansClient {
  const { url, sockets, statistics, random } = settings;
  const transport = createFanTransport(sockets);
  const client = createFrontrowClient({
    baseUrl: url,
    language: () => 'en',
    fetch: transport.fetch,
    WebSocket,
    random: () => random.next(),
    limits: {
      // The transport counts the time of an answer from when it has a connection; fans may wait long for one.
      answerMs: OUTAGE_LIMIT_MS,
      deadlineMs: OUTAGE_LIMIT_MS,
      firstRetryMs: FIRST_RETRY_MS,
      longestRetryMs: LONGEST_RETRY_MS,
    },
    onAttempt({ operation, durationMs, status, code, error, retryInMs }) {
      if (status === null || retryInMs !== null) {
        statistics.noteRetry(code ?? causeOf(error));
        return;
      }
      statistics.noteAnswer(operation, durationMs, code);
      if (status >= 500) statistics.noteSurprise(`${operation} was answered with ${status} ${code}`);
    },
  });
  return { client, close: transport.close };
}

/** The service's refusal; rethrows every other error. */
export function refusalOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem && error.status < 500 && error.status !== 429) return error;
  throw error;
}

/** Whether the service stayed away longer than the fans wait. */
export function isOutage(error: unknown): boolean {
  return error instanceof NetworkFailure || (error instanceof ApiProblem && [429, 503].includes(error.status));
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
