import type { BookingWindow, SaleTimes } from '../domain/booking-window.ts';
import type { SeatPlan } from '../domain/seat-plan.ts';
import type { SeatRules } from '../domain/seat-rules.ts';
import type { EndedToken } from './ended-tokens.ts';
import type { RecentHold } from './recent-holds.ts';
import type { Seat } from './seat.ts';

/** A live reservation's seat as its row shows it, with the change that it reports. */
export interface OwnedSeat {
  readonly seat: Seat;
  readonly epoch: number;
  readonly seq: number;
}

/** A schedule as its new owner found it in one snapshot, under the epoch that it was given. */
export interface OwnedSchedule {
  readonly scheduleId: number;
  readonly concertId: number;
  readonly times: BookingWindow & SaleTimes & SeatRules;
  /** Null: nobody has drawn the hall. Schedules of a version of a plan share it. */
  readonly plan: SeatPlan | null;
  readonly epoch: number;
  readonly seq: number;
  /** Every seat, in order of number. */
  readonly seats: readonly OwnedSeat[];
  /** Holds that ended within the minute before the schedule was loaded, in the order of their ends. */
  readonly recentHolds: readonly RecentHold[];
  /** Queue tokens of the concert that ended shortly before the schedule was loaded. */
  readonly endedTokens: readonly EndedToken[];
}

export type ActivationOutcome =
  | { readonly type: 'owned'; readonly schedule: OwnedSchedule }
  /** No such schedule: nothing was created. */
  | { readonly type: 'unknown' }
  /** Another living node owns it, or should; null when it is not known which. */
  | { readonly type: 'elsewhere'; readonly owner: string | null };

/** How schedules come to this node, and go. */
export interface Ownership {
  /** Takes the schedule over, or finds out why not. Throws a Fault `STORE_UNAVAILABLE`. */
  activate(scheduleId: number): Promise<ActivationOutcome>;
  /**
   * Gives the schedule, of which nothing is under way here, from `epoch` on to another node; false when it was no longer
   * this node's to give. Throws a Fault `STORE_UNAVAILABLE`: then it may have been given.
   */
  handOver(scheduleId: number, epoch: number, heir: string): Promise<boolean>;
  /** Whether what writes nothing may be answered now. */
  isLeaseValid(): boolean;
}
