/** Items by the instant at which they end, the earliest first: a binary heap. An item that ended otherwise stays until it surfaces. */
export interface Deadlines<T> {
  add(atMs: number, item: T): void;
  /** The earliest instant of an item that still counts, or null. */
  nextMs(): number | null;
  /** Takes out the earliest item, if its instant is at or before `nowMs`. */
  takeDue(nowMs: number): T | null;
}

interface Deadline<T> {
  readonly atMs: number;
  readonly item: T;
}

/** In a smaller heap, items that no longer count are not worth a cleaning. */
const SMALLEST_CLEANING = 1_024;

/** `counts`: whether an item still ends at the instant that it was added with. `live`: how many do, at most. */
export function createDeadlines<T>(options: {
  counts: (item: T, atMs: number) => boolean;
  live: () => number;
}): Deadlines<T> {
  let heap: Deadline<T>[] = [];

  function rise(from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (!swapUnlessOrdered(parent, child)) return;
      child = parent;
    }
  }

  function sink(from: number): void {
    let parent = from;
    for (;;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const smaller = (heap[right]?.atMs ?? Infinity) < (heap[left]?.atMs ?? Infinity) ? right : left;
      if (smaller >= heap.length || !swapUnlessOrdered(parent, smaller)) return;
      parent = smaller;
    }
  }

  function swapUnlessOrdered(parent: number, child: number): boolean {
    const above = heap[parent];
    const below = heap[child];
    if (above === undefined || below === undefined || above.atMs <= below.atMs) return false;
    heap[parent] = below;
    heap[child] = above;
    return true;
  }

  function dropFirst(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    sink(0);
  }

  function first(): Deadline<T> | undefined {
    for (let next = heap[0]; next !== undefined; next = heap[0]) {
      if (options.counts(next.item, next.atMs)) return next;
      dropFirst();
    }
    return undefined;
  }

  function clean(): void {
    heap = heap.filter(({ item, atMs }) => options.counts(item, atMs)).sort((one, other) => one.atMs - other.atMs);
  }

  return {
    add(atMs, item) {
      heap.push({ atMs, item });
      rise(heap.length - 1);
      if (heap.length > SMALLEST_CLEANING && heap.length > 2 * (options.live() + 1)) clean();
    },

    nextMs: () => first()?.atMs ?? null,

    takeDue(nowMs) {
      const next = first();
      if (next === undefined || next.atMs > nowMs) return null;
      dropFirst();
      return next.item;
    },
  };
}
