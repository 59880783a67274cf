import type { HoldBestSeats } from '../command.ts';
import type { Seat } from '../seat.ts';
import { chooseSeats, type SeatChoice } from './choose-seats.ts';
import type { SeatLayout } from './seat-layout.ts';
import { SUITABLE, TAKEN, UNSUITABLE } from './seat-wish.ts';

export interface SeatsWanted extends Pick<HoldBestSeats, 'count' | 'isTogether' | 'filter'> {
  /** Free seats that the user may not hold now. */
  readonly usedUp: ReadonlySet<number>;
}

/** The best free seats for a command; `seq` is the number that the schedule's next change will have. */
export function chooseBestSeats(
  seats: readonly Seat[],
  layout: SeatLayout,
  { count, isTogether, filter, usedUp }: SeatsWanted,
  seq: number,
): SeatChoice {
  const states = new Uint8Array(seats.length + 1);
  for (const stretch of layout.stretches) {
    const isInSection = filter.section === null || stretch.section === filter.section;
    for (const { seatNumber, level } of stretch.seats) {
      const seat = seats[seatNumber - 1];
      if (seat === undefined || seat.status !== 'AVAILABLE') states[seatNumber] = TAKEN;
      else {
        const isSuitable = isInSection && suits(seat.price, level, filter) && !usedUp.has(seatNumber);
        states[seatNumber] = isSuitable ? SUITABLE : UNSUITABLE;
      }
    }
  }
  return chooseSeats(layout, { count, isTogether, avoidsSingles: true, states, seq });
}

function suits(price: number, level: string, filter: HoldBestSeats['filter']): boolean {
  if (filter.level !== null && level !== filter.level) return false;
  return filter.maxPrice === null || price <= filter.maxPrice;
}
