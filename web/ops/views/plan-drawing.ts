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
  const pitch = pitchOf(rows);
  const [left, right] = rangeOf(seats.map(({ x }) => x / pitch));
  const [front, back] = rangeOf(seats.map(({ y }) => y / pitch));
  const width = right - left + 2 * MARGIN;
  const height = back - front + 2 * MARGIN + STAGE_DEPTH;
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
    seats.map(({ seatNumber, x, y, level }) =>
      h('rect', {
        key: seatNumber,
        class: `plan-seat level-${levels.indexOf(level) % LEVEL_COLOURS}${unpriced?.has(level) === true ? ' plan-seat-unpriced' : ''}`,
        x: (x / pitch - left + MARGIN - side / 2).toFixed(2),
        y: (y / pitch - front + MARGIN + STAGE_DEPTH - side / 2).toFixed(2),
        width: side,
        height: side,
        rx: 0.2,
      }),
    ),
  );
}

/** How many seats each level has. */
export function seatsByLevel(sections: Sections): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { level } of sections.flatMap(({ rows }) => rows.flatMap((row) => row.seats))) {
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  return counts;
}

/** The usual distance between neighbours of a row, in the plan's own unit. */
function pitchOf(rows: Sections[number]['rows']): number {
  const distances = rows
    .flatMap(({ seats }) =>
      seats.slice(1).map((seat, index) => Math.hypot(seat.x - (seats[index]?.x ?? 0), seat.y - (seats[index]?.y ?? 0))),
    )
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
