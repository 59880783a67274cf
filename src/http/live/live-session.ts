/**
 * One live socket: what its client may see, and the answers to its frames.
 *
 * P1. Frames are answered in the order in which they came, every one of them.
 * P2. Nothing is shown that the token of the last hello does not allow; when it ends, so does what it allowed.
 * P3. Nothing that a client sends throws past its own socket.
 */
import type { RawData, WebSocket } from 'ws';
import type { Catalogue } from '../../catalogue.ts';
import type { Clock, DatabaseClock } from '../../clock.ts';
import { Fault } from '../../errors.ts';
import type {
  ClientFrame,
  HeartbeatFrame,
  HelloFrame,
  LiveCloseCode,
  PongFrame,
  QueueFrame,
  SubscribeQueueFrame,
  SubscribeSeatsFrame,
  UnsubscribedFrame,
  UnsubscribeQueueFrame,
  UnsubscribeSeatsFrame,
  WelcomeFrame,
} from '../../live-frames.ts';
import type { Log } from '../../log.ts';
import type { QueuePlace } from '../../queue-token.ts';
import type { Bearer, Guards } from '../identity.ts';
import type { Language } from '../language.ts';
import { NOWHERE, type SeatWatcher } from './fan-out.ts';
import { type FrameReading, type FrameReference, readFrame } from './frame-reader.ts';
import type { LiveTally } from './live-metrics.ts';
import { errorText, type LiveProblemCode } from './live-problem.ts';
import type { LiveSchedule } from './live-schedule.ts';
import type { LiveSchedules } from './live-schedules.ts';
import { MessageRate } from './message-rate.ts';
import { Outbox } from './outbox.ts';
import type { QueuePositions } from './queue-positions.ts';
import { type EndStatus, type LiveRoom, QueuePresence } from './queue-presence.ts';

/** The contract's: for the first hello, and for a new one after a token has ended. */
const HELLO_MS = 5_000;
const HEARTBEAT_MS = 30_000;
/** A peer that answers nothing from one ping to the next has gone. */
const PING_MS = 30_000;
const SUBSCRIPTION_LIMIT = 20;
const MALFORMED_LIMIT = 3;
/** A socket that is this long behind does not keep up. */
const BEHIND_LIMIT_MS = 10_000;
/** Within this a peer answers a close; one that does not is cut off. */
const CLOSE_PATIENCE_MS = 2_000;
/** Frames that wait for an earlier one's answer; beyond it nothing is read from the socket. */
const BACKLOG_LIMIT = 16;
/** A close code of RFC 6455 for a fault of ours. */
const INTERNAL_ERROR_CODE = 1011;

type CloseCode = LiveCloseCode | typeof INTERNAL_ERROR_CODE;

/** What the sessions of a node share. */
export interface SessionDependencies {
  readonly guards: Pick<Guards, 'judge' | 'admit'>;
  readonly room: LiveRoom;
  readonly catalogue: Pick<Catalogue, 'findSchedule'>;
  readonly schedules: LiveSchedules;
  readonly positions: QueuePositions;
  readonly databaseClock: DatabaseClock;
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
  readonly messagesPerMinute: number;
  /** Counts the socket among its user's; false when there are too many. */
  readonly claim: (session: LiveSession, userId: string) => boolean;
  readonly fellBehind: (session: LiveSession) => void;
}

interface Subscription extends SeatWatcher {
  readonly schedule: LiveSchedule;
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
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #backlog: FrameReading[] = [];
  #bearer: Bearer | null = null;
  #presence: QueuePresence | null = null;
  /** Why there is no bearer any more. */
  #endCode: LiveProblemCode = 'UNAUTHENTICATED';
  /** Until when a hello must have come; null while there is a bearer. */
  #helloDueMs: number | null;
  #malformed = 0;
  #isBusy = false;
  #isHeard = true;
  #nextPingMs: number;
  #closeCode: CloseCode | null = null;
  #cutOffMs = 0;

