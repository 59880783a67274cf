import type { HoldBestSeats } from '../command.ts';
import type { Seat } from '../seat.ts';
import { chooseSeats, type SeatChoice } from './choose-seats.ts';
import type { SeatLayout } from './seat-layout.ts';
import { SUITABLE, TAKEN, UNSUITABLE } from './seat-wish.ts';

export interface SeatsWanted extends Pick<HoldBestSeats, 'count' | 'isTogether' | 'filter' | 'isAccessible'> {
  /** Free seats that the user may not hold now. */
  readonly usedUp: ReadonlySet<number>;
  /** Whether accessible seats are kept for users who declare the need. */
  readonly areAccessibleKept: boolean;
  readonly avoidsSingles: boolean;
}

/** The best free seats for a command; `seq` is the number that the schedule's next change will have. */
export function chooseBestSeats(
  seats: readonly Seat[],
  layout: SeatLayout,
  wanted: SeatsWanted,
  seq: number,
): SeatChoice {
  const { count, isTogether, avoidsSingles, isAccessible = false, areAccessibleKept, usedUp, filter } = wanted;
  const isBarred = (seatNumber: number): boolean =>
    usedUp.has(seatNumber) || (areAccessibleKept && !isAccessible && layout.kept.has(seatNumber));
  const states = new Uint8Array(seats.length + 1);
  for (const stretch of layout.stretches) {
    const isInSection = filter.section === null || stretch.section === filter.section;
    for (const { seatNumber, level } of stretch.seats) {
      const seat = seats[seatNumber - 1];
      if (seat === undefined || seat.status !== 'AVAILABLE') states[seatNumber] = TAKEN;
      else {
        const isSuitable = isInSection && suits(seat.price, level, filter) && !isBarred(seatNumber);
        states[seatNumber] = isSuitable ? SUITABLE : UNSUITABLE;
      }
    }
  }
  const wish = { count, isTogether, avoidsSingles, states, seq };
  if (!isAccessible || layout.accessible.size === 0) return chooseSeats(layout, wish);
  const accessible = isTogether
    ? chooseSeats(layout, { ...wish, oneOf: layout.accessible })
    : chooseSeats(layout, { ...wish, states: onlyKept(states, layout) });
  return accessible.type === 'chosen' ? accessible : chooseSeats(layout, wish);
}

function onlyKept(states: Uint8Array, { kept }: SeatLayout): Uint8Array {
  return states.map((state, seatNumber) => (state === SUITABLE && !kept.has(seatNumber) ? UNSUITABLE : state));
}

function suits(price: number, level: string, filter: HoldBestSeats['filter']): boolean {
  if (filter.level !== null && level !== filter.level) return false;
  return filter.maxPrice === null || price <= filter.maxPrice;
}
