import type { SchedulePlan } from '../../src/client/answers.ts';
import type { PlacedRows, PlannedSeat } from './placed-rows.ts';

/** A larger hall has two rows in a line: a single block would become a corridor. */
const LARGEST_SINGLE_BLOCK = 120;
/** Room for the letters of both rows beside it. */
const AISLE = 2;
/** The distance from line to line. */
const LINE_PITCH = 1.16;
/** How far the ends of a line bend towards the stage, as a share of its width. */
const BEND = 0.09;
const TURN_DEGREES = 9;

/** Arranges the rows of a hall that nobody has drawn, from the stage backwards: their coordinates only count. */
export function arrangeRows({ planId, sections }: SchedulePlan): PlacedRows {
  const rows = sections.flatMap((section) => section.rows.map((row) => ({ section, row })));
  const total = rows.reduce((sum, { row }) => sum + row.seats.length, 0);
  const longest = Math.max(1, ...rows.map(({ row }) => row.seats.length));
  const blocks = planId === null && total > LARGEST_SINGLE_BLOCK ? 2 : 1;
  const width = blocks * longest + (blocks - 1) * AISLE;
  const lines = Math.ceil(rows.length / blocks);
  return {
    width,
    depth: Math.max(0, lines - 1) * LINE_PITCH + BEND * width + 1,
    rows: rows.map(({ section, row }, index) => {
      const line = Math.floor(index / blocks);
      // A short last row of a single block is in the middle.
      const indent = blocks === 1 ? (longest - row.seats.length) / 2 : (index % blocks) * (longest + AISLE);
      return row.seats.map(({ seatNumber, label, level, attributes }, position): PlannedSeat => {
        const x = indent + position - (width - 1) / 2;
        const aside = width <= 1 ? 0 : (2 * x) / width;
        return {
          seatNumber,
          section: section.name === '' ? null : section.name,
          row: row.label,
          seat: label,
          x,
          y: line * LINE_PITCH + BEND * width * (1 - aside ** 2),
          turn: -TURN_DEGREES * aside,
          level,
          attributes,
        };
      });
    }),
  };
}
