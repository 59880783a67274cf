import type { LiveSeat } from '../../src/client/live/live-events.ts';
import { seatName } from '../language/seat-name.ts';
import type { Texts } from '../language/korean.ts';
import type { Hall } from '../state/page-state.ts';
import { type PlanLine, type PlannedSeat, seatByKey } from '../state/seat-plan.ts';
import { type ElementNode, h, type Props } from '../view/node.ts';
import { priceLevels } from './price-levels.ts';
import type { ViewContext } from './view-context.ts';

/** The looks of a seat, as this caller sees it. */
export type SeatLook = 'available' | 'chosen' | 'own' | 'held' | 'sold';

/** From the middle of the last seat to that of the row's letter, in seats. */
const LETTER_ASIDE = 0.86;
/** Two copies of the same flash, so that a second change right after the first flashes again. */
const FLASHES = 2;

/** The rows of seats. One seat is a tab stop; arrow keys move between seats. `own`: seats that the caller holds. */
export function seatGrid(context: ViewContext, hall: Hall, own: ReadonlySet<number>): ElementNode {
  const { t } = context;
  const bySeat = new Map(hall.seats.map((seat) => [seat.seatNumber, seat]));
  const levels = priceLevels(hall.seats);
  const start =
    hall.cursor ?? hall.seats.find(({ status }) => status === 'AVAILABLE')?.seatNumber ?? hall.seats[0]?.seatNumber;
  return h(
    'div',
    { class: 'seat-grid', role: 'grid', 'aria-label': t.hall.gridLabel, 'data-testid': 'seat-map' },
    hall.plan.lines.map((line, index) =>
      h(
        'div',
        { key: index, role: 'row' },
        rowLetters(line, t),
        line.seats.map((planned) => {
          const seat = bySeat.get(planned.seatNumber);
          if (seat === undefined) return null;
          const isStart = planned.seatNumber === start;
          const level = levels.get(seat.price) ?? 0;
          return seatCell(context, hall, { planned, seat, look: lookOf(seat, hall, own), level, isStart });
        }),
      ),
    ),
  );
}

/** The letter of each row of a line, at both of its ends. */
function rowLetters({ seats }: PlanLine, t: Texts): ElementNode[] {
  return [...Map.groupBy(seats, ({ row }) => row)].flatMap(([row, inRow]) => {
    const [first, last] = [inRow[0], inRow.at(-1)];
    if (first === undefined || last === undefined) return [];
    return [
      rowLetter(row, first, -1, { role: 'rowheader', 'aria-label': t.seat.row(row) }),
      rowLetter(row, last, 1, { 'aria-hidden': true }),
    ];
  });
}

function rowLetter(row: string, { x, y }: PlannedSeat, side: number, attributes: Props): ElementNode {
  const vars = { '--x': x + side * LETTER_ASIDE, '--y': y.toFixed(3) };
  return h('span', { key: `${row} ${side}`, class: 'row-letter', vars, ...attributes }, row);
}

interface Cell {
  readonly planned: PlannedSeat;
  readonly seat: LiveSeat;
  readonly look: SeatLook;
  readonly level: number;
  /** Whether the Tab key stops at this seat. */
  readonly isStart: boolean;
}

interface Drawn {
  readonly as: string;
  readonly context: Pick<ViewContext, 'office' | 't'>;
  readonly cell: ElementNode;
}

/** The last drawing of each seat: a change of one seat leaves the descriptions of all others as they are, and so their elements. */
const drawings = new WeakMap<LiveSeat, Drawn>();

function seatCell(
  { office, t, f }: ViewContext,
  { plan, changes, onlyPrice }: Hall,
  { planned, seat, look, level, isStart }: Cell,
): ElementNode {
  const { seatNumber, price } = seat;
  const changed = changes.get(seatNumber) ?? 0;
  const isAside = onlyPrice !== null && price !== onlyPrice;
  const as = `${look} ${changed} ${isStart} ${isAside} ${level}`;
  const known = drawings.get(seat);
  if (known?.as === as && known.context.office === office && known.context.t === t) return known.cell;
  const cell = h(
    'span',
    {
      key: seatNumber,
      role: 'gridcell',
      class: `seat-cell level-${level}${isAside ? ' aside' : ''}`,
      vars: { '--x': planned.x, '--y': planned.y.toFixed(3), '--turn': `${planned.turn.toFixed(2)}deg` },
    },
    h(
      'button',
      {
        type: 'button',
        class: `seat seat-${look}${changed === 0 ? '' : ` flash-${changed % FLASHES}`}`,
        'data-seat': seatNumber,
        'aria-label': [seatName(seatNumber, t), f.spokenMoney(price), t.seat.looks[look]].join(', '),
        'aria-pressed': look === 'chosen',
        'aria-disabled': look !== 'available' && look !== 'chosen',
        tabindex: isStart ? 0 : -1,
        on: {
          click: () => {
            if (look === 'available' || look === 'chosen') office.toggleSeat(seatNumber);
            else office.moveCursor(seatNumber);
          },
          keydown: (event) => {
            const next = seatByKey(plan, seatNumber, event.key);
            if (next === null) return;
            event.preventDefault();
            office.moveCursor(next);
            document.querySelector<HTMLElement>(`[data-seat="${next}"]`)?.focus();
          },
        },
      },
      look !== 'sold' && h('span', { class: 'seat-number', 'data-number': planned.seat, 'aria-hidden': true }),
    ),
  );
  drawings.set(seat, { as, context: { office, t }, cell });
  return cell;
}

function lookOf({ seatNumber, status }: LiveSeat, { chosen }: Hall, own: ReadonlySet<number>): SeatLook {
  if (own.has(seatNumber) && status !== 'CONFIRMED') return 'own';
  switch (status) {
    case 'AVAILABLE':
      return chosen.includes(seatNumber) ? 'chosen' : 'available';
    case 'HELD':
      return chosen.includes(seatNumber) ? 'chosen' : 'held';
    case 'CONFIRMED':
      return 'sold';
  }
}
