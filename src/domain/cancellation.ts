import type { ActResult, AdminAct } from './admin.ts';
import type { RaisedSchedule } from './catalogue-edits.ts';
import type { RejectionCode } from './errors.ts';

/** A payment that could not be refunded. Asking for the cancellation again tries it again. */
export interface ParkedRefund {
  readonly paymentId: string;
  readonly userId: string;
  /** Won. */
  readonly amount: number;
  readonly code: RejectionCode;
}

export interface Cancellation {
  readonly cancellationId: string;
  readonly concertId: number;
  /** Null: of the whole concert. */
  readonly scheduleId: number | null;
  /** Its dates. A concert's leave out those that were cancelled before. */
  readonly scheduleIds: readonly number[];
  readonly reason: string;
  /** DONE: every payment is refunded or parked. */
  readonly state: 'RUNNING' | 'DONE';
  /** Payments that were to be refunded when it was made. */
  readonly payments: number;
  /** How many of them are refunded, by this or by their buyers. */
  readonly refunded: number;
  readonly parked: readonly ParkedRefund[];
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

export interface CancellationWish {
  /** Of a new cancellation. */
  readonly cancellationId: string;
  readonly reason: string;
}

/** The dates are closed; their refunds may be under way. */
export interface OrderedCancellation {
  /** The earlier one where it was cancelled before. */
  readonly cancellationId: string;
  readonly concertId: number;
  /** Owners must load these dates again. */
  readonly raised: readonly RaisedSchedule[];
}

/** A payment of a cancelled date that is neither refunded nor parked. */
export interface DueRefund {
  readonly scheduleId: number;
  readonly paymentId: string;
  readonly userId: string;
}

/**
 * Cancellations of dates and concerts. A cancellation closes its dates in the transaction that makes it, under raised epochs: no
 * hold is granted and no payment completes after it. Every method throws a Fault `STORE_UNAVAILABLE` when the database does not
 * answer.
 */
export interface Cancellations {
  /** Refuses an unknown date with SCHEDULE_NOT_FOUND. Asked for again, it has parked refunds tried again. */
  cancelSchedule(
    scheduleId: number,
    wish: CancellationWish,
    act: AdminAct<OrderedCancellation>,
  ): Promise<ActResult<OrderedCancellation>>;
  /** The same for all dates of a concert and its line. Refuses an unknown concert with CONCERT_NOT_FOUND. */
  cancelConcert(
    concertId: number,
    wish: CancellationWish,
    act: AdminAct<OrderedCancellation>,
  ): Promise<ActResult<OrderedCancellation>>;
  find(cancellationId: string): Promise<Cancellation | null>;
  /** Those whose refunds are not done, oldest first. */
  listRunning(): Promise<readonly string[]>;
  /** Its dates with their present epochs. */
  listDates(cancellationId: string): Promise<readonly RaisedSchedule[]>;
  listDue(cancellationId: string, limit: number): Promise<readonly DueRefund[]>;
  park(cancellationId: string, paymentId: string, code: RejectionCode): Promise<void>;
  /** Marks it DONE; false while a hold is left, or a payment that is neither refunded nor parked. */
  finish(cancellationId: string): Promise<boolean>;
}
