import type { Clock, DatabaseClock } from './clock.ts';

/** The largest drift between two sound clocks: 0.05 %, ten times that of quartz. */
const DRIFT = 0.0005;
/** Readings are truncated to whole milliseconds. */
const RESOLUTION_MS = 1;

/** A reading of the database's clock, taken at some instant between sending and receiving. */
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
  /** Whether there was a reading yet; before the first one the bounds are infinite. */
  readonly isKnown: boolean;
}

/**
 * The database's clock as an interval that contains it: each reading bounds it, drift widens the bounds, and the tightest
 * intersection is kept. A reading outside the bounds means that the database's clock was set; the interval then starts again
 * from that reading.
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
