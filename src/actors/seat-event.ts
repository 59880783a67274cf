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

export type SeatEvent = SeatHeld | HoldExtended | HoldEnded | SeatSettled;
