/**
 * A line in which one key cannot block the others.
 *
 * LINE-1. Keys take turns. Within a key the order is that of arrival.
 * LINE-2. The line has at most `limit` places, and a key may take as many as are free. A single key thus gets half of them,
 *     two get a third each, and there is always room for the next key.
 * LINE-3. Every operation takes amortised constant time, however many keys and places there are.
 */
export class FairLine<T> {
  readonly #limit: number;
  readonly #queues = new Map<string, KeyQueue<T>>();
  /** The queues in the round. A queue that is empty at its turn leaves it. */
  readonly #round = new Fifo<KeyQueue<T>>();
  /** All places in order of arrival. A place that was left stays until all older ones have been left too. */
  readonly #arrivals = new Fifo<Place<T>>();
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The number of taken places. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds `what` as the last of its key. Returns false when the key has its share already. */
  add(key: string, what: T, nowMs: number): boolean {
    let queue = this.#queues.get(key);
    if ((queue?.places.length ?? 0) >= this.#limit - this.#waiting) return false;
    if (queue === undefined) {
      queue = { key, places: new Fifo() };
      this.#queues.set(key, queue);
      this.#round.push(queue);
    }
    const place: Place<T> = { queue, sinceMs: nowMs, what };
    queue.places.push(place);
    this.#arrivals.push(place);
    this.#waiting += 1;
    return true;
  }

  /** Removes and returns the first item of the key whose turn it is. */
  takeNext(): T | null {
    for (let queue = this.#round.shift(); queue !== null; queue = this.#round.shift()) {
      const place = queue.places.shift();
      if (place === null) {
        this.#queues.delete(queue.key);
      } else {
        this.#round.push(queue);
        return this.#leave(place);
      }
    }
    return null;
  }

  /** Removes and returns the oldest item if it has waited since `sinceMs` or longer. */
  takeOldest(sinceMs: number): T | null {
    for (let oldest = this.#arrivals.first(); oldest !== null; oldest = this.#arrivals.first()) {
      if (oldest.what !== null && oldest.sinceMs > sinceMs) return null;
      this.#arrivals.shift();
      if (oldest.what !== null) {
        // The oldest place of all is also the first of its key.
        oldest.queue.places.shift();
        return this.#leave(oldest);
      }
    }
    return null;
  }

  #leave(place: Place<T>): T | null {
    const { what } = place;
    // The place may stay in `#arrivals` for a while; its content must not stay in memory.
    place.what = null;
    this.#waiting -= 1;
    return what;
  }
}

interface KeyQueue<T> {
  readonly key: string;
  readonly places: Fifo<Place<T>>;
}

interface Place<T> {
  readonly queue: KeyQueue<T>;
  readonly sinceMs: number;
  /** Null once the place has been left. */
  what: T | null;
}

interface Link<T> {
  readonly value: T;
  next: Link<T> | null;
}

class Fifo<T> {
  #head: Link<T> | null = null;
  #tail: Link<T> | null = null;
  length = 0;

  push(value: T): void {
    const link: Link<T> = { value, next: null };
    if (this.#tail === null) this.#head = link;
    else this.#tail.next = link;
    this.#tail = link;
    this.length += 1;
  }

  first(): T | null {
    return this.#head === null ? null : this.#head.value;
  }

  shift(): T | null {
    const link = this.#head;
    if (link === null) return null;
    this.#head = link.next;
    if (this.#head === null) this.#tail = null;
    this.length -= 1;
    return link.value;
  }
}
