export interface NodeOverview {
  readonly node: string;
  readonly address: string;
  readonly alive: boolean;
  /** Number of schedules that the node owns. */
  readonly ownedSchedules: number;
}

export interface ConcertSales {
  readonly concertId: number;
  /** Seats on hold now. */
  readonly held: number;
  /** Seats sold and not refunded. */
  readonly confirmed: number;
  /** Won, of payments that were not refunded. */
  readonly revenue: number;
}

/** The recorded line of a concert. */
export interface QueueLength {
  readonly concertId: number;
  readonly waiting: number;
  readonly active: number;
}

export interface ScheduleOccupancy {
  readonly scheduleId: number;
  readonly concertId: number;
  readonly title: string;
  /** Calendar date of the start in the concert's time zone, YYYY-MM-DD. */
  readonly date: string;
  readonly startsAtMs: number;
  readonly totalSeats: number;
  /** Seats on hold now. */
  readonly held: number;
  readonly confirmed: number;
  /** Seats that an organiser keeps out of the sale. */
  readonly blocked: number;
  /** The node that owns it; null before its first use. */
  readonly owner: string | null;
}

/** The answer of `GET /admin/overview`, without the queue lengths. */
export interface ClusterOverview {
  readonly nodes: readonly NodeOverview[];
  /** Schedules that the answering node owns. */
  readonly ownedSchedules: readonly number[];
  /** Concerts without holds and sales may be left out. */
  readonly concerts: readonly ConcertSales[];
  /** Ordered by start; schedules that have begun come last. Bounded. */
  readonly schedules: readonly ScheduleOccupancy[];
  /** Number of schedules beyond that bound. */
  readonly schedulesLeftOut: number;
}
