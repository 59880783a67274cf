import type { PlanRow, PlanSeat, SeatAttribute, SeatPlan } from '../../domain/seat-plan.ts';

const LEVELS = ['VIP', 'R', 'S', 'A'] as const;
type Level = (typeof LEVELS)[number];

/** Seats of a row on each side of the middle aisle. */
const FLOOR_SEATS = 12;
const BALCONY_SEATS = 14;
const FLOOR_ROWS = 15;
const BALCONY_ROWS = 5;
/** Half the width of the middle aisle, in seats. */
const HALF_AISLE = 1.25;
const ROW_PITCH = 1.15;
/** Where the balcony begins, in seats from the first row. */
const BALCONY = FLOOR_ROWS * ROW_PITCH + 2.5;
/** How far the ends of a row bend towards the stage. */
const BEND = 0.005;
/** Wheelchair spaces and the seats beside them, from the outer end of the last row of the floor. */
const OUTER_LAST: readonly SeatAttribute[] = ['ACCESSIBLE', 'COMPANION', 'ACCESSIBLE', 'COMPANION'];
/** The outer seats of the first row are beside the loudspeakers. */
const RESTRICTED_SEATS = 2;

/** A hall of 500 seats: two sections with an aisle between them, and a balcony that the aisle divides. */
export const demoHall: SeatPlan = {
  name: '별빛예술회관 대극장',
  levels: LEVELS.map((name) => ({ name })),
  sections: [
    { name: '1층 A구역', rows: floorRows('left') },
    { name: '1층 B구역', rows: floorRows('right') },
    { name: '2층', rows: Array.from({ length: BALCONY_ROWS }, (_, index) => balconyRow(index)) },
  ],
};

export const DEMO_PRICES: Readonly<Record<string, number>> = { VIP: 187_000, R: 154_000, S: 121_000, A: 88_000 };

type Side = 'left' | 'right';

function floorRows(side: Side): readonly PlanRow[] {
  return Array.from({ length: FLOOR_ROWS }, (_, index) => {
    const level = LEVELS[Math.floor(index / 5)] ?? 'S';
    const seats = Array.from({ length: FLOOR_SEATS }, (_, position): PlanSeat => {
      const outer = side === 'left' ? position : FLOOR_SEATS - 1 - position;
      return seatAt(position, side, FLOOR_SEATS, index * ROW_PITCH, level, floorAttributes(index, outer));
    });
    return { label: String(index + 1), seats };
  });
}

/** `outer`: how many seats are between this one and the wall. */
function floorAttributes(row: number, outer: number): readonly SeatAttribute[] {
  const attributes: SeatAttribute[] = outer === FLOOR_SEATS - 1 ? ['AISLE'] : [];
  const beside = row === FLOOR_ROWS - 1 ? OUTER_LAST[outer] : undefined;
  if (beside !== undefined) attributes.push(beside);
  if (row === 0 && outer < RESTRICTED_SEATS) attributes.push('RESTRICTED_VIEW');
  return attributes;
}

function balconyRow(index: number): PlanRow {
  const y = BALCONY + index * ROW_PITCH;
  const sides = (['left', 'right'] as const).flatMap((side) =>
    Array.from({ length: BALCONY_SEATS }, (_, position): PlanSeat => {
      const isAtAisle = position === (side === 'left' ? BALCONY_SEATS - 1 : 0);
      return seatAt(position, side, BALCONY_SEATS, y, 'A', isAtAisle ? ['AISLE'] : []);
    }),
  );
  return { label: String(index + 1), seats: sides.map((seat, position) => ({ ...seat, label: String(position + 1) })) };
}

function seatAt(
  position: number,
  side: Side,
  count: number,
  y: number,
  level: Level,
  attributes: readonly SeatAttribute[],
): PlanSeat {
  const x = side === 'left' ? position - count - HALF_AISLE + 0.5 : position + HALF_AISLE + 0.5;
  return { label: String(position + 1), x: rounded(x), y: rounded(y - BEND * x ** 2 + 1), level, attributes };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
