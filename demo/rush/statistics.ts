import { createLatencies, type Latencies, type LatencySummary } from '../../harness/latencies.ts';

/** The steps of fans, by the client's names and in words, in the order of the summary. */
export const STEPS: ReadonlyMap<string, string> = new Map([
  ['register', 'register'],
  ['enterQueue', 'enter queue'],
  ['schedules', 'dates'],
  ['hold', 'hold'],
  ['release', 'release'],
  ['charge', 'charge'],
  ['pay', 'pay'],
  ['refund', 'refund'],
  ['leave', 'leave queue'],
  ['balance', 'balance'],
]);

export interface RushStatistics {
  /** An answer, whatever its status; `code` is null for 2xx. */
  noteAnswer(step: string, durationMs: number, code: string | null): void;
  /** A request is sent again. `cause` is a problem's code, or the error of the connection. */
  noteRetry(cause: string): void;
  /** The service pushed a map or a place. */
  notePush(): void;
  /** A live connection broke and is dialled again. */
  noteReconnect(): void;
  /** Something that must not happen. */
  noteSurprise(what: string): void;
  answers(): number;
  pushes(): number;
  reconnects(): number;
  answersOf(step: string): number;
  latencyOf(step: string): LatencySummary;
  refusals(): ReadonlyMap<string, number>;
  retries(): ReadonlyMap<string, number>;
  surprises(): readonly string[];
}

/** One cause tends to repeat for every fan, so this many examples are enough. */
const SURPRISES_KEPT = 50;

/** Counts the events of all fans together. */
export function createStatistics(): RushStatistics {
  const latencies = new Map<string, Latencies>();
  const counts = new Map<string, number>();
  const refusals = new Map<string, number>();
  const retries = new Map<string, number>();
  const surprises: string[] = [];
  let total = 0;
  let pushes = 0;
  let reconnects = 0;
  return {
    noteAnswer(step, durationMs, code) {
      total += 1;
      const known = latencies.get(step) ?? createLatencies();
      known.add(durationMs);
      latencies.set(step, known);
      addOne(counts, step);
      if (code !== null) addOne(refusals, code);
    },
    noteRetry: (cause) => addOne(retries, cause),
    notePush() {
      pushes += 1;
    },
    noteReconnect() {
      reconnects += 1;
    },
    noteSurprise(what) {
      if (surprises.length < SURPRISES_KEPT) surprises.push(what);
    },
    answers: () => total,
    pushes: () => pushes,
    reconnects: () => reconnects,
    answersOf: (step) => counts.get(step) ?? 0,
    latencyOf: (step) => (latencies.get(step) ?? createLatencies()).summary(),
    refusals: () => refusals,
    retries: () => retries,
    surprises: () => surprises,
  };
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
