/**
 * Time as a port. Decisions never read a clock: the instant arrives as an argument, and its supplier reads it here.
 * `monotonicMs` measures durations and leases; it never goes back and is unrelated to the time of day.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin, never decreasing. */
  monotonicMs(): number;
  /** Calls `run` once after at least `delayMs`; the returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** Node cannot run longer timers; it fires them at once. */
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

/** Resolves after at least `ms`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/**
 * Calls `run` again and again, each time `periodMs` after the last run has ended, until the returned function is called. A
 * promise of `run` must not reject.
 */
export function every(clock: Clock, periodMs: number, run: () => void | Promise<void>): () => void {
  let isStopped = false;
  let cancel = clock.after(periodMs, step);

  function step(): void {
    const running = run();
    if (running === undefined) again();
    else void running.then(again);
  }

  function again(): void {
    if (!isStopped) cancel = clock.after(periodMs, step);
  }

  return () => {
    isStopped = true;
    cancel();
  };
}

/**
 * The database's clock as this process can know it: an interval that is guaranteed to contain it. The service shows, stores and
 * compares times of this clock only.
 */
export interface DatabaseClock {
  /** The database's now is at least this (epoch milliseconds). A deadline has passed only when it is at or before this. */
  lowerMs(): number;
  /** The database's now is at most this (epoch milliseconds). Deadlines count from this. */
  upperMs(): number;
}
