import { createBoundedMap } from '../../runtime/bounded-map.ts';

/**
 * Where the seats of a hall are, as far as a choice depends on it. Two seats are neighbours by their position in the row, never
 * by their printed labels.
 */
export interface SeatLayout {
  /** Front rows first; the stretches of a row from left to right. */
  readonly stretches: readonly Stretch[];
}

/** Seats of one row without an aisle between them. */
export interface Stretch {
  /** Rows with a lower rank are nearer to the stage. */
  readonly rank: number;
  readonly seats: readonly PlacedSeat[];
}

export interface PlacedSeat {
  readonly seatNumber: number;
  /** Distance from the centre of the whole row, aisles left out; in half seats, negative on the left. */
  readonly fromCentre: number;
}

/** Seats in a row of a hall that has no plan of its own. */
const SEATS_PER_ROW = 10;

/** Different sizes of halls whose layouts are kept; one of 500 seats takes about 30 KiB. */
const KEPT_LAYOUTS = 20;

/** Gives the layout of a hall without a plan: seats 1 to `seatCount` in rows of ten, without aisles. Halls of a size share it. */
export function createRowLayouts(): (seatCount: number) => SeatLayout {
  const layouts = createBoundedMap<number, SeatLayout>(KEPT_LAYOUTS);
  return (seatCount) => {
    const known = layouts.get(seatCount);
    if (known !== undefined) return known;
    const layout = layOutRows(seatCount);
    layouts.set(seatCount, layout);
    return layout;
  };
}

function layOutRows(seatCount: number): SeatLayout {
  const stretches: Stretch[] = [];
  for (let first = 1; first <= seatCount; first += SEATS_PER_ROW) {
    const length = Math.min(SEATS_PER_ROW, seatCount - first + 1);
    const seats = Array.from({ length }, (_, position) => ({
      seatNumber: first + position,
      fromCentre: 2 * position - (length - 1),
    }));
    stretches.push({ rank: stretches.length, seats });
  }
  return { stretches };
}
