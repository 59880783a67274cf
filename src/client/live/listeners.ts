/** Those who want to be told. What one of them throws is reported, and the others are told all the same. */
export interface Listeners<T> {
  readonly size: number;
  /** `first`, if any, is told to this listener alone, once the call is over and unless something else was told before. */
  add(listener: (event: T) => void, first: () => T | null): () => void;
  /** `firstTime` makes, of what is told to the others, what a listener hears who has heard nothing yet. */
  tell(event: T, firstTime?: (event: T) => T): void;
  clear(): void;
}

interface Entry<T> {
  readonly listener: (event: T) => void;
  hasHeard: boolean;
}

export function createListeners<T>(report: (error: unknown) => void): Listeners<T> {
  const entries = new Set<Entry<T>>();

  function call(entry: Entry<T>, event: T): void {
    entry.hasHeard = true;
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
      const entry: Entry<T> = { listener, hasHeard: false };
      entries.add(entry);
      queueMicrotask(() => {
        if (!entries.has(entry) || entry.hasHeard) return;
        const event = first();
        if (event !== null) call(entry, event);
      });
      return () => void entries.delete(entry);
    },
    tell(event, firstTime = (same) => same) {
      // Whoever goes while others are told is not told any more; whoever comes is told as well.
      for (const entry of entries) {
        call(entry, entry.hasHeard ? event : firstTime(event));
      }
    },
    clear: () => entries.clear(),
  };
}
