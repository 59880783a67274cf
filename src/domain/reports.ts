/** What organisers read of their sales: sums, and the history of a seat. */
import type { Page, PageRequest } from './page.ts';

export const SALES_GROUPS = ['concert', 'date', 'section', 'hour'] as const;
export type SalesGroup = (typeof SALES_GROUPS)[number];

/** Sums in seats and in won. A refunded seat counts as sold and as refunded. */
export interface SalesFigures {
  readonly seatsSold: number;
  readonly seatsRefunded: number;
  /** All money that was paid, refunded or not. */
  readonly revenue: number;
  readonly refunds: number;
  /** Revenue without refunds. */
  readonly net: number;
}

/** The sales of a concert, a date, a section or an hour; what the row is not of is null. */
export interface SalesRow extends SalesFigures {
  readonly concertId: number | null;
  readonly title: string | null;
  readonly scheduleId: number | null;
  /** The calendar date of the start in the concert's time zone. */
  readonly date: string | null;
  readonly startsAtMs: number | null;
  /** The section of the schedules' plans; null too for seats of a hall without a plan. */
  readonly section: string | null;
  /** The beginning of an hour in the concert's time zone, with its offset from UTC. */
  readonly hour: string | null;
  /** The seats of all schedules of the row; null for an hour. */
  readonly capacity: number | null;
}

/** All of it from one snapshot. */
export interface SalesReport {
  readonly rows: readonly SalesRow[];
  readonly totals: SalesFigures & { readonly capacity: number | null };
}

/** A change of a seat, as the log has it. */
export interface SeatChange {
  readonly seq: number;
  readonly epoch: number;
  /** When it was decided, and when it was written. */
  readonly atMs: number | null;
  readonly loggedAtMs: number;
  /** The logged type, such as HELD or REFUNDED. */
  readonly cause: string;
  readonly reservationId: string | null;
  readonly userId: string | null;
  readonly paymentId: string | null;
  /** All other members of the logged event. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Every method throws a Fault `STORE_UNAVAILABLE` with effect `none` when the database does not answer. */
export interface Reports {
  /** Of these concerts, or of all. */
  sales(by: SalesGroup, concertIds: readonly number[] | null): Promise<SalesReport>;
  /** The changes of a seat, newest first; the cursor is the last one's number. */
  seatHistory(scheduleId: number, seatNumber: number, page: PageRequest): Promise<Page<SeatChange>>;
}
