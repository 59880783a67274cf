import { openConnection } from './connection.ts';
import { createLatencies } from '../../harness/latencies.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

/** Requests that have no answer this long after the end count as lost. */
const TAIL_LIMIT_MS = 5_000;

interface Worker {
  readonly begin: () => void;
  readonly close: () => void;
}

/** Runs a plan with requests that were built before. Rejects when a connection cannot be opened. */
export async function runLoad(plan: LoadPlan, requests: readonly Buffer[]): Promise<LoadResult> {
  const answers: Record<string, number> = {};
  const allAnswers: Record<string, number> = {};
  const codes: Record<string, number> = {};
  const accepted = createLatencies();
  const refused = createLatencies();
  const ports = plan.ports ?? [plan.port];
  let cursor = 0;
  let working = plan.connections;
  let unanswered = 0;
  let exhausted = false;
  let deadlineMs = Number.POSITIVE_INFINITY;
  let lastAnswerMs = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  let isPolling = plan.isPolling === true;
  const poll = (): void => {
    if (isPolling) setImmediate(poll);
  };

  const takeRequest = (): Buffer | undefined => {
    if (cursor >= requests.length) {
      exhausted = !plan.work.repeat;
      if (exhausted) return undefined;
      cursor = 0;
    }
    cursor += 1;
    return requests[cursor - 1];
  };

  const openWorker = async (port: number): Promise<Worker> => {
    let sentMs = 0;
    let isWorking = true;
    const retire = (): void => {
      if (!isWorking) return;
      isWorking = false;
      working -= 1;
      if (working === 0) finish();
    };
    const sendNext = (nowMs: number): void => {
      const request = nowMs < deadlineMs ? takeRequest() : undefined;
      if (request === undefined) {
        retire();
        return;
      }
      sentMs = nowMs;
      connection.send(request);
    };
    const connection = await openConnection(
      port,
      ({ status, code }) => {
        const nowMs = performance.now();
        allAnswers[status] = (allAnswers[status] ?? 0) + 1;
        if (nowMs <= deadlineMs) {
          lastAnswerMs = nowMs;
          answers[status] = (answers[status] ?? 0) + 1;
          (status < 300 ? accepted : refused).add(nowMs - sentMs);
        }
        if (code !== null) codes[code] = (codes[code] ?? 0) + 1;
        sendNext(nowMs);
      },
      () => {
        // A connection without a request in flight owes no answer.
        if (isWorking) unanswered += 1;
        retire();
      },
    );
    return { begin: () => sendNext(performance.now()), close: () => connection.close() };
  };

  const workers = await Promise.all(
    Array.from({ length: plan.connections }, (_, index) => openWorker(ports[index % ports.length] ?? plan.port)),
  );
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  deadlineMs = startMs + plan.durationMs;
  for (const worker of workers) worker.begin();
  poll();
  const tail = setTimeout(() => {
    unanswered += working;
    finish();
  }, plan.durationMs + TAIL_LIMIT_MS);
  await finished;
  isPolling = false;
  clearTimeout(tail);
  const cpu = process.cpuUsage(startCpu);
  for (const worker of workers) worker.close();
  return {
    elapsedMs: exhausted ? lastAnswerMs - startMs : plan.durationMs,
    answers,
    allAnswers,
    codes,
    accepted: accepted.summary(),
    refused: refused.summary(),
    cpuUs: cpu.user + cpu.system,
    exhausted,
    unanswered,
  };
}
