import type { ActResult, AdminAct, AdminStamp } from './admin.ts';
import type {
  Concert,
  NewConcert,
  NewSchedule,
  ConcertQueue,
  Schedule,
  ScheduleWithAvailability,
} from './catalogue.ts';
import type { SeatRules } from './seat-rules.ts';

/** A schedule whose owner must load it again: the epoch was raised to `epoch`. */
export interface RaisedSchedule {
  readonly scheduleId: number;
  readonly epoch: number;
}

/** Members that are left out stay as they are; those of the queue policy too. */
export interface ConcertChange extends Partial<Omit<NewConcert, 'queue'>> {
  readonly queue?: Partial<ConcertQueue>;
}

export type ScheduleChange = Partial<
  Pick<Schedule, 'startsAtMs' | 'endsAtMs' | 'reservationOpensAtMs' | 'closed' | keyof SeatRules>
> & { readonly planMove?: PlanMove };

/** A newer version of a date's plan. */
export interface PlanMove {
  readonly version: number;
  /** Prices of levels, in won, for the seats that get them; without one, a level costs what its cheapest seat costs now. */
  readonly levels: ReadonlyMap<string, number>;
}

export interface ChangedConcert {
  readonly concert: Concert;
  /** Empty when no time was changed. */
  readonly raised: readonly RaisedSchedule[];
}

export interface ChangedSchedule {
  readonly schedule: Schedule;
  readonly raised: readonly RaisedSchedule[];
}

export interface ChangedPrices {
  /** Seats with a live reservation, whose price stays; in order of number. */
  readonly unchanged: readonly number[];
  readonly raised: readonly RaisedSchedule[];
}

/**
 * An organiser's changes of what is sold, each in one transaction with its entry in the log. A change of times or prices raises
 * the epoch of each schedule that it concerns, so that no owner that has not loaded it again can sell or refund. Every method
 * refuses an unknown concert or schedule with CONCERT_NOT_FOUND or SCHEDULE_NOT_FOUND, and throws a Fault `STORE_UNAVAILABLE` when
 * the database does not answer.
 */
export interface CatalogueEdits {
  createConcert(concert: NewConcert, act: AdminAct<Concert>): Promise<ActResult<Concert>>;
  /** Creates the schedule with its seats and its head row. */
  createSchedule(
    concertId: number,
    schedule: NewSchedule,
    act: AdminAct<ScheduleWithAvailability>,
  ): Promise<ActResult<ScheduleWithAvailability>>;
  /** Merges `change` into the concert's policy. */
  changeQueuePolicy(concertId: number, change: Partial<ConcertQueue>, stamp: AdminStamp): Promise<ActResult<Concert>>;
  /** `versions`: those that the caller may have changed; null: any. Refuses others with VERSION_STALE. */
  changeConcert(
    concertId: number,
    change: ConcertChange,
    versions: readonly number[] | null,
    stamp: AdminStamp,
  ): Promise<ActResult<ChangedConcert>>;
  /** A hold that would outlive the new start ends by it. */
  changeSchedule(scheduleId: number, change: ScheduleChange, stamp: AdminStamp): Promise<ActResult<ChangedSchedule>>;
  /** `prices` by seat number. Seats with a live reservation keep their price. */
  changePrices(
    scheduleId: number,
    prices: ReadonlyMap<number, number>,
    stamp: AdminStamp,
  ): Promise<ActResult<ChangedPrices>>;
  /** Refuses with HAS_RESERVATIONS where a seat was ever reserved. */
  deleteConcert(concertId: number, stamp: AdminStamp): Promise<ActResult<null>>;
  /** Refuses with HAS_RESERVATIONS where a seat was ever reserved. */
  deleteSchedule(scheduleId: number, stamp: AdminStamp): Promise<ActResult<null>>;
}
