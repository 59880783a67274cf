import type { QueueFrame, SnapshotSeat } from '../../domain/live-frames.ts';

/** A seat as all clients see it; the holder is never sent. */
export type LiveSeat = SnapshotSeat;

/** The service refused the channel or ended it. Decide by `code`. */
export interface LiveError {
  readonly type: 'error';
  readonly code: string;
  /** For people, in the language of the connection. */
  readonly detail: string;
}

/** A schedule's whole map, after a change or when it is first known. It shows durable state only. */
export interface LiveSeatMap {
  readonly type: 'map';
  readonly scheduleId: number;
  /** All seats, ordered by number. */
  readonly seats: readonly LiveSeat[];
  /** Numbers of the seats that changed; all of them in a snapshot. */
  readonly changed: readonly number[];
  readonly epoch: number;
  /** Number of the schedule's last change that the map contains. */
  readonly seq: number;
  /** True when this map replaces the previous one and the changes between them are unknown. */
  readonly isSnapshot: boolean;
}

/** The place of the queue token; position 1 is next, 0 when ACTIVE, null when ended. The wait is in seconds, null when unknown. */
export type LivePlace = { readonly type: 'place' } & Omit<QueueFrame, 'type'>;

export type SeatListener = (event: LiveSeatMap | LiveError) => void;
export type QueueListener = (event: LivePlace | LiveError) => void;

export type LiveState =
  | { readonly type: 'connecting' }
  | { readonly type: 'open' }
  /** `attempt` counts from 1 since the connection was last good. */
  | { readonly type: 'reconnecting'; readonly attempt: number; readonly retryInMs: number }
  /** Final: by `close()` (1000), or because the service refuses this client. */
  | { readonly type: 'closed'; readonly code: number };
