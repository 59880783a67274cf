import type { SeatStatus } from './reservation.ts';

/**
 * What owners tell of their schedules to whoever shows them, on this node or, over a carrier, on others. It is told after
 * it is durable and before the answers that rest on it leave, in the order of the log. A carrier may lose messages: a
 * listener notices by `seq`, and by the heads, and then asks the owner for the map.
 */

export interface SeatUpdate {
  readonly seatNumber: number;
  readonly status: SeatStatus;
  /** ISO 8601 UTC; null unless HELD. */
  readonly heldUntil: string | null;
}

/** Changes that became durable together. Whole commands, so that nobody sees half of one. */
export interface SeatUpdates {
  readonly scheduleId: number;
  readonly epoch: number;
  /** The number of the first change; `updates` are numbered from here without a gap. */
  readonly fromSeq: number;
  readonly seq: number;
  /** One for each change, in their order. */
  readonly updates: readonly SeatUpdate[];
}

/** Where a schedule stands. */
export interface SeatHead {
  readonly scheduleId: number;
  readonly epoch: number;
  readonly seq: number;
}

export interface SeatListener {
  updated(updates: SeatUpdates): void;
  /** The owner says where it stands: when it takes the schedule up, and once a second while somebody watches. */
  stands(head: SeatHead): void;
}

/** The owner's side. Neither method throws or waits. */
export interface SeatPublisher {
  /** Whether anybody listens; an owner need not describe changes that nobody is shown. */
  isWatched(scheduleId: number): boolean;
  /** The schedules that somebody listens to. */
  watched(): Iterable<number>;
  publish(updates: SeatUpdates): void;
  announce(head: SeatHead): void;
}

/** The listeners' side. */
export interface SeatSubscriber {
  /** Calls `listener` from now on, until the returned function is called. */
  watch(scheduleId: number, listener: SeatListener): () => void;
}
