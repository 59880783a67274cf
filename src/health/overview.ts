export interface NodeOverview {
  readonly node: string;
  readonly address: string;
  readonly alive: boolean;
  /** How many schedules the node owns. */
  readonly ownedSchedules: number;
}

export interface ConcertSales {
  readonly concertId: number;
  /** Seats on hold now. */
  readonly held: number;
  /** Seats sold and not refunded. */
  readonly confirmed: number;
  /** Won, of the payments that stand. */
  readonly revenue: number;
}

/** The line of a concert as it is recorded. */
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
  /** The node that owns it; null before its first use. */
  readonly owner: string | null;
}

/** What `GET /admin/overview` shows beside the queue lengths. */
export interface ClusterOverview {
  readonly nodes: readonly NodeOverview[];
  /** Schedules that the answering node owns. */
  readonly ownedSchedules: readonly number[];
  /** Concerts without holds and sales may be left out. */
  readonly concerts: readonly ConcertSales[];
  /** In order of start, those that have begun last; a bounded number of them. */
  readonly schedules: readonly ScheduleOccupancy[];
  /** How many there are beyond that bound. */
  readonly schedulesLeftOut: number;
}
