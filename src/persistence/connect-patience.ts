/** How long an attempt to connect may take at first: a server in the same room answers within milliseconds. */
const FIRST_LIMIT_MS = 1_000;
/** A server that needs longer cannot serve; a network that is half open is tried again this often. */
const LONGEST_LIMIT_MS = 8_000;

/**
 * How long attempts to connect may take. The limit doubles when an attempt takes all of it, because a server that needs
 * 1.3 s for a connection would otherwise be asked for ever, in vain and at once by all; it is short again after a success.
 */
export interface ConnectPatience {
  /** For the attempt that begins now, in milliseconds. */
  limitMs(): number;
  succeeded(): void;
  /** An attempt under this limit was given up. One of several that began together counts. */
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
