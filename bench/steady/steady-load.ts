import type { Answer } from '../load/connection.ts';
import { createLatencies } from '../../harness/latencies.ts';
import { bodiless, post } from '../load/requests.ts';
import { createRandom } from '../../harness/random.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { createConnectionPool } from './connection-pool.ts';
import { OUTCOMES, type Outcome, type SteadyEnd, type SteadyOrder, type SteadyRecords } from './steady-calls.ts';
import { createSteadySeats, type SteadyAsk } from './steady-seats.ts';

/** A running load of holds and releases. */
export interface SteadyLoad {
  direct(ports: readonly number[]): void;
  take(): SteadyRecords;
  stop(): Promise<SteadyEnd>;
}

/** Timers have a resolution of a millisecond; requests that are due within one are sent together. */
const TICK_MS = 1;
/** The service promises an answer within this. */
const ANSWER_LIMIT_MS = 10_000;
const SAMPLES_MOST = 20;
const SAMPLE_CHARACTERS = 300;
const RESERVATION_ID = /"reservationId":"([0-9a-f-]{36})"/;
const SEQ = /"seq":(\d+)/;

/**
 * Holds free seats and releases held ones, the schedules in turns. At a fixed rate times count from when a request was due, so they
 * include the wait for a slow answer.
 */
export function createSteadyLoad(order: SteadyOrder, nowMs: () => number): SteadyLoad {
  const { scheduleIds, seatCount, tokens, requestsPerSecond } = order;
  const random = createRandom(order.seed);
  const halls = scheduleIds.map(() => createSteadySeats({ seatCount, tokens, random }));
  const pool = createConnectionPool(order.connectionsPerPort);
  const lags = createLatencies();
  const refusals: Record<string, number> = {};
  const samples: string[] = [];
  const startCpu = process.cpuUsage();
  const beganMs = nowMs();
  let records: [dueMs: number, doneMs: number, schedule: number, outcome: number, seq: number][] = [];
  let begun = 0;
  let underWay = 0;
  let skipped = 0;
  let isStopping = false;
  pool.direct(order.ports);

  function begin(dueMs: number, turn: number): void {
    const schedule = turn % halls.length;
    const scheduleId = scheduleIds[schedule];
    const hall = halls[schedule];
    const ask = hall?.next() ?? null;
    if (hall === undefined || scheduleId === undefined || ask === null) {
      skipped += 1;
      return;
    }
    underWay += 1;
    pool.send(
      (port) => requestOf(ask, scheduleId, port),
      (answer) => {
        const outcome = judge(ask, answer);
        const doneMs = nowMs();
        const isChange = outcome === 'held' || outcome === 'released';
        const seq = isChange ? Number(SEQ.exec(answer?.body ?? '')?.[1] ?? 0) : 0;
        underWay -= 1;
        records.push([dueMs, doneMs, schedule, OUTCOMES.indexOf(outcome), seq]);
        hall.settle(ask, outcome, RESERVATION_ID.exec(answer?.body ?? '')?.[1] ?? null);
        if (!isChange) note(ask, scheduleId, answer);
        if (requestsPerSecond === null && !isStopping) beginNext();
      },
    );
  }

  function note(ask: SteadyAsk, scheduleId: number, answer: Answer | null): void {
    const name = answer === null ? 'lost' : `${answer.status} ${answer.code ?? ''}`.trim();
    refusals[name] = (refusals[name] ?? 0) + 1;
    if (samples.length >= SAMPLES_MOST) return;
    const seconds = ((nowMs() - beganMs) / 1_000).toFixed(3);
    const body = answer?.body.slice(0, SAMPLE_CHARACTERS) ?? '';
    samples.push(`${seconds} s: ${ask.type} of seat ${ask.seatNumber} of ${scheduleId}: ${name} ${body}`);
  }

  function take(): SteadyRecords {
    const taken = records;
    records = [];
    return {
      dueMs: Float64Array.from(taken, ([dueMs]) => dueMs),
      doneMs: Float64Array.from(taken, ([, doneMs]) => doneMs),
      schedule: Int32Array.from(taken, ([, , schedule]) => schedule),
      outcome: Uint8Array.from(taken, ([, , , outcome]) => outcome),
      seq: Float64Array.from(taken, ([, , , , seq]) => seq),
    };
  }

  function beginNext(): void {
    begin(nowMs(), begun);
    begun += 1;
  }

  if (requestsPerSecond === null) {
    for (let count = order.ports.length * order.connectionsPerPort; count > 0; count -= 1) beginNext();
  }
  const timer = setInterval(() => {
    if (requestsPerSecond === null) return;
    const now = nowMs();
    const due = Math.floor(((now - beganMs) * requestsPerSecond) / 1_000);
    for (; begun < due; begun += 1) {
      const dueMs = beganMs + (begun * 1_000) / requestsPerSecond;
      lags.add(now - dueMs);
      begin(dueMs, begun);
    }
  }, TICK_MS);

  return {
    direct: (ports) => pool.direct(ports),
    take,
    async stop() {
      clearInterval(timer);
      isStopping = true;
      const elapsedMs = nowMs() - beganMs;
      await waitFor(() => underWay === 0, { deadlineMs: ANSWER_LIMIT_MS, what: `the last ${underWay} answers` });
      pool.close();
      const { user, system } = process.cpuUsage(startCpu);
      return {
        records: take(),
        heldIds: halls.flatMap((hall) => hall.heldIds()),
        refusals,
        samples,
        skipped,
        lagP99Ms: lags.summary().p99Ms,
        cpuUs: user + system,
        elapsedMs,
      };
    },
  };
}

function requestOf(ask: SteadyAsk, scheduleId: number, port: number): Buffer {
  const { token } = ask;
  if (ask.type === 'release') return bodiless('DELETE', port, `/api/v1/reservations/${ask.reservationId}`, token);
  const body = `{"scheduleId":${scheduleId},"seatNumber":${ask.seatNumber}}`;
  return post(port, '/api/v1/reservations', token, body);
}

function judge(ask: SteadyAsk, answer: Answer | null): Outcome {
  if (answer === null) return 'lost';
  if (answer.status < 300) return ask.type === 'hold' ? 'held' : 'released';
  if (answer.status === 409) return 'refused';
  if (answer.status < 500) return 'strange';
  return answer.body.includes('"outcome":"none"') ? 'none' : 'unknown';
}
