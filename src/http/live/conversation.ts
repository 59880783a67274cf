/**
 * Decides what one client receives, by the token of its last hello and by its subscriptions.
 *
 * TALK-1. The client receives only what its token allows. When the token ends, the subscriptions that it allowed end too.
 * TALK-2. Every frame gets an answer: a request that fails is answered by the code of the reason.
 */
import type { Catalogue } from '../../domain/catalogue.ts';
import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type {
  ClientFrame,
  PongFrame,
  QueueFrame,
  SubscribeQueueFrame,
  SubscribeSeatsFrame,
  UnsubscribedFrame,
  UnsubscribeQueueFrame,
  UnsubscribeSeatsFrame,
  WelcomeFrame,
} from '../../domain/live-frames.ts';
import { type EndStatus, isEndStatus, type QueuePlace } from '../../domain/queue-token.ts';
import type { Bearer, Guards } from '../identity/identity.ts';
import { NOWHERE, type SeatWatcher } from './fan-out.ts';
import type { FrameReference } from './frame-reader.ts';
import type { LiveProblemCode } from './live-problem.ts';
import type { LiveSchedule } from './live-schedule.ts';
import type { LiveSchedules } from './live-schedules.ts';
import type { Outbox } from './outbox.ts';
import type { QueuePositions } from './queue-positions.ts';
import { type LiveRoom, QueuePresence } from './queue-presence.ts';

/** Set by the contract: the service sends a heartbeat after this long without another frame. */
export const HEARTBEAT_MS = 30_000;
/** Set by the contract: the time for the first hello, and for a new one after a token has ended. */
const HELLO_MS = 5_000;
/** Set by the contract, over both channels. */
const SUBSCRIPTION_LIMIT = 20;

export interface ConversationDependencies {
  readonly guards: Pick<Guards, 'judge' | 'admit'>;
  readonly room: LiveRoom;
  readonly catalogue: Pick<Catalogue, 'findSchedule'>;
  readonly schedules: LiveSchedules;
  readonly positions: QueuePositions;
  readonly databaseClock: DatabaseClock;
  readonly clock: Clock;
}

/** The socket as its conversation uses it. */
interface ConversationSocket {
  readonly isClosing: boolean;
  say(text: string): void;
  refuse(code: LiveProblemCode, about: FrameReference): void;
  close(code: 4401 | 4429): void;
  /** Counts the socket for this user; false when the user has too many. */
  claim(userId: string): boolean;
}

interface Subscription extends SeatWatcher {
  readonly schedule: LiveSchedule;
}

export class Conversation {
  readonly #deps: ConversationDependencies;
  readonly #socket: ConversationSocket;
  readonly #outbox: Outbox;
  readonly #subscriptions = new Map<number, Subscription>();
  #bearer: Bearer | null = null;
  #presence: QueuePresence | null = null;
  /** Why there is no bearer. */
  #endCode: LiveProblemCode = 'UNAUTHENTICATED';
  /** The deadline of the next hello; null while there is a bearer. */
  #helloDueMs: number | null;

  constructor(deps: ConversationDependencies, socket: ConversationSocket, outbox: Outbox) {
    this.#deps = deps;
    this.#socket = socket;
    this.#outbox = outbox;
    this.#helloDueMs = deps.clock.monotonicMs() + HELLO_MS;
  }

  get seatSubscriptions(): number {
    return this.#subscriptions.size;
  }

  isHelloOverdue(nowMs: number): boolean {
    return this.#helloDueMs !== null && nowMs >= this.#helloDueMs;
  }

