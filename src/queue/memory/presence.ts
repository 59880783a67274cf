/**
 * When holders were last seen, for one allowance. Those that were seen are in order of their last sign of life, those that were
 * handed out as missing in order of when they are handed out again, so a sign costs a move to the end, and a look costs what it
 * finds. Epoch milliseconds. Linked lists: the first key of a Map that keys leave and join is found by walking over those that
 * have left.
 */
export interface Presence<T> {
  readonly allowanceMs: number;
  /** Seen now; an item that was handed out is present again. */
  note(item: T, nowMs: number): void;
  forget(item: T): void;
  /** When the first one was seen. One that was handed out counts as seen so late that it is missing when it is due again. */
  firstMs(): number;
  /**
   * Hands out those who have been missing for the allowance, at most so many. They are due again after `againMs`, or after the
   * allowance where that is shorter.
   */
  takeMissing(nowMs: number, againMs: number, limit: number): readonly T[];
}

interface Entry<T> {
  readonly item: T | null;
  atMs: number;
  before: Entry<T>;
  after: Entry<T>;
}

/** The entry that begins and ends a list. */
function createList<T>(): Entry<T> {
  const ends: Omit<Entry<T>, 'before' | 'after'> & Partial<Entry<T>> = { item: null, atMs: Number.POSITIVE_INFINITY };
  return Object.assign(ends, { before: ends as Entry<T>, after: ends as Entry<T> });
}

function takeOut<T>({ before, after }: Entry<T>): void {
  before.after = after;
  after.before = before;
}

function putLast<T>(list: Entry<T>, entry: Entry<T>): void {
  entry.before = list.before;
  entry.after = list;
  list.before.after = entry;
  list.before = entry;
}

export function createPresence<T>({ allowanceMs }: { readonly allowanceMs: number }): Presence<T> {
  const entries = new Map<T, Entry<T>>();
  const seen = createList<T>();
  const handedOut = createList<T>();
  let newestMs = 0;

  return {
    allowanceMs,

    note(item, nowMs) {
      // A clock that becomes better known may go back; the order must not.
      newestMs = Math.max(newestMs, nowMs);
      let entry = entries.get(item);
      if (entry === undefined) {
        entry = { item, atMs: newestMs, before: seen, after: seen };
        entries.set(item, entry);
      } else {
        takeOut(entry);
        entry.atMs = newestMs;
      }
      putLast(seen, entry);
    },

    forget(item) {
      const entry = entries.get(item);
      if (entry === undefined) return;
      takeOut(entry);
      entries.delete(item);
    },

    firstMs: () => Math.min(seen.after.atMs, handedOut.after.atMs),

    takeMissing(nowMs, againMs, limit) {
      const missing: T[] = [];
      for (const list of [handedOut, seen]) {
        // Each is put last in the list of those handed out, with a time that is not due yet.
        for (let entry = list.after; entry.atMs <= nowMs - allowanceMs && missing.length < limit; entry = list.after) {
          if (entry.item !== null) missing.push(entry.item);
          takeOut(entry);
          entry.atMs = Math.min(nowMs, nowMs - allowanceMs + againMs);
          putLast(handedOut, entry);
        }
      }
      return missing;
    },
  };
}
