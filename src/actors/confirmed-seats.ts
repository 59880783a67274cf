import type { MapSeat, SeatMap } from './command.ts';
import type { Change } from './flush.ts';
import { applyEvent, type Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/**
 * The durable state of a schedule's seats: the log folded up to `seq`. Everything that a reader is shown comes from here.
 */
export class ConfirmedSeats {
  readonly #scheduleId: number;
  readonly #seats: Seat[];
  readonly #changes: Change[];
  /** Whether the organiser has cancelled the date. */
  readonly isCancelled: boolean;
  #map: SeatMap | null = null;
  #epoch: number;
  #seq: number;
  #held = 0;
  #confirmed = 0;
  #unsold = 0;

  constructor(
    scheduleId: number,
    epoch: number,
    seq: number,
    seats: readonly Seat[],
    changes: readonly Change[],
    isCancelled = false,
  ) {
    this.#scheduleId = scheduleId;
    this.isCancelled = isCancelled;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#seats = seats.slice();
    this.#changes = changes.slice();
    for (const seat of seats) this.#count(seat, 1);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get seq(): number {
    return this.#seq;
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** Seats that are on hold. */
  get held(): number {
    return this.#held;
  }

  /** Seats that are paid for. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Seats that are on sale and not paid for: free, or on hold. A schedule without any is sold out. */
  get unsold(): number {
    return this.#unsold;
  }

  /** The last change of each seat, by seat number less one. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** The owner goes on under a later epoch. */
  enterEpoch(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#map = null;
  }

  /** Takes over the seats after committed changes, which are numbered `seq + 1` onwards. */
  take(seats: readonly Seat[], changes: readonly Change[]): void {
    for (let position = 0; position < seats.length; position += 1) {
      const seat = seats[position];
      const change = changes[position];
      if (seat === undefined || change === undefined) continue;
      const index = seat.seatNumber - 1;
      this.#count(this.#seats[index], -1);
      this.#count(seat, 1);
      this.#seats[index] = seat;
      this.#changes[index] = change;
    }
    this.#seq += changes.length;
    if (changes.length > 0) this.#map = null;
  }

  /** Applies committed events. `changes` are those of the events, numbered from `seq + 1` on. */
  fold(events: readonly SeatEvent[], changes: readonly Change[]): void {
    for (const [position, event] of events.entries()) {
      const seat = this.#seats[event.seatNumber - 1];
      const change = changes[position];
      if (seat !== undefined && change !== undefined) this.take([applyEvent(seat, event)], [change]);
    }
  }

  /** The map at `seq`; the same object until something changes. */
  map(): SeatMap {
    this.#map ??= this.#draw();
    return this.#map;
  }

  #count(seat: Seat | undefined, change: 1 | -1): void {
    if (seat?.status === 'CONFIRMED') this.#confirmed += change;
    else if (seat?.status === 'HELD') this.#held += change;
    if (seat?.status === 'HELD' || seat?.status === 'AVAILABLE') this.#unsold += change;
  }

  #draw(): SeatMap {
    let availableSeats = 0;
    const seats = this.#seats.map((seat, index): MapSeat => {
      const { seatNumber, price } = seat;
      const seq = this.#changes[index]?.seq ?? this.#seq;
      if (seat.live === null) {
        if (seat.status === 'AVAILABLE') availableSeats += 1;
        return { seatNumber, price, status: seat.status, heldUntil: null, userId: null, seq };
      }
      const { userId } = seat.live;
      if (seat.status === 'CONFIRMED') return { seatNumber, price, status: 'CONFIRMED', heldUntil: null, userId, seq };
      return { seatNumber, price, status: 'HELD', heldUntil: new Date(seat.live.expiresAt).toISOString(), userId, seq };
    });
    const map = { scheduleId: this.#scheduleId, epoch: this.#epoch, seq: this.#seq, availableSeats, seats };
    return this.isCancelled ? { ...map, isCancelled: true } : map;
  }
}
