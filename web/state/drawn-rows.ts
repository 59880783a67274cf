import type { SchedulePlan } from '../../src/client/answers.ts';
import { isBeside, type PlacedRows, rangeOf } from './placed-rows.ts';

/** The share of the closest distances that may be smaller than a seat: a slip of the drawing does not stretch the hall. */
const SLIPS = 0.05;
/** A hall wider than this, in seats, is drawn smaller. */
const WIDEST = 150;
/** Room in front of the first row for the name of its section, in seats. */
const HEAD = 1;

/**
 * Places the seats where they were drawn, in the unit of one seat: the distance between neighbours, or between rows where that is
 * less. Null if the coordinates do not tell the seats apart.
 */
export function placeAtCoordinates({ sections }: SchedulePlan): PlacedRows | null {
  const rows = sections.flatMap(({ name, rows }) => rows.map(({ label, seats }) => ({ section: name, label, seats })));
  const seats = rows.flatMap((row) => row.seats);
  const places = new Set(seats.map(({ x, y }) => `${x} ${y}`));
  if (seats.length === 0 || places.size < seats.length) return null;
  const [left, right] = rangeOf(seats.map(({ x }) => x));
  const [top, bottom] = rangeOf(seats.map(({ y }) => y));
  const unit = Math.max(closest(rows), (right - left) / WIDEST, (bottom - top) / WIDEST);
  const head = sections.some(({ name }) => name !== '') ? HEAD : 0;
  const middle = (left + right) / 2;
  return {
    width: (right - left) / unit + 1,
    depth: (bottom - top) / unit + 1 + head,
    rows: rows.map(({ section, label, seats }) =>
      seats
        .map(({ seatNumber, label: seat, x, y, level, attributes }) => ({
          seatNumber,
          section: section === '' ? null : section,
          row: label,
          seat,
          x: (x - middle) / unit,
          y: (y - top) / unit + head,
          turn: 0,
          level,
          attributes,
        }))
        .toSorted((one, other) => one.x - other.x),
    ),
  };
}

interface Row {
  readonly seats: readonly { readonly x: number; readonly y: number }[];
}

/** The distance that neighbours, and rows one behind the other, keep; 1 where there are none. */
function closest(rows: readonly Row[]): number {
  const across = rows.flatMap(({ seats }) =>
    seats.slice(1).map(({ x, y }, index) => Math.hypot(x - (seats[index]?.x ?? x), y - (seats[index]?.y ?? y))),
  );
  const deep = rows
    .map(({ seats }) => ({ seats, y: rangeOf(seats.map(({ y }) => y))[0] }))
    .toSorted((a, b) => a.y - b.y);
  const behind = deep.flatMap(({ seats, y }, index) => {
    const next = deep.slice(index + 1).find((row) => row.y > y && isBeside(row.seats, seats));
    return next === undefined ? [] : [next.y - y];
  });
  const least = [usual(across), usual(behind)].filter((distance) => distance > 0);
  return least.length === 0 ? 1 : Math.min(...least);
}

/** The least distance but for slips. */
function usual(distances: readonly number[]): number {
  const sorted = distances.filter((distance) => distance > 0).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * SLIPS)] ?? 0;
}
