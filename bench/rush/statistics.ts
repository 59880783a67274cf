import { createLatencies } from '../load/latencies.ts';
import type { Latencies, LatencySummary } from '../load/latencies.ts';

/** What fans do, in the order in which the summary lists it. */
export const STEPS = [
  'register',
  'enter queue',
  'poll queue',
  'dates',
  'seat map',
  'hold',
  'release',
  'charge',
  'pay',
  'refund',
  'leave queue',
  'balance',
] as const;
export type Step = (typeof STEPS)[number];

export interface RushStatistics {
  /** An answer, whatever its status; `code` is null for 2xx. */
  noteAnswer(step: Step, durationMs: number, code: string | null): void;
  /** A request is sent again. `cause` is a problem's code, or what happened to the connection. */
  noteRetry(cause: string): void;
  /** Something that must not happen. */
  noteSurprise(what: string): void;
  answers(): number;
  answersOf(step: Step): number;
  latencyOf(step: Step): LatencySummary;
  refusals(): ReadonlyMap<string, number>;
  retries(): ReadonlyMap<string, number>;
  surprises(): readonly string[];
}

/** One bad cause tends to repeat for every fan; this many examples of it tell enough. */
const SURPRISES_KEPT = 50;

/** Counts what happens to all fans together. */
export function createStatistics(): RushStatistics {
  const latencies = new Map<Step, Latencies>(STEPS.map((step) => [step, createLatencies()]));
  const counts = new Map<Step, number>();
  const refusals = new Map<string, number>();
  const retries = new Map<string, number>();
  const surprises: string[] = [];
  let total = 0;
  return {
    noteAnswer(step, durationMs, code) {
      total += 1;
      latencies.get(step)?.add(durationMs);
      addOne(counts, step);
      if (code !== null) {
        addOne(refusals, code);
      }
    },
    noteRetry: (cause) => addOne(retries, cause),
    noteSurprise(what) {
      if (surprises.length < SURPRISES_KEPT) {
        surprises.push(what);
      }
    },
    answers: () => total,
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
