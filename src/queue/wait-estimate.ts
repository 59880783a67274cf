/**
 * How long a fan who waits has to wait, as far as the line can tell. Pure.
 *
 * Two limits apply to the fan at `position`. The window admits `batch` per `intervalMs`. And each fan beyond the free slots
 * needs the departure of one who is inside. The later of the two decides.
 */
import type { QueuePolicy } from '../domain/catalogue.ts';
import { isPaused } from './policy.ts';
import type { Turnover } from './turnover.ts';

/** Whole seconds; `range` contains `seconds` and, in about three of four cases, the wait that follows. */
export interface WaitEstimate {
  readonly seconds: number;
  readonly range: readonly [low: number, high: number];
}

export interface LineFigures extends QueuePolicy, Turnover {
  readonly active: number;
}

/** How long an admitted fan stays, while nothing was seen: the default life of a hold. */
const ASSUMED_STAY_MS = 300_000;
/** Without any departure for twice the assumed time, and for a minute, the assumption is refuted: the wait is unknown. */
const LONGEST_ASSUMED_MS = 60_000;
/** The assumption counts as so many departures per slot, so that the first ones that are seen do not decide alone. */
const ASSUMED_PER_SLOT = 0.1;
/** Standard deviations between the estimate and the ends of four fifths of a normal distribution. */
const DEVIATIONS = 1.28;
/** Fans do not leave as independently of each other as the arithmetic assumes: they came in batches. */
const LEAST_DEVIATION = 0.4;

/** Null while the queue is paused, or while nothing is known of departures that the wait depends on. */
export function estimateWait(line: LineFigures, position: number, secondsPerPosition: number): WaitEstimate | null {
  if (isPaused(line)) return null;
  const windows = Math.ceil(position / line.batch);
  const window = {
    lowMs: (windows - 1) * line.intervalMs,
    ms: (position / line.batch) * line.intervalMs,
    highMs: windows * line.intervalMs,
  };
  const needed = position - (line.maxActive - line.active);
  const slots = needed > 0 ? departuresOf(line, needed, secondsPerPosition) : NOW;
  if (slots === null) return null;
  const seconds = Math.ceil(Math.max(window.ms, slots.ms) / 1_000);
  const low = Math.floor(Math.max(window.lowMs, slots.lowMs) / 1_000);
  const high = Math.ceil(Math.max(window.highMs, slots.highMs) / 1_000);
  return { seconds, range: [Math.min(low, seconds), Math.max(high, seconds)] };
}

const NOW = { lowMs: 0, ms: 0, highMs: 0 };

/** When so many have departed. `secondsPerPosition`: between two departures, at most, while none was seen. */
function departuresOf(line: LineFigures, needed: number, secondsPerPosition: number): typeof NOW | null {
  const { departures, maxActive, activeTtlMs } = line;
  const assumedMs = Math.min(secondsPerPosition * 1_000, ASSUMED_STAY_MS / maxActive);
  /** For how long a full house was watched, or its like. */
  const watchedMs = line.insideMs / maxActive;
  if (departures === 0 && watchedMs > Math.max(2 * assumedMs, LONGEST_ASSUMED_MS)) return null;
  const weight = Math.max(1, ASSUMED_PER_SLOT * maxActive);
  const apartMs = departures === 0 ? assumedMs : (watchedMs + weight * assumedMs) / (departures + weight);
  // By then each slot has been given up that often, at the latest.
  const latestMs = Math.ceil(needed / maxActive) * activeTtlMs;
  const ms = Math.min(needed * apartMs, latestMs);
  const deviation = Math.max(LEAST_DEVIATION, Math.sqrt(1 / needed + 1 / (departures + 1)));
  const factor = Math.exp(DEVIATIONS * deviation);
  return { lowMs: ms / factor, ms, highMs: Math.min(ms * factor, latestMs) };
}
