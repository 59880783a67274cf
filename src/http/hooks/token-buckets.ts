const MINUTE_MS = 60_000;
/** Rounding errors in sums of fractions of a millisecond are smaller than this part of an interval. */
const ROUNDING = 0.001;

/**
 * A token bucket for each key. A bucket holds `atOnce` tokens and gains `perMinute` of them a minute, evenly. The only state of
 * a bucket is the time at which it is full again.
 *
 * A full bucket equals none, so a bucket is dropped once it has been unused for the time that filling takes. At most `limit`
 * buckets are kept; beyond that the least recently used are evicted, which gives their keys a full bucket.
 */
export class TokenBuckets {
  readonly #intervalMs: number;
  readonly #fillingMs: number;
  readonly #generationSize: number;
  #recent = new Map<string, number>();
  #older = new Map<string, number>();
  #recentSinceMs = 0;

  constructor({ perMinute, atOnce, limit }: { perMinute: number; atOnce: number; limit: number }) {
    this.#intervalMs = MINUTE_MS / perMinute;
    this.#fillingMs = atOnce * this.#intervalMs;
    this.#generationSize = Math.ceil(limit / 2);
  }

  /** Takes a token. Returns 0, or the milliseconds until the next token when there is none. */
  take(key: string, nowMs: number): number {
    const fullAtMs = Math.max(this.#recent.get(key) ?? this.#older.get(key) ?? nowMs, nowMs) + this.#intervalMs;
    const missingMs = fullAtMs - nowMs - this.#fillingMs;
    if (missingMs > this.#intervalMs * ROUNDING) return missingMs;
    if (this.#recent.size >= this.#generationSize || nowMs - this.#recentSinceMs >= this.#fillingMs) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentSinceMs = nowMs;
    }
    this.#recent.set(key, fullAtMs);
    return 0;
  }

  /** The number of buckets. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }
}
