/**
 * One live socket: takes its frames in, one after the other, and keeps its limits and deadlines.
 *
 * SOCKET-1. Frames are answered in the order in which they came, every one of them.
 * SOCKET-2. Nothing that a client sends, and no bug that it meets, reaches past its own socket.
 */
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import type { HeartbeatFrame, LiveCloseCode } from '../../domain/live-frames.ts';
import type { Log } from '../../runtime/log.ts';
import type { Language } from '../answers/language.ts';
import { Conversation, type ConversationDependencies, HEARTBEAT_MS } from './conversation.ts';
import { type FrameReading, type FrameReference, readFrame } from './frame-reader.ts';
import type { LiveTally } from './live-metrics.ts';
import { errorText, type LiveProblemCode } from './live-problem.ts';
import { MessageRate } from './message-rate.ts';
import { Outbox } from './outbox.ts';

/** A peer that answers nothing from one ping to the next has gone. */
const PING_MS = 30_000;
/** The contract's: the third one ends the socket. */
const MALFORMED_LIMIT = 3;
/** A socket that is this long behind does not keep up. */
const BEHIND_LIMIT_MS = 10_000;
/** Within this a peer answers a close; one that does not is cut off. */
const CLOSE_PATIENCE_MS = 2_000;
/** Frames that wait for an earlier one's answer; beyond it nothing is read from the socket. */
const BACKLOG_LIMIT = 16;
/** RFC 6455's code for a fault of ours. */
const INTERNAL_ERROR_CODE = 1011 satisfies LiveCloseCode;

/** What the sessions of a node share. */
export interface SessionDependencies extends ConversationDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
  /** 0: any number. */
  readonly messagesPerMinute: number;
  /** Counts the socket among its user's; false when there are too many. */
  readonly claim: (session: LiveSession, userId: string) => boolean;
  readonly fellBehind: (session: LiveSession) => void;
}

export class LiveSession {
  readonly address: string;
  /** Whom the socket is counted for; null before the first hello. */
  userId: string | null = null;
  readonly #socket: WebSocket;
  readonly #deps: SessionDependencies;
  readonly #language: Language;
  readonly #outbox: Outbox;
  readonly #rate: MessageRate;
  readonly #conversation: Conversation;
  readonly #backlog: FrameReading[] = [];
  #malformed = 0;
  #isBusy = false;
  #isHeard = true;
  #nextPingMs: number;
  #closeCode: LiveCloseCode | null = null;
  #isReleased = false;
  #cutOffMs = 0;

  constructor(socket: WebSocket, deps: SessionDependencies, caller: { address: string; language: Language }) {
    const nowMs = deps.clock.monotonicMs();
    this.#socket = socket;
    this.#deps = deps;
    this.address = caller.address;
    this.#language = caller.language;
    this.#outbox = new Outbox(socket, this, deps.tally, nowMs);
    this.#rate = new MessageRate(nowMs);
    this.#conversation = new Conversation(deps, this, this.#outbox);
    this.#nextPingMs = nowMs + PING_MS;
  }

  /** From when either side ended it: whatever was being found out for it is of no use any more. */
  get isClosing(): boolean {
    return this.#closeCode !== null || this.#isReleased;
  }

