/** A set of listeners. When one of them throws, the error is reported and the others are still called. */
export interface Listeners<T> {
  readonly size: number;
  /** Calls this listener alone with `first`, unless it is null, after the current turn and only if no other event came first. */
  add(listener: (event: T) => void, first: () => T | null): () => void;
  /** A listener that has received nothing yet gets `firstTime(event)` in place of `event`. */
  notify(event: T, firstTime?: (event: T) => T): void;
  clear(): void;
}

interface Entry<T> {
  readonly listener: (event: T) => void;
  hasReceived: boolean;
}

export function createListeners<T>(report: (error: unknown) => void): Listeners<T> {
  const entries = new Set<Entry<T>>();

  function call(entry: Entry<T>, event: T): void {
    entry.hasReceived = true;
    try {
      entry.listener(event);
    } catch (error) {
      report(error);
    }
  }

  return {
    get size() {
      return entries.size;
    },
    add(listener, first) {
      const entry: Entry<T> = { listener, hasReceived: false };
      entries.add(entry);
      queueMicrotask(() => {
        if (!entries.has(entry) || entry.hasReceived) return;
        const event = first();
        if (event !== null) call(entry, event);
      });
      return () => void entries.delete(entry);
    },
    notify(event, firstTime = (same) => same) {
      // A listener that is removed during the loop is skipped; one that is added is called as well.
      for (const entry of entries) {
        call(entry, entry.hasReceived ? event : firstTime(event));
      }
    },
    clear: () => entries.clear(),
  };
}
