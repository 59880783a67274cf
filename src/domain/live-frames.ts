import type { QueuePlace } from './queue-token.ts';
import type { SeatStatus } from './reservation.ts';

/**
 * The frames of the live WebSocket: one JSON object to a text frame. Times are ISO 8601 UTC of the database's clock; estimated
 * waits are seconds. Tokens travel only in `hello`, never in a URL.
 */

/** The first frame of a socket, sent within five seconds; a later one replaces the token. */
export interface HelloFrame {
  readonly type: 'hello';
  /** An access token or a queue token. */
  readonly token: string;
}

/** Subscribes to a schedule's seats. With `sinceSeq` the answer holds the later changes, if the service still has them. */
export interface SubscribeSeatsFrame {
  readonly type: 'subscribe';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly sinceSeq?: number;
  /** Returned in an error that answers this frame. */
  readonly id?: string;
}

/** Subscribes to the place of the queue token in the `hello`. */
export interface SubscribeQueueFrame {
  readonly type: 'subscribe';
  readonly channel: 'queue';
  readonly id?: string;
}

export interface UnsubscribeSeatsFrame {
  readonly type: 'unsubscribe';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly id?: string;
}

export interface UnsubscribeQueueFrame {
  readonly type: 'unsubscribe';
  readonly channel: 'queue';
  readonly id?: string;
}

export interface PingFrame {
  readonly type: 'ping';
}

/** All frames of a client. */
export type ClientFrame =
  | HelloFrame
  | SubscribeSeatsFrame
  | SubscribeQueueFrame
  | UnsubscribeSeatsFrame
  | UnsubscribeQueueFrame
  | PingFrame;

export interface WelcomeFrame {
  readonly type: 'welcome';
  readonly serverTime: string;
  /** The service sends a heartbeat after this long without another frame. */
  readonly heartbeatMs: number;
}

export interface HeartbeatFrame {
  readonly type: 'heartbeat';
  readonly serverTime: string;
}

export interface PongFrame {
  readonly type: 'pong';
}

/** A seat of a snapshot. Only HELD seats have `heldUntil`. */
export interface SnapshotSeat {
  readonly seatNumber: number;
  readonly price: number;
  readonly status: SeatStatus;
  readonly heldUntil?: string;
}

/** Replaces the client's map of the schedule. */
export interface SnapshotFrame {
  readonly type: 'snapshot';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly epoch: number;
  readonly seq: number;
  /** The organiser has cancelled the date: nothing is on sale. */
  readonly cancelled?: true;
  readonly seats: readonly SnapshotSeat[];
}

/** A seat's status after the last of its changes in a delta. */
export interface SeatChange {
  readonly seatNumber: number;
  readonly status: SeatStatus;
  readonly heldUntil?: string;
}

/** All changes from `fromSeq` to `seq`; begins where the last frame of the schedule ended. */
export interface DeltaFrame {
  readonly type: 'delta';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly epoch: number;
  readonly fromSeq: number;
  readonly seq: number;
  readonly changes: readonly SeatChange[];
}

/** The place of the token in the `hello`; position 1 is next, 0 when ACTIVE, null when ended. */
export interface QueueFrame extends QueuePlace {
  readonly type: 'queue';
}

export interface UnsubscribedFrame {
  readonly type: 'unsubscribed';
  readonly channel: 'seats' | 'queue';
  readonly scheduleId?: number;
  readonly id?: string;
}

/** A refused frame or an ended subscription. `detail` is in the language of the upgrade request. */
export interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly detail: string;
  readonly channel?: 'seats' | 'queue';
  readonly scheduleId?: number;
  readonly id?: string;
}

/** All frames of the service. */
export type ServerFrame =
  | WelcomeFrame
  | HeartbeatFrame
  | PongFrame
  | SnapshotFrame
  | DeltaFrame
  | QueueFrame
  | UnsubscribedFrame
  | ErrorFrame;

/**
 * The reason why the service closed a socket. RFC 6455 defines 1000 to 1013 (1011: a bug of the service; 1012: restart; 1013:
 * the client read too slowly, try again later); this contract defines the others.
 */
export type LiveCloseCode = 1000 | 1001 | 1009 | 1011 | 1012 | 1013 | 4400 | 4401 | 4429;
