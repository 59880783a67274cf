export interface BoundedMap<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
}

/**
 * A map that forgets its oldest entry when it would hold more than `limit`. One iterator goes from oldest to oldest: a new one
 * would walk over everything that was forgotten since the map last grew, 70 µs at 50 000 entries.
 */
export function createBoundedMap<K, V>(limit: number): BoundedMap<K, V> {
  const entries = new Map<K, V>();
  let oldest = entries.keys();

  function forgetOldest(): void {
    let next = oldest.next();
    if (next.done === true) {
      oldest = entries.keys();
      next = oldest.next();
    }
    if (next.done !== true) entries.delete(next.value);
  }

  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (!entries.has(key) && entries.size >= limit) forgetOldest();
      entries.set(key, value);
    },
  };
}
