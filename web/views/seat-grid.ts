import type { LiveSeat } from '../../src/client/live/live-events.ts';
import { seatName } from '../language/seat-name.ts';
import type { Texts } from '../language/korean.ts';
import type { Hall } from '../state/page-state.ts';
import type { PlannedSeat } from '../state/placed-rows.ts';
import { type PlanLine, seatByKey, type SeatPlan } from '../state/seat-plan.ts';
import { type Child, type ElementNode, h, type Props } from '../view/node.ts';
import { icon } from './icon.ts';
import { type PriceGroup, priceKey } from './price-levels.ts';
import type { ViewContext } from './view-context.ts';

/** The looks of a seat, as this caller sees it. */
export type SeatLook = 'available' | 'chosen' | 'own' | 'held' | 'sold' | 'blocked';

export interface HallDrawing {
  readonly hall: Hall;
  readonly plan: SeatPlan;
  readonly groups: ReadonlyMap<string, PriceGroup>;
  /** Seats that the caller holds. */
  readonly own: ReadonlySet<number>;
}

/** From the middle of the last seat to that of the row's letter, in seats. */
const LETTER_ASIDE = 0.86;
/** Between two rows there is room for the letter of one from this distance on, and for both letters from the other. */
const ROOM_FOR_LETTER = 1.7;
const ROOM_FOR_LETTERS = 2.6;
/** Two copies of the same flash, so that a second change right after the first flashes again. */
const FLASHES = 2;
/** More characters do not fit into a seat; its name has them all. */
const LONGEST_NUMBER = 3;

/** The rows of seats. One seat is a tab stop; arrow keys move between seats. */
export function seatGrid(context: ViewContext, drawing: HallDrawing): ElementNode {
  const { t, office } = context;
  const { hall, plan } = drawing;
  const bySeat = new Map(hall.seats.map((seat) => [seat.seatNumber, seat]));
  const start =
    hall.cursor ?? hall.seats.find(({ status }) => status === 'AVAILABLE')?.seatNumber ?? hall.seats[0]?.seatNumber;
  return h(
    'div',
    {
      class: 'seat-grid',
      role: 'grid',
      'aria-label': t.hall.gridLabel,
      'data-testid': 'seat-map',
      // One listener for all seats: thousands of their own would take a phone a moment.
      on: {
        click: ({ target }) => {
          const seatNumber = seatOf(target);
          if (seatNumber === null) return;
          const isPressable = target instanceof Element && target.closest('.seat-available, .seat-chosen') !== null;
          if (isPressable) office.toggleSeat(seatNumber);
          else office.moveCursor(seatNumber);
        },
        keydown: (event) => {
          const seatNumber = seatOf(event.target);
          const next = seatNumber === null ? null : seatByKey(plan, seatNumber, event.key);
          if (next === null) return;
          event.preventDefault();
          office.moveCursor(next);
          document.querySelector<HTMLElement>(`[data-seat="${next}"]`)?.focus();
        },
      },
    },
    plan.lines.map((line, index) => seatLine(context, drawing, { line, index, bySeat, start })),
  );
}

function seatOf(target: EventTarget | null): number | null {
  const seat = target instanceof Element ? target.closest<HTMLElement>('[data-seat]') : null;
  return seat === null ? null : Number(seat.dataset['seat']);
}

interface Line {
  readonly line: PlanLine;
  readonly index: number;
  readonly bySeat: ReadonlyMap<number, LiveSeat>;
  readonly start: number | undefined;
}

/** The last drawing of each line: where nothing has changed, nothing is compared. */
const lines = new WeakMap<
  PlanLine,
  { readonly cells: readonly ElementNode[]; readonly t: Texts; readonly row: ElementNode }
>();

function seatLine(context: ViewContext, { hall, groups, own, plan }: HallDrawing, given: Line): ElementNode {
  const { line, index, bySeat, start } = given;
  const { t } = context;
  const cells = line.seats.flatMap((planned) => {
    const seat = bySeat.get(planned.seatNumber);
    if (seat === undefined) return [];
    const key = priceKey(seat, plan);
    return [
      seatCell(context, {
        planned,
        seat,
        look: lookOf(seat, hall, own),
        colour: groups.get(key)?.colour ?? 0,
        isStart: planned.seatNumber === start,
        isAside: hall.onlyPrice !== null && key !== hall.onlyPrice,
        changed: hall.changes.get(planned.seatNumber) ?? 0,
      }),
    ];
  });
  const known = lines.get(line);
  if (known?.t === t && known.cells.length === cells.length && cells.every((cell, at) => cell === known.cells[at])) {
    return known.row;
  }
  const row = h('div', { key: index, role: 'row' }, rowLetters(line, t), cells);
  lines.set(line, { cells, t, row });
  return row;
}

