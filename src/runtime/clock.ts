/**
 * Time as a port. Decisions never read a clock: the instant arrives as an argument, and whoever supplies it asks here.
 * `monotonicMs` measures durations and leases; it never goes back and says nothing about the time of day.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin, never decreasing. */
  monotonicMs(): number;
  /** Calls `run` once after at least `delayMs`; the returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** Node refuses longer timers and fires them at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The clock of the machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * The database's clock as this process can know it: an interval that is guaranteed to contain it.
 * Every time that the service shows, stores or compares is of this clock.
 */
export interface DatabaseClock {
  /** The database's now is at least this (epoch milliseconds). A deadline has passed only when this is at or after it. */
  lowerMs(): number;
  /** The database's now is at most this (epoch milliseconds). Deadlines are counted from this. */
  upperMs(): number;
}