  constructor(socket: WebSocket, deps: SessionDependencies, caller: { address: string; language: Language }) {
    const nowMs = deps.clock.monotonicMs();
    this.#socket = socket;
    this.#deps = deps;
    this.address = caller.address;
    this.#language = caller.language;
    const keeper = {
      fellBehind: () => deps.fellBehind(this),
      overflowed: () => this.close(1013),
    };
    this.#outbox = new Outbox(socket, keeper, deps.tally, nowMs);
    this.#rate = new MessageRate(nowMs);
    this.#helloDueMs = nowMs + HELLO_MS;
    this.#nextPingMs = nowMs + PING_MS;
  }

  get isClosing(): boolean {
    return this.#closeCode !== null;
  }

  /** The code that the socket ended with, where this side chose it. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  get seatSubscriptions(): number {
    return this.#subscriptions.size;
  }

  /** A message of the socket. */
  receive(data: RawData, isBinary: boolean): void {
    if (this.isClosing || !this.#admit()) return;
    const reading: FrameReading =
      isBinary || !Buffer.isBuffer(data) ? { ok: false, about: {} } : readFrame(data.toString('utf8'));
    this.#backlog.push(reading);
    if (!this.#isBusy) this.#workOff();
    else if (this.#backlog.length >= BACKLOG_LIMIT) this.#socket.pause();
  }

  /** A sign of life below the frames. `isPing`: it asks for an answer, so it counts as a message. */
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
    if (this.#helloDueMs !== null && nowMs >= this.#helloDueMs && !this.#isBusy) {
      this.close(4401);
      return;
    }
    const bearer = this.#bearer;
    if (bearer?.kind === 'user' && this.#deps.databaseClock.lowerMs() >= bearer.expiresAtMs) {
      this.#endBearer('UNAUTHENTICATED');
    }
    const { behindSinceMs, lastSentMs } = this.#outbox;
    if (behindSinceMs !== null && nowMs - behindSinceMs >= BEHIND_LIMIT_MS) {
      this.close(1013);
      return;
    }
    if (behindSinceMs === null && this.#bearer !== null && nowMs - lastSentMs >= HEARTBEAT_MS) {
      const heartbeat: HeartbeatFrame = { type: 'heartbeat', serverTime: this.#serverTime() };
      this.#say(JSON.stringify(heartbeat));
    }
    if (nowMs >= this.#nextPingMs) this.#ping(nowMs);
  }

  /** Brings a socket that was behind up to date; false while it has not drained. */
  catchUp(): boolean {
    if (this.isClosing) return true;
    if (!this.#outbox.hasDrained()) return false;
    for (const subscription of this.#subscriptions.values()) subscription.schedule.catchUp(subscription);
    return this.#outbox.behindSinceMs === null;
  }

  /** Ends the socket with this code. What it was told of is given up at once. */
  close(code: CloseCode): void {
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
    this.#backlog.length = 0;
    for (const subscription of this.#subscriptions.values()) subscription.schedule.leave(subscription);
    this.#subscriptions.clear();
    this.#leaveQueue();
    this.#bearer = null;
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
    this.#refuse('RATE_LIMITED', {});
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
        });
      return;
    }
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #answer(reading: FrameReading): Promise<void> | null {
    if (this.isClosing) return null;
    if (!reading.ok) {
      this.#refuseMalformed(reading.about);
      return null;
    }
    const { frame } = reading;
    switch (frame.type) {
      case 'ping': {
        const pong: PongFrame = { type: 'pong' };
        this.#say(JSON.stringify(pong));
        return null;
      }
      case 'unsubscribe':
        this.#unsubscribe(frame);
        return null;
      case 'hello':
      case 'subscribe':
        return this.#answerUnlessAway(frame);
    }
  }

  #refuseMalformed(about: FrameReference): void {
    this.#malformed += 1;
    this.#refuse('MALFORMED', about);
    if (this.#malformed >= MALFORMED_LIMIT) this.close(4400);
  }

  /** What is missing for an answer is told by its code; the client asks again. */
  async #answerUnlessAway(frame: Extract<ClientFrame, { type: 'hello' | 'subscribe' }>): Promise<void> {
    try {
      if (frame.type === 'hello') await this.#greet(frame);
      else if (frame.channel === 'queue') await this.#subscribeQueue(frame);
      else await this.#subscribeSeats(frame);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (frame.type === 'subscribe') this.#refuse(error.code, referenceTo(frame));
      else this.#refuse(error.code, {});
      if (frame.type === 'hello' && this.#bearer === null) this.#awaitHello();
    }
  }

  async #greet({ token }: HelloFrame): Promise<void> {
    const decision = await this.#deps.guards.judge(token);
    if (this.isClosing) return;
    if (!decision.ok) {
      this.#refuse(decision.rejection.code, {});
      this.close(4401);
      return;
    }
    const bearer = decision.value;
    if (!this.#deps.claim(this, bearer.userId)) {
      this.#refuse('RATE_LIMITED', {});
      this.close(4429);
      return;
    }
    const endStatus = bearer.kind === 'queue' ? endOf(bearer) : null;
    if (endStatus !== null) {
      this.#refuse(`QUEUE_TOKEN_${endStatus}`, {});
      this.#endBearer(`QUEUE_TOKEN_${endStatus}`);
      return;
    }
    const watchesQueue = this.#presence?.isSubscribed === true;
    this.#leaveQueue();
    this.#bearer = bearer;
    this.#helloDueMs = null;
    const welcome: WelcomeFrame = { type: 'welcome', serverTime: this.#serverTime(), heartbeatMs: HEARTBEAT_MS };
    this.#say(JSON.stringify(welcome));
    this.#enterQueue(bearer);
    if (watchesQueue) await this.#moveQueue();
    await this.#reviewSeats();
  }

  /** The queue channel goes on with the token of the new hello, where that has a place. */
  async #moveQueue(): Promise<void> {
    if (this.#presence === null) this.#refuse('UNAUTHENTICATED', { channel: 'queue' });
    else await this.#presence.subscribe(this.#deps.clock.monotonicMs());
  }

  /** Ends the subscriptions that the token of the new hello does not allow. */
  async #reviewSeats(): Promise<void> {
    for (const [scheduleId, subscription] of this.#subscriptions) {
      const refusal = await this.#refusalOf(scheduleId).catch((error: unknown) => {
        if (error instanceof Fault) return error.code;
        throw error;
      });
      if (refusal === null || subscription.isOver) continue;
      this.#leaveSeats(scheduleId);
      this.#refuse(refusal, { channel: 'seats', scheduleId });
    }
  }

  async #subscribeSeats(frame: SubscribeSeatsFrame): Promise<void> {
    const { scheduleId } = frame;
    const about = referenceTo(frame);
    const known = this.#subscriptions.get(scheduleId);
    if (known === undefined && this.#subscribed >= SUBSCRIPTION_LIMIT) {
      this.#refuse('TOO_MANY_SUBSCRIPTIONS', about);
      return;
    }
    const refusal = await this.#refusalOf(scheduleId);
    if (this.isClosing) return;
    if (refusal !== null) {
      this.#leaveSeats(scheduleId);
      this.#refuse(refusal, about);
      return;
    }
    // The token may have ended meanwhile, and the subscription with it.
    const subscription = this.#subscriptions.get(scheduleId) ?? this.#enterSeats(this.#deps.schedules.open(scheduleId));
    const missing = await subscription.schedule.join(subscription, frame.sinceSeq ?? null);
    if (missing === null || subscription.isOver) return;
    this.#leaveSeats(scheduleId);
    this.#refuse(missing, about);
  }

