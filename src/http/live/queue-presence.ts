import {
  endedPlace,
  type EndStatus,
  isEndStatus,
  placeIn,
  type QueuePlace,
  type QueueTokenStatus,
  type QueueWatch,
  type WaitingRoom,
} from '../../domain/queue-token.ts';

export type LiveRoom = Pick<WaitingRoom, 'identify' | 'status'> & Pick<QueueWatch, 'watch' | 'look'>;

/** The least interval between two position frames. */
const POSITION_INTERVAL_MS = 1_000;
/** The part by which an estimate may differ from the one that was sent last. */
const WAIT_TOLERANCE = 0.1;
/** A waiting room that replaced another one does not know its watches. */
const REWATCH_MS = 30_000;

/** The owner of the place. Neither method throws. */
export interface PresenceOwner {
  /** Called while the queue channel is subscribed. */
  placed(place: QueuePlace): void;
  /** Called once, when the token has ended. */
  ended(status: EndStatus): void;
}

/**
 * The queue token of one socket. Its holder counts as present while the channel is subscribed. A change of status is sent at
 * once; positions are sent when the sweep has looked them up.
 */
export class QueuePresence {
  readonly token: string;
  readonly #room: LiveRoom;
  readonly #owner: PresenceOwner;
  #isSubscribed = false;
  #isAnswering = false;
  #isOver = false;
  #isConfirming = false;
  #status: QueueTokenStatus;
  #sent: QueuePlace | null = null;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #unwatch: (() => void) | null = null;
  #watchedAtMs = 0;

  constructor(room: LiveRoom, owner: PresenceOwner, token: string, status: QueueTokenStatus, nowMs: number) {
    this.token = token;
    this.#room = room;
    this.#owner = owner;
    this.#status = status;
    // An ACTIVE holder counts as present anyway, and the end of its token must be noticed at once.
    if (status === 'ACTIVE') this.#watch(nowMs);
  }

  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** Answers with the present place. When the waiting room throws, this throws the same and changes nothing. */
  async subscribe(nowMs: number): Promise<void> {
    // Until the answer, only the token's end is sent.
    this.#isAnswering = true;
    this.#watch(nowMs);
    try {
      const place = await this.#lookNow();
      if (this.#isOver) return;
      this.#isSubscribed = true;
      this.#send(place, nowMs);
    } finally {
      this.#isAnswering = false;
      if (!this.#isSubscribed) this.#stopCounting();
    }
  }

  unsubscribe(): void {
    this.#isSubscribed = false;
    this.#stopCounting();
  }

  /** Takes over the token's place, or null when it is not live. */
  looked(place: QueuePlace | null, nowMs: number): void {
    if (this.#isOver) return;
    if (place === null) {
      void this.#confirmEnd();
      return;
    }
    if (
      this.#unwatch === null ? this.#isSubscribed || place.status === 'ACTIVE' : nowMs - this.#watchedAtMs >= REWATCH_MS
    ) {
      this.#watch(nowMs);
    }
    const isNews = this.#sent === null || !isSamePlace(this.#sent, place);
    const isDue = place.status !== this.#status || nowMs - this.#sentAtMs >= POSITION_INTERVAL_MS;
    this.#status = place.status;
    if (this.#isSubscribed && !this.#isAnswering && isNews && isDue) this.#send(place, nowMs);
  }

  close(): void {
    this.#isOver = true;
    this.#isSubscribed = false;
    this.#stopWatching();
  }

  async #lookNow(): Promise<QueuePlace> {
    const [place] = await this.#room.look([this.token]);
    if (place !== null && place !== undefined) return place;
    const shown = await this.#room.status(this.token);
    return shown === null ? endedPlace('EXPIRED') : placeIn(shown);
  }

  #send(place: QueuePlace, nowMs: number): void {
    this.#status = place.status;
    if (isEndStatus(place.status)) {
      this.#end(place.status);
      return;
    }
    this.#sent = place;
    this.#sentAtMs = nowMs;
    this.#owner.placed(place);
  }

  #watch(nowMs: number): void {
    const former = this.#unwatch;
    const unwatch = this.#room.watch(this.token, (status) => this.#changed(status));
    if (unwatch === null) return;
    this.#unwatch = unwatch;
    this.#watchedAtMs = nowMs;
    // Call it after the new watch began, so that the holder is never absent in between.
    former?.();
  }

  /** A WAITING holder without a subscription is absent. */
  #stopCounting(): void {
    if (this.#status !== 'ACTIVE') this.#stopWatching();
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  #changed(status: QueueTokenStatus): void {
    if (this.#isOver || status === this.#status) return;
    this.#status = status;
    if (isEndStatus(status)) {
      this.#end(status);
    } else if (this.#isSubscribed && !this.#isAnswering && status === 'ACTIVE') {
      const place: QueuePlace = { status, queuePosition: 0, estimatedWaitTime: 0, estimatedWaitRange: [0, 0] };
      this.#sent = place;
      this.#owner.placed(place);
    }
  }

  #end(status: EndStatus): void {
    if (this.#isOver) return;
    const isExpected = this.#isSubscribed || this.#isAnswering;
    this.#isOver = true;
    this.#stopWatching();
    if (isExpected) this.#owner.placed(endedPlace(status));
    this.#owner.ended(status);
  }

  /** A token that is not live here may have ended, or the waiting room may be unavailable. */
  async #confirmEnd(): Promise<void> {
    if (this.#isConfirming) return;
    this.#isConfirming = true;
    try {
      const place = await this.#lookNow();
      if (isEndStatus(place.status)) this.#end(place.status);
    } catch {
      // The waiting room is unavailable; the next look retries.
    } finally {
      this.#isConfirming = false;
    }
  }
}

function isSamePlace(one: QueuePlace, other: QueuePlace): boolean {
  return (
    one.status === other.status &&
    one.queuePosition === other.queuePosition &&
    isSameWait(one.estimatedWaitTime, other.estimatedWaitTime)
  );
}

/** An estimate changes a little all the time; a frame to each socket for each second would cost more than it tells. */
function isSameWait(one: number | null, other: number | null): boolean {
  if (one === null || other === null) return one === other;
  return Math.abs(one - other) <= WAIT_TOLERANCE * one;
}
