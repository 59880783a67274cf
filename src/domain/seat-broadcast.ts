import type { SeatStatus } from './reservation.ts';

/**
 * Messages from the owners of schedules to all listeners, on this node or, over a carrier, on others. The owner sends a change
 * after it is durable and before the answers that depend on it, in the order of the log. A carrier may lose messages: a
 * listener detects that by `seq` and by the heads, and then asks the owner for the map.
 */

export interface SeatUpdate {
  readonly seatNumber: number;
  readonly status: SeatStatus;
  /** ISO 8601 UTC; null unless HELD. */
  readonly heldUntil: string | null;
}

/** Changes that became durable together. A message holds whole commands, so no listener sees half of one. */
export interface SeatUpdates {
  readonly scheduleId: number;
  readonly epoch: number;
  /** The number of the first change; `updates` are numbered from here without a gap. */
  readonly fromSeq: number;
  readonly seq: number;
  /** One for each change, in their order. */
  readonly updates: readonly SeatUpdate[];
}

/** The position of a schedule's log. */
export interface SeatHead {
  readonly scheduleId: number;
  readonly epoch: number;
  readonly seq: number;
  /** The organiser has cancelled the date, which takes no number where nothing was held. */
  readonly isCancelled?: true;
}

export interface SeatListener {
  updated(updates: SeatUpdates): void;
  /** The owner announces its position: when it takes over the schedule, and once a second while there are listeners. */
  stands(head: SeatHead): void;
}

/** The owner's side. Neither method throws or waits. */
export interface SeatPublisher {
  /** Whether there is a listener; without one, an owner need not describe changes. */
  isWatched(scheduleId: number): boolean;
  /** The schedules that have listeners. */
  watched(): Iterable<number>;
  publish(updates: SeatUpdates): void;
  announce(head: SeatHead): void;
}

/** The listeners' side. */
export interface SeatSubscriber {
  /** Calls `listener` until the returned function is called. */
  watch(scheduleId: number, listener: SeatListener): () => void;
}