  async #subscribeQueue(frame: SubscribeQueueFrame): Promise<void> {
    const presence = this.#presence;
    if (presence === null) {
      this.#refuse(this.#bearer === null ? this.#endCode : 'UNAUTHENTICATED', referenceTo(frame));
    } else if (!presence.isSubscribed && this.#subscribed >= SUBSCRIPTION_LIMIT) {
      this.#refuse('TOO_MANY_SUBSCRIPTIONS', referenceTo(frame));
    } else {
      await presence.subscribe(this.#deps.clock.monotonicMs());
    }
  }

  #unsubscribe(frame: UnsubscribeSeatsFrame | UnsubscribeQueueFrame): void {
    if (frame.channel === 'seats') this.#leaveSeats(frame.scheduleId);
    else this.#presence?.unsubscribe();
    const unsubscribed: UnsubscribedFrame = { type: 'unsubscribed', ...referenceTo(frame) };
    this.#say(JSON.stringify(unsubscribed));
  }

  /** Why the bearer may not see the seats of the schedule, or null. In the order of decisions of the requests. */
  async #refusalOf(scheduleId: number): Promise<LiveProblemCode | null> {
    const { guards, room, catalogue } = this.#deps;
    const bearer = this.#bearer;
    if (bearer === null) return this.#endCode;
    if (bearer.kind === 'queue') {
      const queue = await room.identify(bearer.queue.token);
      if (queue === null) return 'UNAUTHENTICATED';
      const rejection = await guards.admit(queue);
      if (rejection !== null) return rejection.code;
    }
    const schedule = await catalogue.findSchedule(scheduleId);
    if (schedule === null) return 'SCHEDULE_NOT_FOUND';
    return bearer.kind === 'user' || schedule.concertId === bearer.queue.concertId ? null : 'QUEUE_WRONG_CONCERT';
  }

  get #subscribed(): number {
    return this.#subscriptions.size + (this.#presence?.isSubscribed === true ? 1 : 0);
  }

  #enterSeats(schedule: LiveSchedule): Subscription {
    const subscription: Subscription = { schedule, outbox: this.#outbox, seq: NOWHERE, isOver: false };
    this.#subscriptions.set(schedule.scheduleId, subscription);
    return subscription;
  }

  #leaveSeats(scheduleId: number): void {
    const subscription = this.#subscriptions.get(scheduleId);
    if (subscription === undefined) return;
    this.#subscriptions.delete(scheduleId);
    subscription.schedule.leave(subscription);
  }

  #enterQueue(bearer: Bearer): void {
    if (bearer.kind !== 'queue') return;
    const { room, positions, clock } = this.#deps;
    const owner = {
      placed: (place: QueuePlace) => this.#tellPlace(place),
      ended: (status: EndStatus) => this.#endBearer(`QUEUE_TOKEN_${status}`),
    };
    const { token, status } = bearer.queue;
    this.#presence = new QueuePresence(room, owner, token, status, clock.monotonicMs());
    positions.add(this.#presence);
  }

  #leaveQueue(): void {
    if (this.#presence === null) return;
    this.#deps.positions.remove(this.#presence);
    this.#presence.close();
    this.#presence = null;
  }

  #tellPlace({ status, queuePosition, estimatedWaitTime }: QueuePlace): void {
    const frame: QueueFrame = { type: 'queue', status, queuePosition, estimatedWaitTime };
    this.#say(JSON.stringify(frame));
  }

  /** Whom the socket spoke for is nobody any more: what that allowed ends, and so does the socket without a new hello. */
  #endBearer(code: LiveProblemCode): void {
    this.#bearer = null;
    this.#endCode = code;
    this.#leaveQueue();
    for (const scheduleId of this.#subscriptions.keys()) {
      this.#leaveSeats(scheduleId);
      this.#refuse(code, { channel: 'seats', scheduleId });
    }
    this.#awaitHello();
  }

  #awaitHello(): void {
    this.#helloDueMs = this.#deps.clock.monotonicMs() + HELLO_MS;
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

  #refuse(code: LiveProblemCode, about: FrameReference): void {
    this.#say(errorText(code, this.#language, about));
  }

  #say(text: string): void {
    if (!this.isClosing) this.#outbox.say(text, this.#deps.clock.monotonicMs());
  }

  #serverTime(): string {
    return new Date(this.#deps.databaseClock.lowerMs()).toISOString();
  }
}

function endOf({ queue }: Extract<Bearer, { kind: 'queue' }>): EndStatus | null {
  return queue.status === 'WAITING' || queue.status === 'ACTIVE' ? null : queue.status;
}

function referenceTo(
  frame: SubscribeSeatsFrame | SubscribeQueueFrame | UnsubscribeSeatsFrame | UnsubscribeQueueFrame,
): FrameReference & { readonly channel: 'seats' | 'queue' } {
  const mark = frame.id === undefined ? {} : { id: frame.id };
  return frame.channel === 'seats'
    ? { channel: 'seats', scheduleId: frame.scheduleId, ...mark }
    : { channel: 'queue', ...mark };
}
