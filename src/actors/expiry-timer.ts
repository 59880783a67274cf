import type { Clock, DatabaseClock } from '../runtime/clock.ts';

/** How long the timer looks ahead at most: the database's clock is only known as an interval, which moves. */
const LONGEST_LOOK_AHEAD_MS = 60_000;
/** The database's lower bound lags its upper one; asking again sooner than this would only spin. */
const SHORTEST_LOOK_AHEAD_MS = 5;

interface Entry<T> {
  readonly subject: T;
  readonly at: number;
}

/**
 * One timer for all schedules of the process, set for the earliest end of a hold. It only says that an end may be due; the
 * schedule decides by the database's clock, and arms the timer again.
 */
export class ExpiryTimer<T> {
  readonly #clock: Clock;
  readonly #databaseClock: DatabaseClock;
  readonly #due: (subject: T) => void;
  readonly #heap: Entry<T>[] = [];
  /** The earliest instant in the heap for each subject; later entries of the heap are stale. */
  readonly #armed = new Map<T, number>();
  #cancel: (() => void) | null = null;
  #setFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, databaseClock: DatabaseClock, due: (subject: T) => void) {
    this.#clock = clock;
    this.#databaseClock = databaseClock;
    this.#due = due;
  }

  /** Sees to it that the subject is told at or soon after `at` (epoch milliseconds of the database's clock). */
  arm(subject: T, at: number): void {
    const armed = this.#armed.get(subject);
    if (armed !== undefined && armed <= at) return;
    this.#armed.set(subject, at);
    this.#push({ subject, at });
    if (at < this.#setFor) this.#set();
  }

  disarm(subject: T): void {
    this.#armed.delete(subject);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#heap.length = 0;
    this.#armed.clear();
  }

  #set(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#setFor = Number.POSITIVE_INFINITY;
    const [next] = this.#heap;
    if (next === undefined) return;
    this.#setFor = next.at;
    const delay = Math.ceil(next.at - this.#databaseClock.lowerMs());
    const bounded = Math.min(Math.max(delay, SHORTEST_LOOK_AHEAD_MS), LONGEST_LOOK_AHEAD_MS);
    this.#cancel = this.#clock.after(bounded, () => this.#fire());
  }

  #fire(): void {
    const now = this.#databaseClock.lowerMs();
    const due: T[] = [];
    for (let next = this.#heap[0]; next !== undefined && next.at <= now; next = this.#heap[0]) {
      this.#pop();
      if (this.#armed.get(next.subject) !== next.at) continue;
      this.#armed.delete(next.subject);
      due.push(next.subject);
    }
    // Only now: a subject that cannot act on it and arms the timer for the past again must get a new turn, not a loop.
    for (const subject of due) this.#due(subject);
    this.#set();
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= entry.at) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const leftEntry = heap[left];
      if (leftEntry === undefined) break;
      const rightEntry = heap[right];
      const [child, entry] =
        rightEntry !== undefined && rightEntry.at < leftEntry.at
          ? ([right, rightEntry] as const)
          : ([left, leftEntry] as const);
      if (last.at <= entry.at) break;
      heap[index] = entry;
      index = child;
    }
    heap[index] = last;
  }
}
