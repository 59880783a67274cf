/** Concerts and their schedules: what is sold. Static but for the queue policy. */
import type { Page, PageRequest } from './page.ts';

export interface QueuePolicy {
  /** ACTIVE tokens at a time; 0 pauses. */
  readonly maxActive: number;
  /** Admissions in any window of `intervalMs`; 0 pauses. */
  readonly batch: number;
  readonly intervalMs: number;
  readonly activeTtlMs: number;
}

export interface Concert {
  readonly concertId: number;
  readonly title: string;
  readonly artist: string;
  readonly venue: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Epoch milliseconds. */
  readonly bookingOpensAtMs: number;
  /** Epoch milliseconds; the instant itself is still open. */
  readonly bookingClosesAtMs: number;
  readonly queue: QueuePolicy;
}

export interface Schedule {
  readonly scheduleId: number;
  readonly concertId: number;
  /** Calendar date of `startsAt` in the concert's time zone, YYYY-MM-DD. */
  readonly date: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number | null;
  readonly reservationOpensAtMs: number | null;
  readonly totalSeats: number;
}

export interface ScheduleWithAvailability extends Schedule {
  readonly availableSeats: number;
}

export type NewConcert = Omit<Concert, 'concertId'>;

export interface NewSchedule {
  readonly startsAtMs: number;
  readonly endsAtMs: number | null;
  readonly reservationOpensAtMs: number | null;
  /** Price of seat i + 1, in won. */
  readonly prices: readonly number[];
}

/** Every method throws a Fault `STORE_UNAVAILABLE` with effect `none` when the database does not answer. */
export interface Catalogue {
  /** From memory, and then at once, where it was seen before; unknown ids leave memory flat. */
  findConcert(concertId: number): Concert | null | Promise<Concert | null>;
  /** As the database has it now, whatever is remembered: another node may have changed its policy. */
  readConcert(concertId: number): Promise<Concert | null>;
  /** From memory, and then at once, where it was seen before; unknown ids leave memory flat. */
  findSchedule(scheduleId: number): Schedule | null | Promise<Schedule | null>;
  /**
   * Concerts whose booking window contains `nowMs`, newest first; the cursor is the last one's id. A page may be short where windows
   * open or close meanwhile; only `nextCursor` tells whether there are more.
   */
  listBookable(nowMs: number, page: PageRequest): Promise<Page<Concert>>;
  listConcerts(): Promise<readonly Concert[]>;
  /** All schedules of a concert in order of start, with the seats that have no live reservation now. */
  listSchedules(concertId: number): Promise<readonly ScheduleWithAvailability[]>;
  createConcert(concert: NewConcert): Promise<Concert>;
  /** Creates the schedule with its seats and its head row. Null when the concert does not exist. */
  createSchedule(concertId: number, schedule: NewSchedule): Promise<ScheduleWithAvailability | null>;
  /** Merges `change` into the concert's policy. Null when the concert does not exist. */
  changeQueuePolicy(concertId: number, change: Partial<QueuePolicy>): Promise<Concert | null>;
}

/** What a catalogue remembers of concerts, and other nodes may have changed. */
export interface CatalogueMemory {
  /** It is read anew when it is next asked for; null: every concert is. Reads under way are not remembered. */
  forgetConcert(concertId: number | null): void;
}
