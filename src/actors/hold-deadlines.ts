import { earliestExpiry, type Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/** When the holds of a schedule end. Kept, because looking through a hall that is not in the processor's cache costs microseconds. */
export class HoldDeadlines {
  #next: number | null = null;
  #earliest: number | null = null;
  #isEarliestStale = false;

  constructor(seats: readonly Seat[]) {
    this.reset(seats);
  }

  /** No HELD seat ends before this; null when none is held. May be too early, never too late. */
  get next(): number | null {
    return this.#next;
  }

  reset(seats: readonly Seat[]): void {
    this.#earliest = earliestExpiry(seats);
    this.#next = this.#earliest;
    this.#isEarliestStale = false;
  }

  note(event: SeatEvent): void {
    if (event.type !== 'HELD') {
      // An extended hold may have been the earliest to end.
      this.#isEarliestStale = true;
      return;
    }
    const { expiresAt } = event;
    if (this.#next === null || expiresAt < this.#next) this.#next = expiresAt;
    if (this.#earliest === null || expiresAt < this.#earliest) this.#earliest = expiresAt;
  }

  /** Holds have ended, or seats are HELD again. */
  refreshNext(seats: readonly Seat[]): void {
    this.#next = earliestExpiry(seats.filter((seat) => seat.status === 'HELD'));
  }

  /** The earliest end of any hold, those being paid included. */
  earliest(seats: readonly Seat[]): number | null {
    if (this.#isEarliestStale) {
      this.#earliest = earliestExpiry(seats);
      this.#isEarliestStale = false;
    }
    return this.#earliest;
  }
}
