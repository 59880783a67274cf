import { Agent, request } from 'node:http';
import { asObject, readInteger, readText } from '../../harness/json.ts';
import type { JsonObject } from '../../harness/json.ts';
import { createLatencies } from '../../harness/latencies.ts';
import { createRandom } from '../../harness/random.ts';
import type { TurnoverOrder, TurnoverResult } from './turnover-calls.ts';

/** Holds and releases under way. */
export interface Turnover {
  stop(): Promise<TurnoverResult>;
}

interface Held {
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly token: string;
}

/** Enough for 64 answers of half a second each at the usual rate; what is due beyond waits, and its wait is counted. */
const CONNECTIONS = 64;
/** The service promises an answer within this. */
const ANSWER_LIMIT_MS = 10_000;
/** Timers are exact to a millisecond; what is due within one is sent together. */
const TICK_MS = 1;

/**
 * Holds free seats and releases held ones, about half of the hall each, at random but evenly in time (open loop). A seat
 * whose answer is missing is left alone from then on, because nobody knows what became of it.
 */
export function createTurnover(order: TurnoverOrder, nowMs: () => number): Turnover {
  const { port, scheduleId, seatCount, tokens, changesPerSecond } = order;
  const random = createRandom(order.seed);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS });
  const free = random.shuffle(Array.from({ length: seatCount }, (_, index) => index + 1));
  const held: Held[] = [];
  const replies: number[] = [];
  const latencies = createLatencies();
  const refused: Record<string, number> = {};
  const startCpu = process.cpuUsage();
  const beganMs = nowMs();
  let begun = 0;
  let underWay = 0;
  let isStopping = false;
  let finish: () => void = () => undefined;

  const send = (method: string, path: string, token: string, body: string | null): Promise<[number, JsonObject]> =>
    new Promise((resolve, reject) => {
      const json = body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length };
      const headers = { authorization: `Bearer ${token}`, ...json };
      const outgoing = request(
        { host: '127.0.0.1', port, path: `/api/v1${path}`, method, agent, headers, timeout: ANSWER_LIMIT_MS },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => (text += chunk));
          incoming.on('error', reject);
          incoming.on('end', () => resolve([incoming.statusCode ?? 0, asObject(JSON.parse(text))]));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
      outgoing.on('error', reject);
      outgoing.end(body ?? undefined);
    });

  const note = (code: string): void => {
    refused[code] = (refused[code] ?? 0) + 1;
  };

  /** The answer of a change that was made, or null. */
  const change = async (dueMs: number, ...asked: Parameters<typeof send>): Promise<JsonObject | null> => {
    underWay += 1;
    try {
      const [status, answer] = await send(...asked);
      const repliedMs = nowMs();
      if (status >= 300) {
        note(typeof answer['code'] === 'string' ? answer['code'] : String(status));
        return null;
      }
      latencies.add(repliedMs - dueMs);
      replies.push(readInteger(answer, 'seq'), repliedMs);
      return answer;
    } catch {
      note('lost');
      return null;
    } finally {
      underWay -= 1;
      if (isStopping && underWay === 0) finish();
    }
  };

  const hold = async (dueMs: number, seatNumber: number): Promise<void> => {
    const token = tokens[random.below(tokens.length)] ?? '';
    const answer = await change(dueMs, 'POST', '/reservations', token, JSON.stringify({ scheduleId, seatNumber }));
    if (answer !== null) held.push({ seatNumber, token, reservationId: readText(answer, 'reservationId') });
  };

  const release = async (dueMs: number, { seatNumber, reservationId, token }: Held): Promise<void> => {
    const answer = await change(dueMs, 'DELETE', `/reservations/${reservationId}`, token, null);
    if (answer !== null) free.push(seatNumber);
  };

  const takeAny = <T>(from: T[]): T | undefined => from.splice(random.below(from.length), 1)[0];

  const beginNext = (dueMs: number): void => {
    const isHold = held.length === 0 || (free.length > 0 && random.below(seatCount) < free.length);
    const seatNumber = isHold ? takeAny(free) : undefined;
    const reservation = seatNumber === undefined ? takeAny(held) : undefined;
    if (seatNumber !== undefined) void hold(dueMs, seatNumber);
    else if (reservation !== undefined) void release(dueMs, reservation);
    else note('no seat to change');
  };

  const timer = setInterval(() => {
    const due = Math.floor(((nowMs() - beganMs) * changesPerSecond) / 1_000);
    for (; begun < due; begun += 1) beginNext(beganMs + (begun * 1_000) / changesPerSecond);
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      isStopping = true;
      if (underWay > 0) {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      agent.destroy();
      const { user, system } = process.cpuUsage(startCpu);
      return {
        replies: Float64Array.from(replies),
        latency: latencies.summary(),
        refused,
        cpuUs: user + system,
      };
    },
  };
}
