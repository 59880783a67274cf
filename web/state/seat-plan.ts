/**
 * The one source of the seats' labels and places. The service numbers seats and knows no rows, so a hall is generated: rows of ten
 * in order of number, from the stage backwards. A plan of the service can replace `labelOf` and `generatePlan`; nothing else knows
 * how labels and places follow from numbers.
 */
export interface SeatLabel {
  /** A, B, … Z, AA, … */
  readonly row: string;
  /** The number within the row, from 1. */
  readonly seat: number;
}

export interface PlannedSeat extends SeatLabel {
  readonly seatNumber: number;
  /** Distance from the middle of the hall, in seats: negative to the left, facing the stage. */
  readonly x: number;
  /** Distance from the stage, in seats. Rows bend towards the stage at their ends. */
  readonly y: number;
  /** How far the seat turns towards the stage, in degrees. */
  readonly turn: number;
}

/** The seats at one distance from the stage, from left to right: one row, or two with an aisle between them. */
export interface PlanLine {
  readonly seats: readonly PlannedSeat[];
}

export interface SeatPlan {
  readonly lines: readonly PlanLine[];
  /** From the outer edge of the first seat of a line to that of the last one, in seats. */
  readonly width: number;
  /** From the front of the first line to the back of the last one, in seats. */
  readonly depth: number;
}

const ROW_SEATS = 10;
/** A larger hall has two rows in a line: a single block would become a corridor. */
const LARGEST_SINGLE_BLOCK = 120;
/** Room for the letters of both rows beside it. */
const AISLE = 2;
/** The distance from line to line. */
const LINE_PITCH = 1.16;
/** How far the ends of a line bend towards the stage, as a share of its width. */
const BEND = 0.09;
const TURN_DEGREES = 9;
const LETTERS = 26;

export function labelOf(seatNumber: number): SeatLabel {
  const row = Math.floor((seatNumber - 1) / ROW_SEATS);
  return { row: letterOf(row), seat: seatNumber - row * ROW_SEATS };
}

export function generatePlan(seatNumbers: readonly number[]): SeatPlan {
  const blocks = seatNumbers.length > LARGEST_SINGLE_BLOCK ? 2 : 1;
  const columns = blocks === 1 ? Math.min(ROW_SEATS, seatNumbers.length) : blocks * ROW_SEATS;
  const width = columns + (blocks - 1) * AISLE;
  const byLine = Map.groupBy(seatNumbers, (seatNumber) => Math.floor((seatNumber - 1) / (blocks * ROW_SEATS)));
  const lines = [...byLine.values()].map((numbers, line) => {
    // A short last row of a single block is in the middle.
    const indent = blocks === 1 ? (columns - numbers.length) / 2 : 0;
    return {
      seats: numbers.map((seatNumber, index): PlannedSeat => {
        const x = indent + index + (index >= ROW_SEATS ? AISLE : 0) - (width - 1) / 2;
        const aside = width <= 1 ? 0 : (2 * x) / width;
        return {
          seatNumber,
          ...labelOf(seatNumber),
          x,
          y: line * LINE_PITCH + BEND * width * (1 - aside ** 2),
          turn: -TURN_DEGREES * aside,
        };
      }),
    };
  });
  return { lines, width, depth: Math.max(0, lines.length - 1) * LINE_PITCH + BEND * width + 1 };
}

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
      return nearest(lines[at - 1], x);
    case 'ArrowDown':
      return nearest(lines[at + 1], x);
    default:
      return null;
  }
}

function nearest(line: PlanLine | undefined, x: number): number | null {
  const [first, ...others] = line?.seats ?? [];
  if (first === undefined) return null;
  return others.reduce((best, seat) => (Math.abs(seat.x - x) < Math.abs(best.x - x) ? seat : best), first).seatNumber;
}

function letterOf(index: number): string {
  const last = String.fromCodePoint('A'.charCodeAt(0) + (index % LETTERS));
  return index < LETTERS ? last : letterOf(Math.floor(index / LETTERS) - 1) + last;
}
