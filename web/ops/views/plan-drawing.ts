import type { SchedulePlan } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';

type Sections = SchedulePlan['sections'];

export interface PlanDrawing {
  readonly sections: Sections;
  /** In the order of their colours. */
  readonly levels: readonly string[];
  /** Levels whose seats have no price yet: they are only outlines. */
  readonly unpriced?: ReadonlySet<string>;
  readonly label: string;
  readonly stage: string;
}

/** As many colours as seat.css has for levels. */
export const LEVEL_COLOURS = 4;
/** The side of a seat, as a share of the distance to its neighbour. */
const SEAT_SHARE = 0.78;
const MARGIN = 1.5;
const STAGE_DEPTH = 1.6;

/** All seats of a plan where they are, in the colours of their levels. */
export function planDrawing({ sections, levels, unpriced, label, stage }: PlanDrawing): ElementNode {
  const rows = sections.flatMap((section) => section.rows);
  const seats = rows.flatMap((row) => row.seats);
  const { place, width, depth } = planScale(seats);
  const height = depth + STAGE_DEPTH;
  const side = SEAT_SHARE;
  return h(
    'svg',
    {
      class: 'plan-drawing',
      viewBox: `0 0 ${width.toFixed(2)} ${height.toFixed(2)}`,
      role: 'img',
      'aria-label': label,
      vars: { '--units': width.toFixed(2) },
    },
    h('rect', { class: 'plan-stage', x: width * 0.2, y: 0.1, width: width * 0.6, height: STAGE_DEPTH - 0.5, rx: 0.3 }),
    h(
      'text',
      { class: 'plan-stage-word', x: width / 2, y: 0.1 + (STAGE_DEPTH - 0.5) / 2, 'text-anchor': 'middle' },
      stage,
    ),
    seats.map((seat) => {
      const { seatNumber, level } = seat;
      const { x, y } = place(seat);
      return h('rect', {
        key: seatNumber,
        class: `plan-seat level-${levels.indexOf(level) % LEVEL_COLOURS}${unpriced?.has(level) === true ? ' plan-seat-unpriced' : ''}`,
        x: (x - side / 2).toFixed(2),
        y: (y + STAGE_DEPTH - side / 2).toFixed(2),
        width: side,
        height: side,
        rx: 0.2,
      });
    }),
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Measures a hall in seats: the places of its seats from its left front corner, and its size with a margin around it. */
export function planScale(seats: readonly Place[]): {
  readonly width: number;
  readonly depth: number;
  place(seat: Place): Place;
} {
  const pitch = pitchOf(seats);
  const [left, right] = rangeOf(seats.map(({ x }) => x / pitch));
  const [front, back] = rangeOf(seats.map(({ y }) => y / pitch));
  return {
    width: right - left + 2 * MARGIN,
    depth: back - front + 2 * MARGIN,
    place: ({ x, y }) => ({ x: x / pitch - left + MARGIN, y: y / pitch - front + MARGIN }),
  };
}

/** How many seats each level has. */
export function seatsByLevel(sections: Sections): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { level } of sections.flatMap(({ rows }) => rows.flatMap((row) => row.seats))) {
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  return counts;
}

/** The usual distance between seats that follow each other, in the plan's own unit. */
function pitchOf(seats: readonly Place[]): number {
  const distances = seats
    .slice(1)
    .map((seat, index) => Math.hypot(seat.x - (seats[index]?.x ?? 0), seat.y - (seats[index]?.y ?? 0)))
    .filter((distance) => distance > 0)
    .toSorted((one, other) => one - other);
  return distances[Math.floor(distances.length / 2)] ?? 1;
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), Infinity),
    values.reduce((most, value) => Math.max(most, value), -Infinity),
  ];
}
