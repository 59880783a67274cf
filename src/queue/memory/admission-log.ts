/**
 * The instants of a concert's newest admissions, in epoch milliseconds, never decreasing. What the window and the measured
 * rate are counted from; admissions that are still being decided are among them.
 */
export interface AdmissionLog {
  readonly size: number;
  /** The instant of the nth newest admission, counted from 1, or null. */
  nthNewestMs(nth: number): number | null;
  /** How many admissions are younger than `ms`. */
  countAfter(ms: number): number;
  /** Adds one. An instant before that of the newest is a bug. */
  add(atMs: number): void;
  /** Takes the newest `count` back: they did not happen. */
  withdraw(count: number): void;
  /** Forgets what is neither among the newest `keep` nor younger than `ms`. */
  forget(keep: number, ms: number): void;
}

/** Starts with known admissions, oldest first. */
export function createAdmissionLog(known: readonly number[] = []): AdmissionLog {
  let instants = [...known];
  /** Instants before this position are forgotten; they are dropped when they are the majority. */
  let begin = 0;

  /** The position of the first instant after `ms`. */
  function positionAfter(ms: number): number {
    let low = begin;
    let high = instants.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((instants[middle] ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    get size() {
      return instants.length - begin;
    },

    nthNewestMs(nth) {
      const position = instants.length - nth;
      return position < begin ? null : (instants[position] ?? null);
    },

    countAfter: (ms) => instants.length - positionAfter(ms),

    add(atMs) {
      const newest = instants.at(-1);
      if (newest !== undefined && atMs < newest) throw new Error(`an admission at ${atMs} follows one at ${newest}`);
      instants.push(atMs);
    },

    withdraw(count) {
      instants.length = Math.max(begin, instants.length - count);
    },

    forget(keep, ms) {
      begin = Math.max(begin, Math.min(instants.length - keep, positionAfter(ms)));
      if (begin <= instants.length / 2) return;
      instants = instants.slice(begin);
      begin = 0;
    },
  };
}
