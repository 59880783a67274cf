/** Concerts and their schedules. Their organiser may change everything but the number of seats. */
import { type BookingWindow, type HoldTimes, refusalOfBooking, type SaleTimes } from './booking-window.ts';
import type { Rejection } from './errors.ts';
import type { Page, PageRequest } from './page.ts';
import type { PlanKey } from './seat-plan.ts';
import type { SeatRules } from './seat-rules.ts';

export interface QueuePolicy {
  /** ACTIVE tokens at a time; 0 pauses. */
  readonly maxActive: number;
  /** Admissions in any window of `intervalMs`; 0 pauses. */
  readonly batch: number;
  readonly intervalMs: number;
  readonly activeTtlMs: number;
}

/** A queue as its organiser sets it. While it is paused nobody is admitted, and the policy waits unchanged. */
export interface ConcertQueue extends QueuePolicy {
  readonly paused: boolean;
}

/** The policy by which the queue admits now: the organiser's, or one that admits nobody. */
export function policyOf({ paused, ...policy }: ConcertQueue): QueuePolicy {
  return paused ? { ...policy, batch: 0 } : policy;
}

export interface Concert extends BookingWindow {
  readonly concertId: number;
  readonly title: string;
  readonly artist: string;
  readonly venue: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly queue: ConcertQueue;
  /** Epoch milliseconds; null: the organiser has not cancelled it. */
  readonly cancelledAtMs: number | null;
  /** Rises with each change. */
  readonly version: number;
}

export interface Schedule extends SaleTimes, SeatRules {
  readonly scheduleId: number;
  readonly concertId: number;
  /** Calendar date of `startsAt` in the concert's time zone, YYYY-MM-DD. */
  readonly date: string;
  readonly endsAtMs: number | null;
  readonly totalSeats: number;
  /** Its cancellation; null while it is not cancelled. */
  readonly cancellationId: string | null;
  /** Rises with each change. */
  readonly version: number;
  /** Null: nobody has drawn the hall, see `generatePlan`. */
  readonly plan: PlanKey | null;
}

export interface ScheduleWithAvailability extends Schedule {
  readonly availableSeats: number;
  /** The lowest and the highest price of a seat, in won. */
  readonly priceFrom: number;
  readonly priceTo: number;
}

export type NewConcert = Omit<Concert, 'concertId' | 'version' | 'cancelledAtMs'>;

/** Rules that are left out are the default ones. */
export interface NewSchedule extends Partial<SeatRules> {
  readonly startsAtMs: number;
  readonly endsAtMs: number | null;
  readonly reservationOpensAtMs: number | null;
  /** Price of seat i + 1, in won. */
  readonly prices: readonly number[];
  readonly plan?: PlanKey;
}

/** Why nobody can enter the line of the concert at `nowMs`, or null. */
export function refusalOfQueueing(concert: Concert, nowMs: number): Rejection | null {
  return concert.cancelledAtMs === null ? refusalOfBooking(concert, nowMs) : { code: 'CONCERT_CANCELLED', members: {} };
}

/** When the line of the concert ends. Epoch milliseconds. */
export function lineClosesAtMs({ bookingClosesAtMs, cancelledAtMs }: Concert): number {
  return Math.min(bookingClosesAtMs, cancelledAtMs ?? Number.POSITIVE_INFINITY);
}

/** Every method throws a Fault `STORE_UNAVAILABLE` with effect `none` when the database does not answer. */
export interface Catalogue {
  /** Counts the calls of `forgetConcert`: the changes of concerts and their schedules that this process knows of. */
  readonly changes: number;
  /** Answers synchronously from memory after the first look-up; unknown ids are not remembered. */
  findConcert(concertId: number): Concert | null | Promise<Concert | null>;
  /** Reads the database, not the memory: another node may have changed the concert. */
  readConcert(concertId: number): Promise<Concert | null>;
  /**
   * Reads the database, not the memory, which may hold the times of before a change by another node. A concert whose times
   * are others in memory is forgotten.
   */
  readHoldTimes(scheduleId: number): Promise<HoldTimes | null>;
  /** Answers synchronously from memory after the first look-up; unknown ids are not remembered. */
  findSchedule(scheduleId: number): Schedule | null | Promise<Schedule | null>;
  /**
   * Concerts whose booking window contains `nowMs`, newest first; the cursor is the last one's id. A page may be short when
   * windows open or close meanwhile; only `nextCursor` says whether there are more.
   */
  listBookable(nowMs: number, page: PageRequest): Promise<Page<Concert>>;
  /** Concerts whose booking window opens after `nowMs`; pages as in `listBookable`. */
  listUpcoming(nowMs: number, page: PageRequest): Promise<Page<Concert>>;
  listConcerts(): Promise<readonly Concert[]>;
  /** All schedules of a concert, ordered by start, with the number of seats that have no live reservation. */
  listSchedules(concertId: number): Promise<readonly ScheduleWithAvailability[]>;
  createConcert(concert: NewConcert): Promise<Concert>;
  /** Creates the schedule with its seats and its head row. Null when the concert does not exist. */
  createSchedule(concertId: number, schedule: NewSchedule): Promise<ScheduleWithAvailability | null>;
  /** Merges `change` into the concert's queue. Null when the concert does not exist. */
  changeQueuePolicy(concertId: number, change: Partial<ConcertQueue>): Promise<Concert | null>;
}

/** The remembered concerts, which other nodes may change. */
export interface CatalogueMemory {
  /** Forgets one concert, or all when null; the next call reads it again. Results of reads in flight are not remembered. */
  forgetConcert(concertId: number | null): void;
}
