/**
 * The places of seats. The service knows only numbers and prices; the page arranges them in rows from the stage backwards, in
 * order of number, and starts a new row at each change of price, so that a row has one price.
 */
export interface HallRow {
  /** A, B, … Z, AA, … from the stage backwards. */
  readonly letter: string;
  /** Won. */
  readonly price: number;
  /** From left to right, facing the stage. */
  readonly seatNumbers: readonly number[];
}

export interface HallLayout {
  readonly rows: readonly HallRow[];
  /** Number of seats in the longest row. */
  readonly width: number;
}

/** Wide enough to look like a hall, narrow enough for 24 px a seat on a phone that is turned or scrolled. */
const WIDEST_ROW = 20;
/** With more price changes than this the sections mean nothing: rows then go by number alone. */
const MOST_SECTIONS = 12;
const LETTERS = 26;

export function layOutHall(seats: readonly { readonly seatNumber: number; readonly price: number }[]): HallLayout {
  const width = Math.min(WIDEST_ROW, Math.max(1, Math.round(Math.sqrt(2 * seats.length))));
  const sections = sectionsOf(seats);
  const rows: HallRow[] = [];
  for (const section of sections.length <= MOST_SECTIONS ? sections : [[...seats]]) {
    const count = Math.ceil(section.length / width);
    for (let row = 0; row < count; row += 1) {
      // Rows of equal length, so that no section ends with a stub.
      const from = Math.floor((row * section.length) / count);
      const to = Math.floor(((row + 1) * section.length) / count);
      const inRow = section.slice(from, to);
      rows.push({
        letter: letterOf(rows.length),
        price: inRow[0]?.price ?? 0,
        seatNumbers: inRow.map(({ seatNumber }) => seatNumber),
      });
    }
  }
  return { rows, width: Math.max(0, ...rows.map(({ seatNumbers }) => seatNumbers.length)) };
}

/** The offset of a seat from the middle of its row, in seats: negative to the left. */
export function offsetInRow(row: HallRow, index: number): number {
  return index - (row.seatNumbers.length - 1) / 2;
}

/** The letter of a seat's row; empty for a seat that is not in the hall. */
export function rowLetterOf(layout: HallLayout, seatNumber: number): string {
  return layout.rows.find(({ seatNumbers }) => seatNumbers.includes(seatNumber))?.letter ?? '';
}

/** The seat to which a key leads from another; null for other keys. */
export function seatByKey(layout: HallLayout, seatNumber: number, key: string): number | null {
  const rowIndex = layout.rows.findIndex(({ seatNumbers }) => seatNumbers.includes(seatNumber));
  const row = layout.rows[rowIndex];
  if (row === undefined) return null;
  const index = row.seatNumbers.indexOf(seatNumber);
  switch (key) {
    case 'ArrowLeft':
      return row.seatNumbers[index - 1] ?? null;
    case 'ArrowRight':
      return row.seatNumbers[index + 1] ?? null;
    case 'Home':
      return row.seatNumbers[0] ?? null;
    case 'End':
      return row.seatNumbers.at(-1) ?? null;
    case 'ArrowUp':
      return nearest(layout.rows[rowIndex - 1], offsetInRow(row, index));
    case 'ArrowDown':
      return nearest(layout.rows[rowIndex + 1], offsetInRow(row, index));
    default:
      return null;
  }
}

function nearest(row: HallRow | undefined, offset: number): number | null {
  if (row === undefined) return null;
  const index = Math.round(offset + (row.seatNumbers.length - 1) / 2);
  return row.seatNumbers[Math.min(Math.max(index, 0), row.seatNumbers.length - 1)] ?? null;
}

/** Runs of consecutive seats with the same price. */
function sectionsOf<Seat extends { readonly price: number }>(seats: readonly Seat[]): Seat[][] {
  const sections: Seat[][] = [];
  for (const seat of seats) {
    const last = sections.at(-1);
    if (last?.[0]?.price === seat.price) last.push(seat);
    else sections.push([seat]);
  }
  return sections;
}

function letterOf(index: number): string {
  const last = String.fromCodePoint('A'.charCodeAt(0) + (index % LETTERS));
  return index < LETTERS ? last : letterOf(Math.floor(index / LETTERS) - 1) + last;
}
