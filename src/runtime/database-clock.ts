import type { Clock, DatabaseClock } from './clock.ts';

/** How far two sound clocks may drift apart: 0.05 %, ten times what quartz does. */
const DRIFT = 0.0005;
/** Readings are cut off to whole milliseconds. */
const RESOLUTION_MS = 1;

/** One reading of the database's clock: it was read at some instant between sending and receiving. */
export interface ClockReading {
  /** Monotonic milliseconds of this process. */
  readonly sentAt: number;
  /** Monotonic milliseconds of this process. */
  readonly receivedAt: number;
  /** Epoch milliseconds of the database's clock. */
  readonly databaseMs: number;
}

export interface ObservedDatabaseClock extends DatabaseClock {
  observe(reading: ClockReading): void;
  /** Whether anything was observed yet; before that the bounds are infinite. */
  readonly isKnown: boolean;
}

/**
 * The database's clock, as an interval that contains it: each reading bounds it, drift widens the bounds, and the tightest
 * intersection is kept. A reading that contradicts the bounds means that the database's clock was set; it starts afresh.
 */
export function createDatabaseClock(clock: Clock): ObservedDatabaseClock {
  let isKnown = false;
  let lower = 0;
  let upper = 0;
  let at = 0;

  const elapsed = () => clock.monotonicMs() - at;

  return {
    get isKnown() {
      return isKnown;
    },
    lowerMs: () => (isKnown ? Math.floor(lower + elapsed() * (1 - DRIFT)) : Number.NEGATIVE_INFINITY),
    upperMs: () => (isKnown ? Math.ceil(upper + elapsed() * (1 + DRIFT)) : Number.POSITIVE_INFINITY),
    observe({ sentAt, receivedAt, databaseMs }) {
      const now = receivedAt;
      const newLower = databaseMs;
      const newUpper = databaseMs + RESOLUTION_MS + (now - sentAt) * (1 + DRIFT);
      const oldLower = isKnown ? lower + (now - at) * (1 - DRIFT) : Number.NEGATIVE_INFINITY;
      const oldUpper = isKnown ? upper + (now - at) * (1 + DRIFT) : Number.POSITIVE_INFINITY;
      const isContradiction = newUpper < oldLower || newLower > oldUpper;
      lower = isContradiction ? newLower : Math.max(newLower, oldLower);
      upper = isContradiction ? newUpper : Math.min(newUpper, oldUpper);
      at = now;
      isKnown = true;
    },
  };
}
