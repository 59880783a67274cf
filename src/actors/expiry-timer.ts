import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import { createDeadlines } from '../runtime/deadlines.ts';

/** How long the timer looks ahead at most: the database's clock is only known as an interval, which moves. */
const LONGEST_LOOK_AHEAD_MS = 60_000;
/** The database's lower bound lags its upper one; asking again sooner than this would only spin. */
const SHORTEST_LOOK_AHEAD_MS = 5;

/**
 * One timer for all schedules of the process, set for the earliest end of a hold. It only says that an end may be due; the
 * schedule decides by the database's clock, and arms the timer again.
 */
export class ExpiryTimer<T> {
  readonly #clock: Clock;
  readonly #databaseClock: DatabaseClock;
  readonly #due: (subject: T) => void;
  /** The earliest instant for each subject. Later ones in `#ends` are stale. */
  readonly #armed = new Map<T, number>();
  readonly #ends = createDeadlines<T>({
    counts: (subject, atMs) => this.#armed.get(subject) === atMs,
    live: () => this.#armed.size,
  });
  #cancel: (() => void) | null = null;
  #setFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, databaseClock: DatabaseClock, due: (subject: T) => void) {
    this.#clock = clock;
    this.#databaseClock = databaseClock;
    this.#due = due;
  }

  /** Notifies the subject at or soon after `at` (epoch milliseconds of the database's clock). */
  arm(subject: T, at: number): void {
    const armed = this.#armed.get(subject);
    if (armed !== undefined && armed <= at) return;
    this.#armed.set(subject, at);
    this.#ends.add(at, subject);
    if (at < this.#setFor) this.#set();
  }

  disarm(subject: T): void {
    this.#armed.delete(subject);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#armed.clear();
  }

  #set(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#setFor = Number.POSITIVE_INFINITY;
    const nextMs = this.#ends.nextMs();
    if (nextMs === null) return;
    this.#setFor = nextMs;
    const delay = Math.ceil(nextMs - this.#databaseClock.lowerMs());
    const bounded = Math.min(Math.max(delay, SHORTEST_LOOK_AHEAD_MS), LONGEST_LOOK_AHEAD_MS);
    this.#cancel = this.#clock.after(bounded, () => this.#fire());
  }

  #fire(): void {
    const now = this.#databaseClock.lowerMs();
    const due: T[] = [];
    for (let subject = this.#ends.takeDue(now); subject !== null; subject = this.#ends.takeDue(now)) {
      this.#armed.delete(subject);
      due.push(subject);
    }
    // Only now: a subject that cannot act on it and arms the timer for the past again must get a new turn, not a loop.
    for (const subject of due) this.#due(subject);
    this.#set();
  }
}