  serverTime(): string {
    return new Date(this.#deps.databaseClock.lowerMs()).toISOString();
  }

  /** Answers a frame. Returns null when it has answered, else a promise; the caller must await it before the next frame. */
  answer(frame: ClientFrame): Promise<void> | null {
    switch (frame.type) {
      case 'ping': {
        const pong: PongFrame = { type: 'pong' };
        this.#socket.say(JSON.stringify(pong));
        return null;
      }
      case 'unsubscribe':
        this.#unsubscribe(frame);
        return null;
      case 'hello':
        return this.#refuseOnFault({}, () => this.#greet(frame.token));
      case 'subscribe':
        return frame.channel === 'queue'
          ? this.#refuseOnFault(referenceTo(frame), () => this.#subscribeQueue(frame))
          : this.#refuseOnFault(referenceTo(frame), () => this.#subscribeSeats(frame));
    }
  }

  /** Ends an access token that has expired. */
  endExpired(): void {
    const bearer = this.#bearer;
    if (bearer?.kind === 'user' && this.#deps.databaseClock.lowerMs() >= bearer.expiresAtMs) {
      this.#endBearer('UNAUTHENTICATED');
    }
  }

  /** Sends a socket that has drained a snapshot of each schedule of which it missed a change. */
  catchUp(): void {
    for (const subscription of this.#subscriptions.values()) subscription.schedule.catchUp(subscription);
  }

  /** Ends the conversation: the client receives nothing more. */
  end(): void {
    for (const scheduleId of this.#subscriptions.keys()) this.#leaveSeats(scheduleId);
    this.#leaveQueue();
    this.#bearer = null;
  }

  /** Runs the handler and answers its fault, if any; the client retries. */
  async #refuseOnFault(about: FrameReference, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#socket.refuse(error.code, about);
      if (this.#helloDueMs !== null) this.#awaitHello();
    }
  }

  async #greet(token: string): Promise<void> {
    const decision = await this.#deps.guards.judge(token);
    if (this.#socket.isClosing) return;
    if (!decision.ok) {
      this.#socket.refuse(decision.rejection.code, {});
      this.#socket.close(4401);
      return;
    }
    const bearer = decision.value;
    if (!this.#socket.claim(bearer.userId)) {
      this.#socket.refuse('RATE_LIMITED', {});
      this.#socket.close(4429);
      return;
    }
    const endStatus = endOf(bearer);
    if (endStatus !== null) {
      this.#socket.refuse(`QUEUE_TOKEN_${endStatus}`, {});
      this.#endBearer(`QUEUE_TOKEN_${endStatus}`);
      return;
    }
    // Checked before the welcome: after it, the client must not receive what only the former token allowed.
    const refusals = await this.#refusalsOfSeats(bearer);
    if (this.#socket.isClosing) return;
    const wasInQueue = this.#presence?.isSubscribed === true;
    this.#leaveQueue();
    this.#bearer = bearer;
    this.#helloDueMs = null;
    const welcome: WelcomeFrame = { type: 'welcome', serverTime: this.serverTime(), heartbeatMs: HEARTBEAT_MS };
    this.#socket.say(JSON.stringify(welcome));
    for (const [scheduleId, refusal] of refusals) this.#endSeats(scheduleId, refusal);
    this.#enterQueue(bearer);
    if (wasInQueue) await this.#refuseOnFault({ channel: 'queue' }, () => this.#moveQueue());
  }

  /** Moves the queue channel to the token of the new hello, if that has a place. */
  async #moveQueue(): Promise<void> {
    if (this.#presence === null) this.#socket.refuse('UNAUTHENTICATED', { channel: 'queue' });
    else await this.#presence.subscribe(this.#deps.clock.monotonicMs());
  }

  /** The subscriptions that the token of a new hello does not allow, or may not allow, with the reasons. */
  async #refusalsOfSeats(bearer: Bearer): Promise<ReadonlyMap<number, LiveProblemCode>> {
    const refusals = new Map<number, LiveProblemCode>();
    const look = async (scheduleId: number): Promise<void> => {
      const refusal = await this.#refusalOf(bearer, scheduleId).catch((error: unknown) => {
        if (error instanceof Fault) return error.code;
        throw error;
      });
      if (refusal !== null) refusals.set(scheduleId, refusal);
    };
    await Promise.all([...this.#subscriptions.keys()].map(look));
    return refusals;
  }

  async #subscribeSeats(frame: SubscribeSeatsFrame): Promise<void> {
    const { scheduleId } = frame;
    const about = referenceTo(frame);
    const known = this.#subscriptions.get(scheduleId);
    if (known === undefined && this.#subscribed >= SUBSCRIPTION_LIMIT) {
      this.#socket.refuse('TOO_MANY_SUBSCRIPTIONS', about);
      return;
    }
    const refusal = this.#bearer === null ? this.#endCode : await this.#refusalOf(this.#bearer, scheduleId);
    if (this.#socket.isClosing) return;
    // The token may have ended meanwhile, and all subscriptions with it.
    if (refusal !== null || this.#bearer === null) {
      this.#leaveSeats(scheduleId);
      this.#socket.refuse(refusal ?? this.#endCode, about);
      return;
    }
    const subscription = this.#subscriptions.get(scheduleId) ?? this.#enterSeats(scheduleId);
    const missing = await subscription.schedule.join(subscription, frame.sinceSeq ?? null);
    if (missing === null || subscription.isOver) return;
    this.#leaveSeats(scheduleId);
    this.#socket.refuse(missing, about);
  }

  async #subscribeQueue(frame: SubscribeQueueFrame): Promise<void> {
    const presence = this.#presence;
    if (presence === null) {
      this.#socket.refuse(this.#bearer === null ? this.#endCode : 'UNAUTHENTICATED', referenceTo(frame));
    } else if (!presence.isSubscribed && this.#subscribed >= SUBSCRIPTION_LIMIT) {
      this.#socket.refuse('TOO_MANY_SUBSCRIPTIONS', referenceTo(frame));
    } else {
      await presence.subscribe(this.#deps.clock.monotonicMs());
    }
  }

  #unsubscribe(frame: UnsubscribeSeatsFrame | UnsubscribeQueueFrame): void {
    if (frame.channel === 'seats') this.#leaveSeats(frame.scheduleId);
    else this.#presence?.unsubscribe();
    const unsubscribed: UnsubscribedFrame = { type: 'unsubscribed', ...referenceTo(frame) };
    this.#socket.say(JSON.stringify(unsubscribed));
  }

  /** Why the bearer may not see the schedule's seats, or null. Checks in the same order as requests do. */
  async #refusalOf(bearer: Bearer, scheduleId: number): Promise<LiveProblemCode | null> {
    const { guards, room, catalogue } = this.#deps;
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

  #enterSeats(scheduleId: number): Subscription {
    const schedule = this.#deps.schedules.open(scheduleId);
    const subscription: Subscription = { schedule, outbox: this.#outbox, seq: NOWHERE, isOver: false };
    this.#subscriptions.set(scheduleId, subscription);
    return subscription;
  }

  #leaveSeats(scheduleId: number): void {
    const subscription = this.#subscriptions.get(scheduleId);
    if (subscription === undefined) return;
    this.#subscriptions.delete(scheduleId);
    subscription.schedule.leave(subscription);
  }

