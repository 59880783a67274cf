/** The first limit of an attempt to connect: a nearby server answers within milliseconds. */
const FIRST_LIMIT_MS = 1_000;
/** A slower server cannot serve. On a half-open network this is also the interval between attempts. */
const LONGEST_LIMIT_MS = 8_000;

/**
 * The time limit of attempts to connect. It doubles when an attempt times out, because attempts on a server that needs 1.3 s for
 * a connection would otherwise never succeed. A success resets it.
 */
export interface ConnectPatience {
  /** The limit of an attempt that begins now. */
  limitMs(): number;
  succeeded(): void;
  /** An attempt under this limit has timed out. Of several that began together, one counts. */
  gaveUp(limitMs: number): void;
}

export function createConnectPatience(): ConnectPatience {
  let limitMs = FIRST_LIMIT_MS;
  return {
    limitMs: () => limitMs,
    succeeded() {
      limitMs = FIRST_LIMIT_MS;
    },
    gaveUp(given) {
      if (given === limitMs) limitMs = Math.min(limitMs * 2, LONGEST_LIMIT_MS);
    },
  };
}
