import type { Command } from '../../actors/command.ts';
import { FrameWriter } from './frame-writer.ts';
import type { PeerAnswer, SendOutcome } from './peer-port.ts';

/** The most commands that wait for the link or for their answer: those of 0.4 s at 10 000 a second. */
const IN_FLIGHT_LIMIT = 4_096;
/** A link normally comes up within milliseconds; a restart of the peer takes about this long. */
const LINK_PATIENCE_MS = 1_000;
/** The most unsent bytes. Further commands wait here, where they are not lost with the link. */
const UNSENT_LIMIT_BYTES = 1_024 * 1_024;

export const UNREACHABLE: SendOutcome = { type: 'unreachable' };
export const LOST: SendOutcome = { type: 'lost' };
const BUSY: SendOutcome = { type: 'busy' };

interface Pending {
  readonly command: Command;
  readonly resolve: (outcome: SendOutcome) => void;
  /** The deadline while it waits, in monotonic milliseconds. */
  readonly sendByMs: number;
  /** The deadline once it was sent, in monotonic milliseconds. */
  readonly answerByMs: number;
}

/** The commands to one peer that have no outcome yet. Each gets exactly one outcome. */
export class InFlight {
  /** Not handed to the network yet, in order of arrival. */
  readonly #waiting = new Map<number, Pending>();
  readonly #sent = new Map<number, Pending>();
  /** Unique among the commands to a peer, so a late answer matches no other command. */
  #nextId = 1;

  get size(): number {
    return this.#waiting.size + this.#sent.size;
  }

  get isAnyWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  add(command: Command, limitMs: number, nowMs: number): Promise<SendOutcome> {
    if (this.size >= IN_FLIGHT_LIMIT) return Promise.resolve(BUSY);
    const sendByMs = nowMs + Math.min(limitMs, LINK_PATIENCE_MS);
    return new Promise((resolve) => {
      this.#waiting.set(this.#nextId, { command, resolve, sendByMs, answerByMs: nowMs + limitMs });
      this.#nextId += 1;
    });
  }

  /** Sends waiting commands until the limit of unsent bytes is reached. */
  writeTo(writer: FrameWriter): void {
    for (const [id, pending] of this.#waiting) {
      if (writer.waitingBytes >= UNSENT_LIMIT_BYTES) break;
      const json = JSON.stringify(pending.command);
      this.#waiting.delete(id);
      if (FrameWriter.fits(json)) {
        this.#sent.set(id, pending);
        writer.add(id, json);
      } else {
        pending.resolve(UNREACHABLE);
      }
    }
    writer.flush();
  }

  /** Ignores an answer to a command that was given up. */
  answer(id: number, answer: PeerAnswer): void {
    const pending = this.#sent.get(id);
    if (pending === undefined) return;
    this.#sent.delete(id);
    pending.resolve({ type: 'answered', answer });
  }

  /** Call this often: it enforces the deadlines. */
  giveUpOverdue(nowMs: number): void {
    for (const [id, pending] of this.#waiting) {
      if (nowMs < pending.sendByMs) continue;
      this.#waiting.delete(id);
      pending.resolve(UNREACHABLE);
    }
    for (const [id, pending] of this.#sent) {
      if (nowMs < pending.answerByMs) continue;
      this.#sent.delete(id);
      pending.resolve(LOST);
    }
  }

  giveUpAll(outcomeOfSent: SendOutcome): void {
    for (const pending of this.#sent.values()) pending.resolve(outcomeOfSent);
    for (const pending of this.#waiting.values()) pending.resolve(UNREACHABLE);
    this.#sent.clear();
    this.#waiting.clear();
  }
}
