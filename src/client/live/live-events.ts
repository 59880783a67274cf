import type { QueueFrame, SnapshotSeat } from '../../domain/live-frames.ts';

/** A seat as everybody may see it; who holds it is never told. */
export type LiveSeat = SnapshotSeat;

/** The channel was refused, or has ended. Decide by `code`. */
export interface LiveError {
  readonly type: 'error';
  readonly code: string;
  /** For people, in the language of the connection. */
  readonly detail: string;
}

/** The whole map of a schedule after a change, or when it is first known. Durable state only. */
export interface LiveSeatMap {
  readonly type: 'map';
  readonly scheduleId: number;
  /** All seats, by number. */
  readonly seats: readonly LiveSeat[];
  /** Numbers of the seats that changed; all of them in a snapshot. */
  readonly changed: readonly number[];
  readonly epoch: number;
  /** Number of the schedule's last change that the map contains. */
  readonly seq: number;
  /** What was known before is replaced: nothing can be said of how it came to this. */
  readonly isSnapshot: boolean;
}

/** Where the queue token stands; position 1 is next, 0 when ACTIVE, null when ended. The wait is in seconds, null when unknown. */
export type LivePlace = { readonly type: 'place' } & Omit<QueueFrame, 'type'>;

export type SeatListener = (event: LiveSeatMap | LiveError) => void;
export type QueueListener = (event: LivePlace | LiveError) => void;

export type LiveState =
  | { readonly type: 'connecting' }
  | { readonly type: 'open' }
  /** `attempt` counts from 1 since the connection was last good. */
  | { readonly type: 'reconnecting'; readonly attempt: number; readonly retryInMs: number }
  /** For good: by `close()` (1000), or because the service will not have this client. */
  | { readonly type: 'closed'; readonly code: number };