  /** Ends the subscription, if there is one, and sends the reason. */
  #endSeats(scheduleId: number, code: LiveProblemCode): void {
    if (!this.#subscriptions.has(scheduleId)) return;
    this.#leaveSeats(scheduleId);
    this.#socket.refuse(code, { channel: 'seats', scheduleId });
  }

  #enterQueue(bearer: Bearer): void {
    if (bearer.kind !== 'queue') return;
    const { room, positions, clock } = this.#deps;
    const owner = {
      placed: (place: QueuePlace) => this.#sendPlace(place),
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

  #sendPlace(place: QueuePlace): void {
    const frame: QueueFrame = { type: 'queue', ...place };
    this.#socket.say(JSON.stringify(frame));
  }

  /** The token has ended. Cancels its subscriptions; the socket closes unless the client sends a new hello in time. */
  #endBearer(code: LiveProblemCode): void {
    this.#bearer = null;
    this.#endCode = code;
    this.#leaveQueue();
    for (const scheduleId of this.#subscriptions.keys()) this.#endSeats(scheduleId, code);
    this.#awaitHello();
  }

  #awaitHello(): void {
    this.#helloDueMs = this.#deps.clock.monotonicMs() + HELLO_MS;
  }
}

function endOf(bearer: Bearer): EndStatus | null {
  if (bearer.kind === 'user') return null;
  const { status } = bearer.queue;
  return isEndStatus(status) ? status : null;
}

function referenceTo(
  frame: SubscribeSeatsFrame | SubscribeQueueFrame | UnsubscribeSeatsFrame | UnsubscribeQueueFrame,
): FrameReference & { readonly channel: 'seats' | 'queue' } {
  const mark = frame.id === undefined ? {} : { id: frame.id };
  return frame.channel === 'seats'
    ? { channel: 'seats', scheduleId: frame.scheduleId, ...mark }
    : { channel: 'queue', ...mark };
}
