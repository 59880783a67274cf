import type { WebSocket } from 'ws';
import type { LiveTally } from './live-metrics.ts';

/** Above this a socket gets no seat frames until it has drained: they would arrive too late to be of use. */
const HIGH_WATER_BYTES = 256 * 1_024;
/** A socket that has drained to here is fast enough again; a snapshot of the largest hall is 45 KiB. */
const LOW_WATER_BYTES = 32 * 1_024;
/** Above this the socket does not even read answers to its own frames. */
const OVERFLOW_BYTES = 1_024 * 1_024;

const TEXT = { binary: false } as const;

/** Notified when a socket falls behind. Neither method may send. */
export interface OutboxKeeper {
  fellBehind(): void;
  overflowed(): void;
}

/**
 * The bounded output queue of one socket. Seat frames are optional: a socket that is behind gets none until it has drained, and
 * then it needs a snapshot.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #keeper: OutboxKeeper;
  readonly #tally: LiveTally;
  /** Monotonic milliseconds of the last frame sent. */
  lastSentMs: number;
  /** Monotonic milliseconds; null while the socket is not behind. */
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

  /** Sends an answer, or news that no snapshot contains. */
  say(text: string, nowMs: number): void {
    if (this.#socket.bufferedAmount > OVERFLOW_BYTES) this.#keeper.overflowed();
    else this.#send(text, nowMs);
  }

  /** Whether a socket that was behind has drained; from then on it gets seat frames again. */
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
