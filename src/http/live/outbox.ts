import type { WebSocket } from 'ws';
import type { LiveTally } from './live-metrics.ts';

/** Beyond this a socket gets no more of the seats until it has drained: what it would get is old by then. */
const HIGH_WATER_BYTES = 256 * 1_024;
/** A socket that has drained to here keeps up again; a snapshot of the largest hall is 45 KiB. */
const LOW_WATER_BYTES = 32 * 1_024;
/** Beyond this it does not even read answers to its own frames. */
const OVERFLOW_BYTES = 1_024 * 1_024;

const TEXT = { binary: false } as const;

/** Told when a socket stops keeping up. Neither method may send. */
export interface OutboxKeeper {
  fellBehind(): void;
  overflowed(): void;
}

/**
 * The way out to one socket, with a bound on what waits there. Seat frames are offered: once the socket is behind, none is
 * taken until it has drained, and then it needs a snapshot.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #keeper: OutboxKeeper;
  readonly #tally: LiveTally;
  /** Monotonic milliseconds; when the last frame was sent. */
  lastSentMs: number;
  /** Monotonic milliseconds; null while it keeps up. */
  behindSinceMs: number | null = null;

  constructor(socket: WebSocket, keeper: OutboxKeeper, tally: LiveTally, nowMs: number) {
    this.#socket = socket;
    this.#keeper = keeper;
    this.#tally = tally;
    this.lastSentMs = nowMs;
  }

  /** Sends a frame that many sockets may share, as UTF-8 text; false when the socket is behind and gets nothing. */
  offer(frame: Buffer, nowMs: number): boolean {
    if (this.behindSinceMs !== null) return false;
    if (this.#socket.bufferedAmount > HIGH_WATER_BYTES) {
      this.behindSinceMs = nowMs;
      this.#keeper.fellBehind();
      return false;
    }
    this.#send(frame, nowMs);
    return true;
  }

  /** Sends an answer, or word of something that a snapshot does not tell. */
  say(text: string, nowMs: number): void {
    if (this.#socket.bufferedAmount > OVERFLOW_BYTES) this.#keeper.overflowed();
    else this.#send(text, nowMs);
  }

  /** Whether a socket that was behind has drained; it keeps up from then on. */
  hasDrained(): boolean {
    if (this.#socket.bufferedAmount > LOW_WATER_BYTES) return false;
    this.behindSinceMs = null;
    return true;
  }

  #send(frame: Buffer | string, nowMs: number): void {
    this.#socket.send(frame, TEXT);
    this.lastSentMs = nowMs;
    this.#tally.framesSent += 1;
  }
}
