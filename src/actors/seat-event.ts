import type { LiveReservation } from './live-reservation.ts';

/**
 * What happened to a seat, as the log keeps it. Instants are epoch milliseconds of the database's clock.
 * An event's sequence number is not in it: it is the position in the schedule's log, given when a flush is composed.
 */
export interface SeatHeld {
  readonly type: 'HELD';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly userId: string;
  readonly at: number;
  readonly expiresAt: number;
  readonly price: number;
  /** When the user began to hold the seat; without it at `at`. */
  readonly firstHeldAt?: number;
}

/** The hold got more time. */
export interface HoldExtended {
  readonly type: 'EXTENDED';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly at: number;
  readonly expiresAt: number;
}

/** The hold ended without a payment: by its time, or because its holder gave it up. */
export interface HoldEnded {
  readonly type: 'EXPIRED' | 'CANCELLED';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly at: number;
}

export interface SeatSettled {
  readonly type: 'CONFIRMED' | 'REFUNDED';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly paymentId: string;
  readonly at: number;
}

/** An organiser took the seat out of the sale, or put it back. */
export interface SeatBlocked {
  readonly type: 'BLOCKED' | 'UNBLOCKED';
  readonly seatNumber: number;
  readonly at: number;
}

/** An organiser gave the seat away: it is paid for with 0 won. */
export interface SeatComped {
  readonly type: 'COMPED';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly userId: string;
  readonly paymentId: string;
  readonly at: number;
}

/** An organiser moved the seat's reservation to another seat; the next event is that seat's. */
export interface MovedAway {
  readonly type: 'MOVED_AWAY';
  readonly seatNumber: number;
  readonly reservationId: string;
  readonly at: number;
  readonly toSeatNumber: number;
}

/** The seat got the reservation of the event before, as it was. */
export interface MovedHere extends LiveReservation {
  readonly type: 'MOVED_HERE';
  readonly seatNumber: number;
  readonly at: number;
  readonly fromSeatNumber: number;
  readonly status: 'HELD' | 'CONFIRMED';
}

export type SeatEvent =
  | SeatHeld
  | HoldExtended
  | HoldEnded
  | SeatSettled
  | SeatBlocked
  | SeatComped
  | MovedAway
  | MovedHere;
