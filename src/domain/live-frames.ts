import type { QueueTokenStatus } from './queue-token.ts';
import type { SeatStatus } from './reservation.ts';

/**
 * What travels over the live WebSocket: one JSON object to a text frame. Times are ISO 8601 UTC of the database's clock,
 * estimated waits are seconds. Tokens travel in `hello` only, never in a URL.
 */

/** The first frame of a socket, within five seconds; a later one replaces the token. */
export interface HelloFrame {
  readonly type: 'hello';
  /** An access token or a queue token. */
  readonly token: string;
}

/** Seats of a schedule. With `sinceSeq` the answer is what changed after it, where that is still known. */
export interface SubscribeSeatsFrame {
  readonly type: 'subscribe';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly sinceSeq?: number;
  /** Given back in an error that answers this frame. */
  readonly id?: string;
}

/** The place of the queue token of the `hello`. */
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

/** What a client sends. */
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
  /** After so long without another frame comes a heartbeat. */
  readonly heartbeatMs: number;
}

export interface HeartbeatFrame {
  readonly type: 'heartbeat';
  readonly serverTime: string;
}

export interface PongFrame {
  readonly type: 'pong';
}

/** A seat as a snapshot shows it; `heldUntil` of HELD seats only. */
export interface SnapshotSeat {
  readonly seatNumber: number;
  readonly price: number;
  readonly status: SeatStatus;
  readonly heldUntil?: string;
}

/** Replaces whatever was known of the schedule. */
export interface SnapshotFrame {
  readonly type: 'snapshot';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly epoch: number;
  readonly seq: number;
  readonly seats: readonly SnapshotSeat[];
}

/** A seat's status after the last of its changes in a delta. */
export interface SeatChange {
  readonly seatNumber: number;
  readonly status: SeatStatus;
  readonly heldUntil?: string;
}

/** Everything from `fromSeq` to `seq`; begins where the last frame of the schedule ended. */
export interface DeltaFrame {
  readonly type: 'delta';
  readonly channel: 'seats';
  readonly scheduleId: number;
  readonly epoch: number;
  readonly fromSeq: number;
  readonly seq: number;
  readonly changes: readonly SeatChange[];
}

/** Where the token of the `hello` stands; position 1 is next, 0 when ACTIVE, null when ended. */
export interface QueueFrame {
  readonly type: 'queue';
  readonly status: QueueTokenStatus;
  readonly queuePosition: number | null;
  /** Null when unknown or ended. */
  readonly estimatedWaitTime: number | null;
}

export interface UnsubscribedFrame {
  readonly type: 'unsubscribed';
  readonly channel: 'seats' | 'queue';
  readonly scheduleId?: number;
  readonly id?: string;
}

/** A frame was refused, or a subscription has ended. `detail` is in the language of the upgrade request. */
export interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly detail: string;
  readonly channel?: 'seats' | 'queue';
  readonly scheduleId?: number;
  readonly id?: string;
}

/** What the service sends. */
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
 * Why the service closed a socket. 1000 to 1013 are RFC 6455's (1011 a bug of the service, 1012 restart, 1013 try again
 * later: it did not keep up); the others are this contract's.
 */
export type LiveCloseCode = 1000 | 1001 | 1009 | 1011 | 1012 | 1013 | 4400 | 4401 | 4429;
