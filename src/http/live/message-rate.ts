const WINDOW_MS = 60_000;

/**
 * Counts the messages of one socket in a sliding minute: those of this minute, and the share of the last minute that the
 * sliding minute still covers. Two counters replace an instant for each message, because there are many sockets.
 */
export class MessageRate {
  #windowBeganMs: number;
  #current = 0;
  #previous = 0;

  constructor(nowMs: number) {
    this.#windowBeganMs = nowMs;
  }

  /** Counts a message; false when it exceeds the limit. `perMinute` 0: unlimited. */
  admit(nowMs: number, perMinute: number): boolean {
    if (perMinute === 0) return true;
    const windows = Math.floor((nowMs - this.#windowBeganMs) / WINDOW_MS);
    if (windows > 0) {
      this.#previous = windows === 1 ? this.#current : 0;
      this.#current = 0;
      this.#windowBeganMs += windows * WINDOW_MS;
    }
    const covered = 1 - (nowMs - this.#windowBeganMs) / WINDOW_MS;
    if (this.#previous * covered + this.#current + 1 > perMinute) return false;
    this.#current += 1;
    return true;
  }
}
