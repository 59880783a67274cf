import type { PlannedSeat as SeatOfPlan } from '../../src/client/answers.ts';

/** How people find a seat: the labels that are printed in the hall. */
export interface SeatPlace {
  /** Null in a hall without sections. */
  readonly section: string | null;
  readonly row: string;
  readonly seat: string;
}

export interface PlannedSeat extends SeatPlace {
  readonly seatNumber: number;
  /** Distance from the middle of the hall, in seats: negative to the left, facing the stage. */
  readonly x: number;
  /** Distance from the stage, in seats. */
  readonly y: number;
  /** How far the seat turns towards the stage, in degrees. */
  readonly turn: number;
  readonly level: string;
  readonly attributes: SeatOfPlan['attributes'];
}

/** Rows with their places, before they are gathered in lines. */
export interface PlacedRows {
  readonly rows: readonly (readonly PlannedSeat[])[];
  /** From the outer edge of the first seat to that of the last one, in seats. */
  readonly width: number;
  /** From the front of the first row to the back of the last one, in seats. */
  readonly depth: number;
}

/** Whether two rows have seats at the same distance from the middle. */
export function isBeside(row: readonly { readonly x: number }[], other: readonly { readonly x: number }[]): boolean {
  const [from, to] = rangeOf(row.map(({ x }) => x));
  const [otherFrom, otherTo] = rangeOf(other.map(({ x }) => x));
  return from <= otherTo && otherFrom <= to;
}

export function rangeOf(values: readonly number[]): readonly [number, number] {
  return values.reduce<readonly [number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