  /** The code that the socket ends with, where this side chose it. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  get seatSubscriptions(): number {
    return this.#conversation.seatSubscriptions;
  }

  /** A message of the socket. */
  receive(data: RawData, isBinary: boolean): void {
    if (this.isClosing || !this.#admit()) return;
    const isText = !isBinary && Buffer.isBuffer(data);
    this.#backlog.push(isText ? readFrame(data.toString('utf8')) : { ok: false, about: {} });
    if (!this.#isBusy) this.#workOff();
    else if (this.#backlog.length >= BACKLOG_LIMIT) this.#socket.pause();
  }

  /** A sign of life below the frames. `isPing`: it wants an answer, so it counts as a message. */
  hear(isPing: boolean): void {
    this.#isHeard = true;
    if (isPing && !this.isClosing) this.#admit();
  }

  /** To be called about twice a second. */
  tick(nowMs: number): void {
    if (this.isClosing) {
      if (nowMs >= this.#cutOffMs) this.#socket.terminate();
      return;
    }
    const { behindSinceMs, lastSentMs } = this.#outbox;
    if (this.#conversation.isHelloOverdue(nowMs) && !this.#isBusy) {
      this.close(4401);
    } else if (behindSinceMs !== null && nowMs - behindSinceMs >= BEHIND_LIMIT_MS) {
      this.close(1013);
    } else {
      this.#conversation.endExpired();
      if (behindSinceMs === null && nowMs - lastSentMs >= HEARTBEAT_MS) this.#beat();
      if (nowMs >= this.#nextPingMs) this.#ping(nowMs);
    }
  }

  /** Brings a socket that was behind up to date; false while it has not drained. */
  catchUp(): boolean {
    if (this.isClosing) return true;
    if (!this.#outbox.hasDrained()) return false;
    this.#conversation.catchUp();
    return this.#outbox.behindSinceMs === null;
  }

  say(text: string): void {
    if (!this.isClosing) this.#outbox.say(text, this.#deps.clock.monotonicMs());
  }

  refuse(code: LiveProblemCode, about: FrameReference): void {
    this.say(errorText(code, this.#language, about));
  }

  claim(userId: string): boolean {
    return this.#deps.claim(this, userId);
  }

  fellBehind(): void {
    this.#deps.fellBehind(this);
  }

  overflowed(): void {
    this.close(1013);
  }

  /** Ends the socket with this code. What it was told of is given up at once. */
  close(code: LiveCloseCode): void {
    if (this.isClosing) return;
    this.#closeCode = code;
    this.#cutOffMs = this.#deps.clock.monotonicMs() + CLOSE_PATIENCE_MS;
    this.release();
    // A paused socket would not read the peer's answer.
    this.#socket.resume();
    this.#socket.close(code);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Gives up everything that the socket is told of. */
  release(): void {
    this.#isReleased = true;
    this.#backlog.length = 0;
    this.#conversation.end();
  }

  /** Ends the socket for a bug that it met. */
  fail(error: unknown): void {
    this.#deps.log.error({ err: error }, 'a live socket met a bug');
    this.close(INTERNAL_ERROR_CODE);
  }

  #admit(): boolean {
    this.#isHeard = true;
    const { clock, messagesPerMinute } = this.#deps;
    if (this.#rate.admit(clock.monotonicMs(), messagesPerMinute)) return true;
    this.refuse('RATE_LIMITED', {});
    this.close(4429);
    return false;
  }

  /** Answers what has come, one frame after the other. */
  #workOff(): void {
    for (let reading = this.#backlog.shift(); reading !== undefined; reading = this.#backlog.shift()) {
      const work = this.#answer(reading);
      if (work === null) continue;
      this.#isBusy = true;
      void work
        .catch((error: unknown) => this.fail(error))
        .then(() => {
          this.#isBusy = false;
          this.#workOff();
        })
        .catch((error: unknown) => this.fail(error));
      return;
    }
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #answer(reading: FrameReading): Promise<void> | null {
    if (this.isClosing) return null;
    if (reading.ok) return this.#conversation.answer(reading.frame);
    this.#malformed += 1;
    this.refuse('MALFORMED', reading.about);
    if (this.#malformed >= MALFORMED_LIMIT) this.close(4400);
    return null;
  }

  #beat(): void {
    const heartbeat: HeartbeatFrame = { type: 'heartbeat', serverTime: this.#conversation.serverTime() };
    this.say(JSON.stringify(heartbeat));
  }

  #ping(nowMs: number): void {
    if (!this.#isHeard) {
      this.#socket.terminate();
      return;
    }
    this.#isHeard = false;
    this.#nextPingMs = nowMs + PING_MS;
    this.#socket.ping();
  }
}
