import type { AdminSeatMap, SchedulePlan } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { hashOfConcert } from '../console-route.ts';
import { may } from '../console-state.ts';
import { chip, faultOf, link, panel, sectionHead } from './console-parts.ts';
import { dataTable } from './data-table.ts';
import { hallMap, placesOf } from './hall-map.ts';
import type { OpsContext } from './ops-context.ts';
import { seatActions } from './seat-actions.ts';

type Seat = AdminSeatMap['seats'][number];

/** The live hall of a date. */
export function hallSection(context: OpsContext, concertId: number, scheduleId: number): readonly Child[] {
  const { state, t, format } = context;
  const { hall, catalogue } = state.console;
  const { concert } = catalogue;
  const known = concert === null || concert === 'missing' ? null : concert;
  const schedule = known?.schedules.find((one) => one.scheduleId === scheduleId);
  const when =
    known === null || schedule === undefined
      ? t.hall.title
      : `${format.date(schedule.startsAt, known.timeZone)} ${format.time(schedule.startsAt, known.timeZone)}`;
  const back = h(
    'a',
    { key: 'back', class: 'back-link', href: hashOfConcert(concertId) },
    known?.title ?? t.concerts.title,
  );
  if (hall.scheduleId !== scheduleId || hall.plan === null || hall.map === null) {
    return [back, sectionHead(when), faultOf(context, 'hall') ?? h('p', { class: 'soft' }, t.loading)];
  }
  return [
    back,
    sectionHead(
      when,
      link(`/#/concerts/${concertId}/dates/${scheduleId}`, t.hall.preview, { target: '_blank', rel: 'noopener' }),
    ),
    faultOf(context, 'hall'),
    h(
      'div',
      { key: 'hall', class: 'hall-columns' },
      panel('map', t.hall.title, counts(hall.map.seats, context), hallMap(context, hall.plan, hall.map.seats)),
      choicePanel(context, hall.plan, hall.map.seats),
    ),
  ];
}

function counts(seats: readonly Seat[], { t, format }: OpsContext): ElementNode {
  const byStatus = Map.groupBy(seats, ({ status }) => status);
  return h(
    'p',
    { class: 'hall-counts small figures' },
    [...byStatus].map(([status, those]) =>
      h(
        'span',
        { key: status, class: `hall-count hall-seat-${status.toLowerCase()}` },
        t.hall.counts(t.hall.states[status], format.number(those.length)),
      ),
    ),
  );
}

/** The chosen seats, and what can be done with them. */
function choicePanel(context: OpsContext, plan: SchedulePlan, seats: readonly Seat[]): ElementNode {
  const { state, t, format, desks } = context;
  const { chosen } = state.console.hall;
  const places = placesOf(plan).filter(({ seatNumber }) => chosen.has(seatNumber));
  const bySeat = new Map(seats.map((seat) => [seat.seatNumber, seat]));
  if (places.length === 0) {
    return panel('choice', t.hall.chooseRow, null, h('p', { class: 'soft small' }, t.hall.hint));
  }
  return panel(
    'choice',
    t.hall.chosen(format.number(places.length)),
    h(
      'button',
      { type: 'button', class: 'button button-quiet', on: { click: () => desks.hall.clear() } },
      t.hall.clear,
    ),
    h(
      'ul',
      { class: 'rows' },
      places.map(({ seatNumber, name }) => {
        const seat = bySeat.get(seatNumber);
        return seat === undefined ? null : chosenSeat(seat, name, context);
      }),
    ),
    seatActions(context, plan.scheduleId, places, bySeat),
    places.length === 1 && seatHistory(context),
  );
}

function chosenSeat(
  { seatNumber, price, status, heldUntil, userId }: Seat,
  name: string,
  context: OpsContext,
): ElementNode {
  const { state, t, format } = context;
  return h(
    'li',
    { key: seatNumber, class: 'row' },
    h(
      'div',
      { class: 'row-words' },
      h('h3', { class: 'row-title' }, name),
      h(
        'p',
        { class: 'soft small figures' },
        format.money(price),
        heldUntil !== null && ` · ${t.hall.heldUntil(format.clock(Date.parse(heldUntil)))}`,
      ),
    ),
    chip(t.hall.states[status], status === 'CONFIRMED' ? 'good' : status === 'HELD' ? 'accent' : ''),
    userId !== null &&
      may(state.console, 'BOX_OFFICE') &&
      link(`#/buyers/${userId}`, t.hall.buyer, { 'aria-label': `${t.hall.buyer}: ${name}` }),
  );
}

function causeOf(cause: string, { t }: OpsContext): string {
  return cause in t.hall.causes ? t.hall.causes[cause as keyof typeof t.hall.causes] : cause;
}

function seatHistory(context: OpsContext): Child {
  const { state, t, format } = context;
  const { history } = state.console.hall;
  if (history === null) return faultOf(context, 'history');
  return [
    h('h3', { key: 'history' }, t.hall.history),
    history.changes.length === 0
      ? h('p', { class: 'soft small' }, t.none)
      : dataTable(
          t.hall.history,
          [
            { name: t.hall.cause, cell: ({ cause }) => causeOf(cause, context) },
            { name: t.buyers.when, cell: ({ at, loggedAt }) => format.moment(at ?? loggedAt) },
            { name: t.hall.seq, isNumber: true, cell: ({ seq }) => format.number(seq) },
          ],
          history.changes,
        ),
  ];
}
