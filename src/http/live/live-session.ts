/**
 * One live socket: reads its frames one after the other, and enforces its limits and deadlines.
 *
 * SOCKET-1. Every frame is answered, in the order of arrival.
 * SOCKET-2. Nothing that a client sends, and no bug that it triggers, affects another socket.
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

/** A peer that answers nothing between two pings is gone. */
const PING_MS = 30_000;
/** Set by the contract: the third malformed frame ends the socket. */
const MALFORMED_LIMIT = 3;
/** A socket that has been behind for this long is too slow. */
const BEHIND_LIMIT_MS = 10_000;
/** A peer answers a close within this time; a socket without an answer is terminated. */
const CLOSE_PATIENCE_MS = 2_000;
/** The most frames that wait for an earlier answer; beyond it the session stops reading from the socket. */
const BACKLOG_LIMIT = 16;
/** RFC 6455's code for an error of the server. */
const INTERNAL_ERROR_CODE = 1011 satisfies LiveCloseCode;

/** The dependencies that all sessions of a node share. */
export interface SessionDependencies extends ConversationDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
  /** 0: unlimited. */
  readonly messagesPerMinute: number;
  /** Counts the socket for its user; false when the user has too many. */
  readonly claim: (session: LiveSession, userId: string) => boolean;
  readonly fellBehind: (session: LiveSession) => void;
}

export class LiveSession {
  readonly address: string;
  /** The user for whom the socket is counted; null before the first hello. */
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

  /** True once either side has started to close: pending work for the socket is void. */
  get isClosing(): boolean {
    return this.#closeCode !== null || this.#isReleased;
  }

  /** The close code, if this side chose it. */
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

  /** Records a sign of life below the frames. `isPing`: it needs an answer, so it counts as a message. */
  hear(isPing: boolean): void {
    this.#isHeard = true;
    if (isPing && !this.isClosing) this.#admit();
  }

  /** Call this about twice a second. */
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

  /** Sends a socket that was behind what it missed; false while it has not drained. */
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

  /** Closes the socket with this code and ends its subscriptions at once. */
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

  /** Ends all subscriptions of the socket. */
  release(): void {
    this.#isReleased = true;
    this.#backlog.length = 0;
    this.#conversation.end();
  }

  /** Closes the socket because of a bug. */
  fail(error: unknown): void {
    this.#deps.log.error({ err: error }, 'a bug made a live socket fail; closing it');
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

  /** Answers the received frames, one after the other. */
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
