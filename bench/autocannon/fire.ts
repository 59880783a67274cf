import autocannon from 'autocannon';
import { createLatencies, type LatencySummary } from '../../harness/latencies.ts';
import type { CannonRequest } from './scenarios.ts';

export interface Shots {
  readonly result: autocannon.Result;
  /** Of 2xx answers. */
  readonly accepted: LatencySummary;
  /** Of all other answers. */
  readonly refused: LatencySummary;
  /** Answers by status, and by the code of a refusal: `409 SEAT_TAKEN`. */
  readonly answers: Readonly<Record<string, number>>;
  /** The requests were used up before the time was over. */
  readonly isUsedUp: boolean;
}

/** Runs autocannon with these requests; each connection has a part of them, in order. */
export async function fire(settings: {
  readonly url: string;
  readonly requests: readonly CannonRequest[];
  readonly isUsedUp: boolean;
  readonly connections: number;
  readonly seconds: number;
}): Promise<Shots> {
  const { url, isUsedUp, seconds } = settings;
  let { requests } = settings;
  while (!isUsedUp && requests.length < settings.connections) requests = [...requests, ...requests];
  const connections = Math.min(settings.connections, requests.length);
  const partLength = Math.floor(requests.length / connections);
  const answers: Record<string, number> = {};
  const accepted = createLatencies();
  const refused = createLatencies();
  const count = (status: number, body: string): void => {
    const code = status < 400 ? undefined : /"code":"(\w+)"/.exec(body)?.[1];
    const answer = code === undefined ? String(status) : `${status} ${code}`;
    answers[answer] = (answers[answer] ?? 0) + 1;
  };
  let clients = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        connections,
        duration: seconds,
        ...(isUsedUp && { maxConnectionRequests: partLength }),
        setupClient(client) {
          const part = requests.slice(clients * partLength, (clients + 1) * partLength);
          clients += 1;
          client.setRequests(part.map((request) => ({ ...request, onResponse: count })));
        },
      },
      (error: Error | null, finished: autocannon.Result) => (error === null ? resolve(finished) : reject(error)),
    );
    instance.on('response', (_client, status, _bytes, responseMs) => {
      (status >= 200 && status < 300 ? accepted : refused).add(responseMs);
    });
  });
  return {
    result,
    accepted: accepted.summary(),
    refused: refused.summary(),
    answers,
    isUsedUp: isUsedUp && result.requests.total >= partLength * connections,
  };
}
