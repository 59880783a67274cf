import {
  generatePlan,
  numberSeats,
  type PlanRow,
  type PlanSection,
  type SeatAttribute,
  type SeatPlan,
} from '../../domain/seat-plan.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';

/**
 * Where the seats of a hall are, as far as a choice depends on it. Two seats are neighbours by their position in the row, never
 * by their printed labels.
 */
export interface SeatLayout {
  /** Front rows first; the stretches of a row from left to right. */
  readonly stretches: readonly Stretch[];
  /** Seats with the attribute ACCESSIBLE. */
  readonly accessible: ReadonlySet<number>;
  /** Seats that are kept for those who declare the need: accessible seats and companions' seats. */
  readonly kept: ReadonlySet<number>;
}

/** Seats of one row without an aisle between them. */
export interface Stretch {
  /** Rows with a lower rank are nearer to the stage. */
  readonly rank: number;
  /** The name of the section. */
  readonly section: string;
  readonly seats: readonly PlacedSeat[];
}

export interface PlacedSeat {
  readonly seatNumber: number;
  /** Distance from the centre of the whole row, aisles left out; in half seats, negative on the left. */
  readonly fromCentre: number;
  /** The name of the price level. */
  readonly level: string;
}

interface RankedRow {
  readonly section: PlanSection;
  readonly row: PlanRow;
  readonly firstNumber: number;
  /** The mean of the seats' `y`, which grows away from the stage. */
  readonly depth: number;
}

/** Different sizes of halls without a plan whose layouts are kept; one of 500 seats takes about 40 KiB. */
const KEPT_SIZES = 20;

/** Gives the layout of a plan, or of a hall without one by its prices. Schedules of one plan object share its layout. */
export function createLayouts(): (plan: SeatPlan | null, prices: () => readonly number[]) => SeatLayout {
  const ofPlans = new WeakMap<SeatPlan, SeatLayout>();
  const ofPrices = createBoundedMap<string, SeatLayout>(KEPT_SIZES);
  return (plan, prices) => {
    if (plan === null) {
      const seats = prices();
      const key = seats.join();
      const known = ofPrices.get(key);
      if (known !== undefined) return known;
      const layout = layOut(generatePlan(seats));
      ofPrices.set(key, layout);
      return layout;
    }
    const known = ofPlans.get(plan);
    if (known !== undefined) return known;
    const layout = layOut(plan);
    ofPlans.set(plan, layout);
    return layout;
  };
}

/** Rows in the order of their distance from the stage; rows at the same distance have the same rank. */
export function layOut(plan: SeatPlan): SeatLayout {
  const { sections } = plan;
  const rows: RankedRow[] = [];
  let firstNumber = 1;
  for (const section of sections) {
    for (const row of section.rows) {
      const depth = row.seats.reduce((sum, { y }) => sum + y, 0) / row.seats.length;
      rows.push({ section, row, firstNumber, depth });
      firstNumber += row.seats.length;
    }
  }
  const depths = [...new Set(rows.map(({ depth }) => depth))].sort((a, b) => a - b);
  const ranks = new Map(depths.map((depth, rank) => [depth, rank]));
  return {
    stretches: rows
      .toSorted((one, other) => one.depth - other.depth)
      .flatMap((row) => stretchesOf(row, ranks.get(row.depth) ?? 0)),
    accessible: seatsWith(plan, ['ACCESSIBLE']),
    kept: seatsWith(plan, ['ACCESSIBLE', 'COMPANION']),
  };
}

function seatsWith(plan: SeatPlan, attributes: readonly SeatAttribute[]): ReadonlySet<number> {
  const seats = numberSeats(plan).filter(({ seat }) => attributes.some((each) => seat.attributes.includes(each)));
  return new Set(seats.map(({ seatNumber }) => seatNumber));
}

function stretchesOf({ section, row, firstNumber }: RankedRow, rank: number): Stretch[] {
  const stretches: Stretch[] = [];
  let seats: PlacedSeat[] = [];
  for (const [position, { level }] of row.seats.entries()) {
    seats.push({ seatNumber: firstNumber + position, fromCentre: 2 * position - (row.seats.length - 1), level });
    if (position + 1 < row.seats.length && !isAisleAfter(row, position)) continue;
    stretches.push({ rank, section: section.name, seats });
    seats = [];
  }
  return stretches;
}

/**
 * Whether an aisle follows the seat. Between two seats at an aisle there is one; a seat at an aisle between two others has it on
 * the side where the next seat is further away, on the right when both are equally far. The ends of a row need none.
 */
function isAisleAfter({ seats }: PlanRow, position: number): boolean {
  const isAtAisle = (index: number) => seats[index]?.attributes.includes('AISLE') === true;
  if (isAtAisle(position) && isAtAisle(position + 1)) return true;
  return (
    (isAtAisle(position) && position > 0 && !isAtAisle(position - 1) && hasAisleOnRight(seats, position)) ||
    (isAtAisle(position + 1) &&
      position + 2 < seats.length &&
      !isAtAisle(position + 2) &&
      !hasAisleOnRight(seats, position + 1))
  );
}

function hasAisleOnRight(seats: PlanRow['seats'], position: number): boolean {
  const gap = (one: number, other: number) => Math.abs((seats[one]?.x ?? 0) - (seats[other]?.x ?? 0));
  return gap(position, position + 1) >= gap(position - 1, position);
}
