import type { Page, PageRequest } from './page.ts';

export type SeatStatus = 'AVAILABLE' | 'HELD' | 'CONFIRMED';
export type ReservationStatus = 'HELD' | 'CONFIRMED' | 'EXPIRED' | 'CANCELLED' | 'REFUNDED';

/** A reservation as every answer shows it. Times are ISO 8601 UTC; `epoch` and `seq` are those of its last change. */
export interface Reservation {
  readonly reservationId: string;
  readonly concertId: number;
  readonly scheduleId: number;
  readonly startsAt: string;
  readonly seatNumber: number;
  /** Won. */
  readonly price: number;
  readonly status: ReservationStatus;
  readonly createdAt: string;
  /** Null once it was confirmed. */
  readonly expiresAt: string | null;
  readonly confirmedAt: string | null;
  readonly paymentId: string | null;
  readonly epoch: number;
  readonly seq: number;
}

/** Which hold, and where it is decided on. */
export interface HoldReference {
  readonly scheduleId: number;
  readonly reservationId: string;
}

/** Reads of durable reservations. Every method throws a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export interface ReservationRecords {
  /** Those of `reservationIds` that belong to the user, in no order. Somebody else's are left out like unknown ones. */
  findMany(userId: string, reservationIds: readonly string[]): Promise<readonly Reservation[]>;
  /** The user's newest reservation of that seat, whatever its status, or null. */
  findNewestOfSeat(userId: string, scheduleId: number, seatNumber: number): Promise<Reservation | null>;
  /** Newest first; the cursor is the id of the last one seen. */
  list(userId: string, status: ReservationStatus | null, page: PageRequest): Promise<Page<Reservation>>;
  /** The schedules of a concert in which the user has HELD reservations. */
  schedulesWithHolds(userId: string, concertId: number): Promise<readonly number[]>;
  /**
   * The HELD reservations of a concert that the user made before `leftAtMs`, epoch milliseconds; none while the user has a live
   * queue token of that concert, since they may be meant for it.
   */
  holdsLeftBehind(userId: string, concertId: number, leftAtMs: number): Promise<readonly HoldReference[]>;
}
