import type { DatabaseClock } from '../runtime/clock.ts';

/**
 * The database's clock for a line: instants that are issued one after the other, in whole milliseconds of `upperMs`, never go
 * back, although the bound itself does whenever the clock becomes better known. So nobody is admitted before they came.
 */
export function createSteadyClock(databaseClock: DatabaseClock): DatabaseClock {
  let newestMs = Number.NEGATIVE_INFINITY;
  return {
    lowerMs: () => databaseClock.lowerMs(),
    upperMs: () => (newestMs = Math.max(newestMs, Math.ceil(databaseClock.upperMs()))),
  };
}
