const MINUTE_MS = 60_000;
/** Sums of fractions of a millisecond are off by less than this part of one interval. */
const ROUNDING = 0.001;

/**
 * A token bucket for each key. A bucket holds `atOnce` tokens and gets `perMinute` of them a minute, evenly. All that is kept
 * of a bucket is the time at which it is full again.
 *
 * A full bucket is the same as none, so buckets that nobody used for the time that it takes to fill one are forgotten. Within that time at
 * most `limit` buckets are kept. More callers than that make it forget the buckets that were not used for longest, which gives
 * their keys a full one.
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

  /** Takes a token. Returns 0, or, when there is none, the milliseconds until there will be one. */
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

  /** How many buckets are kept. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }
}
