import type { Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

export interface Hold {
  readonly type: 'HOLD';
  readonly userId: string;
  readonly seatNumbers: readonly number[];
  /** Fresh ids for the seats that the user does not hold yet, in the order of their numbers here. */
  readonly reservationIds: readonly string[];
  readonly at: number;
  readonly expiresAt: number;
  /** By number, the seats that the user gave back within the last minute; null for none. */
  readonly resumed?: ReadonlyMap<number, ResumedHold> | null;
}

/** Since when a user has held a seat that was free for at most a minute, and until when the user may hold it. */
export interface ResumedHold {
  readonly firstHeldAt: number;
  readonly until: number;
}

export interface Extend {
  readonly type: 'EXTEND';
  readonly userId: string;
  readonly at: number;
  readonly expiresAt: number;
  /** How long a user may hold a seat in all. */
  readonly totalMs: number;
}

export interface Release {
  readonly type: 'RELEASE';
  readonly userId: string;
  readonly reservationId: string;
  readonly at: number;
}

export interface CancelHoldsOfUser {
  readonly type: 'CANCEL_HOLDS';
  readonly userId: string;
  /** Later holds stay. */
  readonly heldBefore: number;
  readonly at: number;
}

/** The organiser has cancelled the date. */
export interface CancelAllHolds {
  readonly type: 'CANCEL_ALL_HOLDS';
  readonly at: number;
}

/** `dueBy` bounds the database's clock from below: only holds that have surely ended are ended. */
export interface Expire {
  readonly type: 'EXPIRE';
  readonly dueBy: number;
}

export interface TakeUpPayment {
  readonly type: 'TAKE_UP_PAYMENT';
  readonly userId: string;
  readonly reservationIds: readonly string[];
}

export interface TakeUpRefund {
  readonly type: 'TAKE_UP_REFUND';
  readonly userId: string;
  readonly paymentId: string;
}

/** A settlement was committed with these events. */
export interface Settle {
  readonly type: 'SETTLE';
  readonly events: readonly SeatEvent[];
}

/** A settlement had no effect: its seats are as they were before. */
export interface Decline {
  readonly type: 'DECLINE';
  readonly reservationIds: readonly string[];
}

/** The schedule is about to move to another node. */
export interface Seal {
  readonly type: 'SEAL';
}

/** The answer to the batch in flight is missing. */
interface Doubt {
  readonly type: 'DOUBT';
}

/** The answer to the batch in flight is late. */
interface Stall {
  readonly type: 'STALL';
}

/** Goes on from these seats, which are the confirmed ones. */
export interface Restore {
  readonly type: 'RESTORE';
  readonly seats: readonly Seat[];
}

/** A decision threw. */
interface Break {
  readonly type: 'BREAK';
}

interface Lose {
  readonly type: 'LOSE';
}

/** An organiser takes seats out of the sale, or puts them back. */
export interface Block {
  readonly type: 'BLOCK';
  readonly seatNumbers: readonly number[];
  readonly isBlocked: boolean;
  readonly at: number;
}

/** An organiser gives a free seat away. */
export interface Comp {
  readonly type: 'COMP';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly userId: string;
  readonly paymentId: string;
  readonly at: number;
}

/** An organiser moves a live reservation to a free seat. */
export interface Move {
  readonly type: 'MOVE';
  readonly reservationId: string;
  readonly seatNumber: number;
  readonly at: number;
}

export type BoxOfficeEvent = Block | Comp | Move;

export type ScheduleMachineEvent =
  | BoxOfficeEvent
  | Hold
  | Extend
  | Release
  | CancelHoldsOfUser
  | CancelAllHolds
  | Expire
  | TakeUpPayment
  | TakeUpRefund
  | Settle
  | Decline
  | Seal
  | Doubt
  | Stall
  | Restore
  | Break
  | Lose;
