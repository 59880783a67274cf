export interface BoundedMap<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  clear(): void;
}

/**
 * A map that evicts its oldest entry before it would exceed `limit`, which is at least 1. One iterator serves all evictions: a
 * new one would walk over every entry evicted since the map last grew, 70 µs at 50 000 entries.
 */
export function createBoundedMap<K, V>(limit: number): BoundedMap<K, V> {
  const entries = new Map<K, V>();
  /** Created once the map is full: an iterator that exists while the map grows keeps every outgrown table, another 1.8 MB. */
  let oldest: MapIterator<K> | undefined;

  function forgetOldest(): void {
    oldest ??= entries.keys();
    const next = oldest.next();
    if (next.done !== true) entries.delete(next.value);
  }

  return {
    get: (key) => entries.get(key),
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    set(key, value) {
      if (!entries.has(key) && entries.size >= limit) forgetOldest();
      entries.set(key, value);
    },
  };
}
