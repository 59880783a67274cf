/** The first sell-out of a schedule: no seat was on sale any more, and at least one was paid for. */
export interface SellOut {
  readonly concertId: number;
  readonly title: string;
  readonly artist: string;
  readonly venue: string;
  readonly scheduleId: number;
  /** The calendar date of the start in the concert's time zone. */
  readonly date: string;
  readonly startsAtMs: number;
  /** The opening of the concert's booking, or of the schedule where that is later, as it was at the sell-out. */
  readonly openedAtMs: number;
  /** The payment of the last seat. */
  readonly soldOutAtMs: number;
  /** Seats that were paid for at the sell-out. */
  readonly seats: number;
  /** Whether as many seats are paid for now; not after a refund, until the seat is sold again. */
  readonly still: boolean;
}

export interface SellOuts {
  /**
   * The sell-outs of the last days, the fastest first, at most 100. Throws a Fault `STORE_UNAVAILABLE` with effect `none`.
   */
  fastest(days: number): Promise<readonly SellOut[]>;
}
