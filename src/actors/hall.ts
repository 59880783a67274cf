import { applyEvent, type Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/**
 * The seats of one schedule as the machine has decided them, changed in place: copying the hall for every hold was most of
 * the garbage collector's work. A change replaces a `Seat` and never alters it, so a `Seat` that a caller keeps stays as it
 * was; `seats` itself shows every later change.
 *
 * How many live seats each user has is counted along, because looking through a hall that is not in the processor's cache
 * costs more than everything else a hold is decided by.
 */
export class Hall {
  readonly #seats: Seat[];
  readonly #liveSeats = new Map<string, number>();

  constructor(seats: readonly Seat[]) {
    this.#seats = seats.slice();
    for (const { live } of seats) if (live !== null) this.#count(live.userId, 1);
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** Seats that the user holds or has bought. */
  liveSeatsOf(userId: string): number {
    return this.#liveSeats.get(userId) ?? 0;
  }

  /** Folds events in that are legal in the seats' states. */
  apply(events: readonly SeatEvent[]): void {
    for (const event of events) {
      const seat = this.#seats[event.seatNumber - 1];
      if (seat !== undefined) this.#put(applyEvent(seat, event));
    }
  }

  /** Gives the seats in `from` that are meant another status; their reservations stay. */
  turn(
    from: Seat['status'],
    to: 'HELD' | 'PAYING' | 'CONFIRMED' | 'REFUNDING',
    isMeant: (seat: Seat) => boolean,
  ): void {
    for (const seat of this.#seats) {
      if (seat.live !== null && seat.status === from && isMeant(seat)) this.#put({ ...seat, status: to });
    }
  }

  #put(seat: Seat): void {
    const index = seat.seatNumber - 1;
    const before = this.#seats[index]?.live?.userId ?? null;
    const after = seat.live?.userId ?? null;
    this.#seats[index] = seat;
    if (before === after) return;
    if (before !== null) this.#count(before, -1);
    if (after !== null) this.#count(after, 1);
  }

  #count(userId: string, change: 1 | -1): void {
    const count = this.liveSeatsOf(userId) + change;
    if (count > 0) this.#liveSeats.set(userId, count);
    else this.#liveSeats.delete(userId);
  }
}
