import type { LiveSeat } from '../../src/client/live/live-events.ts';
import { type HallLayout, type HallRow, offsetInRow, seatByKey } from '../state/hall-layout.ts';
import type { Hall } from '../state/page-state.ts';
import { type ElementNode, h } from '../view/node.ts';
import type { ViewContext } from './view-context.ts';

/** The looks of a seat, as this caller sees it. */
export type SeatLook = 'available' | 'chosen' | 'own' | 'held' | 'sold';

export interface SeatGridInput {
  readonly hall: Hall;
  readonly layout: HallLayout;
  /** Seats that the caller holds. */
  readonly own: ReadonlySet<number>;
}

/** How far the ends of the longest row bend towards the stage, in seats. */
const BEND = 0.9;
/** How far the seat at the end of a row turns towards the stage, in degrees. */
const TURN = 9;
/** Two copies of the same flash, so that a second change right after the first flashes again. */
const FLASHES = 2;

/** The stage and its rows. One seat is a tab stop; arrow keys move between seats. */
export function seatGrid(context: ViewContext, input: SeatGridInput): ElementNode {
  const { t } = context;
  const { hall, layout } = input;
  const bySeat = new Map(hall.seats.map((seat) => [seat.seatNumber, seat]));
  const start =
    hall.cursor ?? hall.seats.find(({ status }) => status === 'AVAILABLE')?.seatNumber ?? hall.seats[0]?.seatNumber;
  const prices = [...new Set(layout.rows.map(({ price }) => price))].toSorted((one, other) => other - one);
  return h(
    'div',
    { class: 'hall-scroll', vars: { '--columns': layout.width }, tabindex: -1 },
    h(
      'div',
      { class: 'hall-floor' },
      h('div', { class: 'stage', 'aria-hidden': true }, h('span', {}, t.hall.stage)),
      h(
        'div',
        { class: 'seat-grid', role: 'grid', 'aria-label': t.hall.gridLabel, 'data-testid': 'seat-map' },
        layout.rows.map((row, index) => {
          const opens = layout.rows[index - 1]?.price !== row.price;
          return h(
            'div',
            {
              key: row.letter,
              role: 'row',
              class: opens ? 'seat-row section-start' : 'seat-row',
              'data-tier': prices.indexOf(row.price) % 4,
            },
            h(
              'span',
              {
                class: 'row-letter',
                role: 'rowheader',
                'aria-label': t.seat.row(row.letter),
                vars: { '--bend': -BEND * (layout.width / 10) },
              },
              row.letter,
            ),
            row.seatNumbers.map((seatNumber, place) => {
              const seat = bySeat.get(seatNumber);
              return seat === undefined
                ? null
                : seatCell(context, input, { seat, row, place, isStart: seatNumber === start });
            }),
          );
        }),
      ),
    ),
  );
}

interface Cell {
  readonly seat: LiveSeat;
  readonly row: HallRow;
  readonly place: number;
  /** Whether the Tab key stops at this seat. */
  readonly isStart: boolean;
}

function seatCell(
  { office, t, f }: ViewContext,
  { hall, layout, own }: SeatGridInput,
  { seat, row, place, isStart }: Cell,
): ElementNode {
  const { seatNumber, price } = seat;
  const look = lookOf(seat, hall, own);
  const changes = hall.changes.get(seatNumber) ?? 0;
  const aside = layout.width <= 1 ? 0 : offsetInRow(row, place) / ((layout.width - 1) / 2);
  const bend = -BEND * (layout.width / 10) * aside ** 2;
  return h(
    'span',
    { key: seatNumber, role: 'gridcell', class: 'seat-cell' },
    h(
      'button',
      {
        type: 'button',
        class: `seat seat-${look}${changes === 0 ? '' : ` flash-${changes % FLASHES}`}`,
        'data-seat': seatNumber,
        'aria-label': t.seat.label(row.letter, seatNumber, f.spokenMoney(price), t.seat.looks[look]),
        'aria-pressed': look === 'chosen',
        'aria-disabled': look !== 'available' && look !== 'chosen',
        tabindex: isStart ? 0 : -1,
        vars: { '--bend': bend.toFixed(3), '--turn': `${(-TURN * aside).toFixed(2)}deg` },
        on: {
          click: () => {
            if (look === 'available' || look === 'chosen') office.toggleSeat(seatNumber);
            else office.moveCursor(seatNumber);
          },
          keydown: (event) => {
            const next = seatByKey(layout, seatNumber, event.key);
            if (next === null) return;
            event.preventDefault();
            office.moveCursor(next);
            document.querySelector<HTMLElement>(`[data-seat="${next}"]`)?.focus();
          },
        },
      },
      look !== 'sold' && h('span', { class: 'seat-number', 'data-number': seatNumber, 'aria-hidden': true }),
    ),
  );
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
