import type { Page, PageRequest } from './page.ts';
import type { CompletedToken, QueueIdentity } from './queue-token.ts';

/** BLOCKED seats are not for sale. */
export type SeatStatus = 'AVAILABLE' | 'HELD' | 'CONFIRMED' | 'BLOCKED';
export type ReservationStatus = 'HELD' | 'CONFIRMED' | 'EXPIRED' | 'CANCELLED' | 'REFUNDED';

/** A user who holds a seat again within this time of giving it back has held it all along. */
export const RESUMED_WITHIN_MS = 60_000;
/** Of one schedule. Far more holds than end within that time; each takes about 200 bytes. */
export const MOST_RESUMABLE = 20_000;

/** A reservation; answers add the name of its seat. Times are ISO 8601 UTC; `epoch` and `seq` are those of its last change. */
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
  /** Null after confirmation. */
  readonly expiresAt: string | null;
  readonly confirmedAt: string | null;
  readonly paymentId: string | null;
  readonly epoch: number;
  readonly seq: number;
}

/** Seats that an organiser blocked or unblocked. */
export interface ChangedSeats {
  readonly scheduleId: number;
  readonly seatNumbers: readonly number[];
  readonly status: 'BLOCKED' | 'AVAILABLE';
  /** Those that were not in this status before. */
  readonly changed: readonly number[];
  readonly epoch: number;
  readonly seq: number;
}

/** The words for a seat that a ticket shows. */
export interface SeatName {
  /** Section, row and seat in one text: "1층 A구역 3열 12번". */
  readonly seatLabel: string;
  /** Null in a hall without a seat plan. */
  readonly section: string | null;
  readonly row: string;
}

/** A reservation as answers show it. */
export type NamedReservation = Reservation & SeatName;

/** Reads of durable reservations. Every method throws a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export interface ReservationRecords {
  /** A reservation of any user, or null. */
  find(reservationId: string): Promise<Reservation | null>;
  /**
   * Those of `reservationIds` that belong to the user, in no order. Another user's reservations are left out, like unknown
   * ones.
   */
  findMany(userId: string, reservationIds: readonly string[]): Promise<readonly Reservation[]>;
  /** The user's live reservation of that seat, else the newest ended one among the user's last 1 000, or null. */
  findNewestOfSeat(userId: string, scheduleId: number, seatNumber: number): Promise<Reservation | null>;
  /** Newest first; the cursor is the id of the last one seen. */
  list(userId: string, status: ReservationStatus | null, page: PageRequest): Promise<Page<Reservation>>;
  /**
   * The facts that the owners of a concert's schedules need about the end of a token: the schedules that have not begun (none
   * if the token was never ACTIVE), and the time at which the user's next token of the concert was issued, in epoch
   * milliseconds, or null.
   */
  findDatesOfEnd(
    token: Pick<QueueIdentity, 'tokenId' | 'userId' | 'concertId'>,
    endedAtMs: number,
  ): Promise<{ readonly scheduleIds: readonly number[]; readonly laterTokenIssuedAtMs: number | null }>;
  /** The user's token of the concert that a payment at `paidAtMs` may have completed, or null. */
  findCompletedToken(userId: string, concertId: number, paidAtMs: number): Promise<CompletedToken | null>;
}
