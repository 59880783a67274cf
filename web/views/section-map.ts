import type { LiveSeat } from '../../src/client/live/live-events.ts';
import type { PlanSection, SeatPlan } from '../state/seat-plan.ts';
import { type Child, h } from '../view/node.ts';
import { showPart } from '../view/zoom.ts';
import type { HallDrawing } from './seat-grid.ts';
import type { ViewContext } from './view-context.ts';

/** Room around the seats of a section, in seats; beside them there is room for the rows' letters if no other section is near. */
const MARGIN = 0.45;
const LETTER_MARGIN = 1;
/** Less room above a section than this, in seats, has no name between the sections. */
const ROOM_FOR_NAME = 1.6;

/**
 * The floors of the sections with their names. From afar each is a button that says what is left, and brings its seats closer;
 * near by they only lie behind the seats.
 */
export function sectionMap(context: ViewContext, drawing: HallDrawing): Child {
  const { plan, hall } = drawing;
  if (plan.sections.length === 0) return null;
  const bySeat = new Map(hall.seats.map((seat) => [seat.seatNumber, seat]));
  return [
    h(
      'div',
      { key: 'floors', class: 'section-floors', 'aria-hidden': true },
      plan.sections.map((section) =>
        h(
          'div',
          { key: section.name, class: 'section-floor', vars: boxOf(section, plan) },
          hasRoomForName(section, plan) && h('span', { class: 'section-name' }, section.name),
        ),
      ),
    ),
    plan.sections.length > 1 &&
      h(
        'ul',
        { key: 'sections', class: 'section-map', 'aria-label': context.t.hall.sections, 'data-unscaled': true },
        plan.sections.map((section) =>
          h('li', { key: section.name }, sectionButton(context, drawing, section, bySeat)),
        ),
      ),
  ];
}

function sectionButton(
  { office, t, f }: ViewContext,
  { hall, plan }: HallDrawing,
  section: PlanSection,
  bySeat: ReadonlyMap<number, LiveSeat>,
): Child {
  const free = section.seatNumbers.flatMap((seatNumber) => {
    const seat = bySeat.get(seatNumber);
    return seat?.status === 'AVAILABLE' ? [seat] : [];
  });
  const from = free.reduce<number | null>((least, { price }) => Math.min(least ?? price, price), null);
  const first = hall.cursor !== null && section.seatNumbers.includes(hall.cursor) ? hall.cursor : free[0]?.seatNumber;
  return h(
    'button',
    {
      type: 'button',
      class: free.length === 0 ? 'section-button section-empty' : 'section-button',
      vars: boxOf(section, plan),
      on: {
        click: ({ currentTarget }) => {
          const port = currentTarget instanceof Element ? currentTarget.closest('.hall-scroll') : null;
          if (port === null || !(currentTarget instanceof HTMLElement)) return;
          showPart(port, currentTarget);
          const next = first ?? section.seatNumbers[0];
          if (next === undefined || plan.seats.get(next) === undefined) return;
          office.moveCursor(next);
          document.querySelector<HTMLElement>(`[data-seat="${next}"]`)?.focus({ preventScroll: true });
        },
      },
    },
    h(
      'span',
      { class: 'section-words' },
      h('strong', { class: 'section-title' }, section.name),
      h('span', { class: 'figures' }, free.length === 0 ? t.hall.sectionSoldOut : t.hall.left(f.number(free.length))),
      from !== null && h('span', { class: 'figures section-price' }, t.hall.from(f.money(from))),
    ),
  );
}

function boxOf(section: PlanSection, { sections }: SeatPlan): Readonly<Record<`--${string}`, string>> {
  const { left, top, width, depth } = section;
  const gaps = sections.flatMap((other) => {
    if (other === section || other.top >= top + depth || top >= other.top + other.depth) return [];
    return [Math.max(other.left - left - width, left - other.left - other.width)];
  });
  const aside = Math.max(MARGIN, Math.min(LETTER_MARGIN, ...gaps.map((gap) => gap / 2 - 0.05)));
  return {
    '--x': (left - aside).toFixed(3),
    '--y': (top - MARGIN).toFixed(3),
    '--w': (width + 2 * aside).toFixed(3),
    '--d': (depth + 2 * MARGIN).toFixed(3),
  };
}

/** Whether no other seats are so close in front of the section that its name would lie on them. */
function hasRoomForName({ left, top, width }: PlanSection, { seats, sections }: SeatPlan): boolean {
  if (sections.length === 0 || top < 1) return false;
  for (const { x, y } of seats.values()) {
    if (y < top && top - y < ROOM_FOR_NAME + 1 && x > left - 1 && x < left + width + 1) return false;
  }
  return true;
}