/** The letter of each row of a line at both of its ends, as far as there is room. */
function rowLetters({ seats }: PlanLine, t: Texts): ElementNode[] {
  const rows = [...Map.groupBy(seats, ({ section, row }) => `${section} ${row}`).values()];
  const ends = rows.flatMap((inRow) => {
    const [first, last] = [inRow[0], inRow.at(-1)];
    return first === undefined || last === undefined ? [] : [{ first, last }];
  });
  return ends.flatMap(({ first, last }, index) => {
    const [before, after] = [ends[index - 1]?.last.x, ends[index + 1]?.first.x];
    const name = t.seat.row(first.section ?? '', first.row);
    const hasRoom = before === undefined || first.x - before >= ROOM_FOR_LETTER;
    const hasRoomBehind = after === undefined || after - last.x >= ROOM_FOR_LETTERS;
    return [
      rowLetter(first, -1, hasRoom, { role: 'rowheader', 'aria-label': name }),
      ...(hasRoomBehind ? [rowLetter(last, 1, true, { 'aria-hidden': true })] : []),
    ];
  });
}

function rowLetter({ section, row, x, y }: PlannedSeat, side: number, isSeen: boolean, attributes: Props): ElementNode {
  const vars = { '--x': (x + side * LETTER_ASIDE).toFixed(3), '--y': y.toFixed(3) };
  const key = `${section} ${row} ${side}`;
  return h('span', { key, class: isSeen ? 'row-letter' : 'row-letter row-letter-hidden', vars, ...attributes }, row);
}

interface Cell {
  readonly planned: PlannedSeat;
  readonly seat: LiveSeat;
  readonly look: SeatLook;
  readonly colour: number;
  /** Whether the Tab key stops at this seat. */
  readonly isStart: boolean;
  /** Whether the fan looks for other prices. */
  readonly isAside: boolean;
  /** Number of changes seen. */
  readonly changed: number;
}

interface Drawn {
  readonly as: string;
  readonly planned: PlannedSeat;
  readonly t: Texts;
  readonly cell: ElementNode;
}

/** The last drawing of each seat: a change of one seat leaves the descriptions of all others as they are, and so their elements. */
const drawings = new WeakMap<LiveSeat, Drawn>();

function seatCell(context: Pick<ViewContext, 't' | 'f'>, cell: Cell): ElementNode {
  const { planned, seat, look, colour, isStart, isAside, changed } = cell;
  const as = `${look} ${changed} ${isStart} ${isAside} ${colour}`;
  const known = drawings.get(seat);
  if (known?.as === as && known.planned === planned && known.t === context.t) return known.cell;
  const drawn = drawCell(context, cell);
  drawings.set(seat, { as, planned, t: context.t, cell: drawn });
  return drawn;
}

function drawCell({ t, f }: Pick<ViewContext, 't' | 'f'>, cell: Cell): ElementNode {
  const { planned, seat, look, colour, isStart, isAside, changed } = cell;
  const notes = planned.attributes.map((attribute) => t.seat.attributes[attribute]);
  return h(
    'span',
    {
      key: seat.seatNumber,
      role: 'gridcell',
      class: `seat-cell level-${colour}${isAside ? ' aside' : ''}`,
      vars: {
        '--x': Number(planned.x.toFixed(3)),
        '--y': planned.y.toFixed(3),
        ...(planned.turn === 0 ? {} : { '--turn': `${planned.turn.toFixed(2)}deg` }),
      },
    },
    h(
      'button',
      {
        type: 'button',
        class: `seat seat-${look}${changed === 0 ? '' : ` flash-${changed % FLASHES}`}`,
        'data-seat': seat.seatNumber,
        'aria-label': [seatName(planned, t), f.spokenMoney(seat.price), ...notes, t.seat.looks[look]].join(', '),
        'aria-pressed': look === 'chosen',
        'aria-disabled': look !== 'available' && look !== 'chosen',
        tabindex: isStart ? 0 : -1,
      },
      look !== 'sold' && look !== 'blocked' && sign(planned),
    ),
  );
}

/** A wheelchair, a heart for the seat beside it, or the number; a restricted view marks the seat's corner. */
function sign({ attributes, seat }: PlannedSeat): Child {
  const isRestricted = attributes.includes('RESTRICTED_VIEW');
  const drawing = attributes.includes('ACCESSIBLE')
    ? 'wheelchair'
    : attributes.includes('COMPANION')
      ? 'companion'
      : null;
  return [
    drawing === null
      ? h('span', {
          class: 'seat-number',
          'data-number': seat.length > LONGEST_NUMBER ? '' : seat,
          'aria-hidden': true,
        })
      : icon(drawing, 'seat-number seat-sign'),
    isRestricted && h('span', { class: 'seat-restricted', 'aria-hidden': true }),
  ];
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
    default:
      return 'blocked';
  }
}
