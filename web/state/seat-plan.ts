/**
 * Where the seats of a hall are on the page. Labels, rows and coordinates come from the service; the page measures them in seats
 * and has the stage at the top. Rows of a hall without coordinates are arranged from the stage backwards.
 */
import type { SchedulePlan } from '../../src/client/answers.ts';
import { arrangeRows } from './arranged-rows.ts';
import { placeAtCoordinates } from './drawn-rows.ts';
import { isBeside, type PlacedRows, type PlannedSeat, rangeOf } from './placed-rows.ts';

/** The seats at one distance from the stage, from left to right: one row, or several with aisles between them. */
export interface PlanLine {
  readonly seats: readonly PlannedSeat[];
}

/** A section with a name, and the box around its seats; in seats, as their places. */
export interface PlanSection {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly depth: number;
  readonly seatNumbers: readonly number[];
}

export interface SeatPlan extends Omit<PlacedRows, 'rows'> {
  readonly scheduleId: number;
  /** Whether an organiser has drawn it: its levels have names, and the seats are where they were drawn. */
  readonly isDrawn: boolean;
  /** From the stage backwards. */
  readonly lines: readonly PlanLine[];
  /** Those with a name. */
  readonly sections: readonly PlanSection[];
  readonly seats: ReadonlyMap<number, PlannedSeat>;
}

/** Rows with the same distance from the stage, up to this difference in seats, are one line. */
const SAME_LINE = 0.5;

export function placePlan(plan: SchedulePlan): SeatPlan {
  const isDrawn = plan.planId !== null;
  const placed = (isDrawn ? placeAtCoordinates(plan) : null) ?? arrangeRows(plan);
  const { rows, width, depth } = placed;
  const seats = new Map(rows.flat().map((seat) => [seat.seatNumber, seat]));
  return {
    scheduleId: plan.scheduleId,
    isDrawn,
    lines: linesOf(rows),
    sections: sectionsOf(rows),
    seats,
    width,
    depth,
  };
}

function linesOf(rows: PlacedRows['rows']): readonly PlanLine[] {
  const lines: { readonly y: number; readonly rows: (readonly PlannedSeat[])[] }[] = [];
  const byDepth = rows.map((row) => ({ row, y: mean(row.map((seat) => seat.y)) })).toSorted((a, b) => a.y - b.y);
  for (const { row, y } of byDepth) {
    const line = lines.findLast((one) => y - one.y < SAME_LINE && !one.rows.some((other) => isBeside(row, other)));
    if (line === undefined) lines.push({ y, rows: [row] });
    else line.rows.push(row);
  }
  return lines.map((line) => ({ seats: line.rows.flat().toSorted((one, other) => one.x - other.x) }));
}

function sectionsOf(rows: PlacedRows['rows']): readonly PlanSection[] {
  const bySection = Map.groupBy(rows.flat(), ({ section }) => section);
  return [...bySection].flatMap(([name, seats]) => {
    if (name === null) return [];
    const [left, right] = rangeOf(seats.map(({ x }) => x));
    const [top, bottom] = rangeOf(seats.map(({ y }) => y));
    const seatNumbers = seats.map(({ seatNumber }) => seatNumber);
    return [{ name, left: left - 0.5, top, width: right - left + 1, depth: bottom - top + 1, seatNumbers }];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Further aside than this, a seat is not the next one towards the stage or away from it. */
const STRAIGHT = 1.5;

/** The seat to which a key leads from another; null for other keys, and at the edges of the hall. */
export function seatByKey({ lines }: SeatPlan, seatNumber: number, key: string): number | null {
  const at = lines.findIndex(({ seats }) => seats.some((seat) => seat.seatNumber === seatNumber));
  const seats = lines[at]?.seats ?? [];
  const index = seats.findIndex((seat) => seat.seatNumber === seatNumber);
  const x = seats[index]?.x ?? 0;
  switch (key) {
    case 'ArrowLeft':
      return seats[index - 1]?.seatNumber ?? null;
    case 'ArrowRight':
      return seats[index + 1]?.seatNumber ?? null;
    case 'Home':
      return seats[0]?.seatNumber ?? null;
    case 'End':
      return seats.at(-1)?.seatNumber ?? null;
    case 'ArrowUp':
      return at < 0 ? null : nearestOf(lines.slice(0, at).reverse(), x);
    case 'ArrowDown':
      return at < 0 ? null : nearestOf(lines.slice(at + 1), x);
    default:
      return null;
  }
}

/** The first line that has a seat straight ahead decides, or else the next line. */
function nearestOf(lines: readonly PlanLine[], x: number): number | null {
  const candidates = lines.map(({ seats }) =>
    seats.reduce<PlannedSeat | null>(
      (best, seat) => (best === null || Math.abs(seat.x - x) < Math.abs(best.x - x) ? seat : best),
      null,
    ),
  );
  const straight = candidates.find((seat) => seat !== null && Math.abs(seat.x - x) <= STRAIGHT);
  return (straight ?? candidates[0])?.seatNumber ?? null;
}
