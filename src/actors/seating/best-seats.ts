import type { HoldBestSeats } from '../command.ts';
import type { Seat } from '../seat.ts';
import { chooseSeats, type SeatChoice } from './choose-seats.ts';
import type { SeatLayout } from './seat-layout.ts';
import { SUITABLE, TAKEN, UNSUITABLE } from './seat-wish.ts';

/** The best free seats for a command; `seq` is the number that the schedule's next change will have. */
export function chooseBestSeats(
  seats: readonly Seat[],
  layout: SeatLayout,
  { count, isTogether, maxPrice }: Pick<HoldBestSeats, 'count' | 'isTogether' | 'maxPrice'>,
  seq: number,
): SeatChoice {
  const states = new Uint8Array(seats.length + 1);
  for (const { seatNumber, status, price } of seats) {
    if (status !== 'AVAILABLE') states[seatNumber] = TAKEN;
    else states[seatNumber] = maxPrice === null || price <= maxPrice ? SUITABLE : UNSUITABLE;
  }
  return chooseSeats(layout, { count, isTogether, avoidsSingles: true, states, seq });
}
