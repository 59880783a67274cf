import { type HallLayout, layOutHall, rowLetterOf } from '../state/hall-layout.ts';
import type { Hall } from '../state/page-state.ts';
import { hashOf } from '../state/route.ts';
import { firstEndMs, holdsOf, type View } from '../state/view.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { choicePanel } from './choice-panel.ts';
import { legend } from './hall-legend.ts';
import { icon } from './icon.ts';
import { soldOut } from './sold-out.ts';
import { seatGrid } from './seat-grid.ts';
import { steps } from './steps.ts';
import type { ViewContext } from './view-context.ts';

export type HallView = View & { readonly name: 'hall' };

/** The seats of a schedule in their present state. */
export function hallView(context: ViewContext, view: HallView): Child {
  const { t } = context;
  const { concert, visit } = view;
  return [
    steps('seats', t),
    h(
      'div',
      { key: 'head', class: 'hall-head' },
      h(
        'a',
        { class: 'back-link', href: hashOf({ name: 'concert', concertId: concert.concertId }) },
        icon('back'),
        t.hall.otherDates,
      ),
      h('p', { class: 'eyebrow' }, concert.title),
      h('h1', { class: 'hall-title', tabindex: -1 }, titleOf(context, view)),
    ),
    visit.hall === null
      ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading)
      : hallAndChoice(context, view, visit.hall),
  ];
}

function titleOf({ t, f }: ViewContext, { concert, visit, scheduleId }: HallView): string {
  const schedule = visit.schedules?.find((one) => one.scheduleId === scheduleId);
  if (schedule === undefined) return t.hall.title;
  return `${f.date(schedule.startsAt, concert.timeZone)} ${f.time(schedule.startsAt, concert.timeZone)}`;
}

function hallAndChoice(context: ViewContext, view: HallView, hall: Hall): ElementNode {
  const { state, t, f } = context;
  const layout = layOutHall(hall.seats);
  const own = holdsOf(view.visit, hall.scheduleId);
  const left = hall.seats.filter(({ status }) => status === 'AVAILABLE').length;
  const endMs = firstEndMs(own);
  return h(
    'div',
    { key: 'hall', class: 'hall-and-choice' },
    h(
      'section',
      { class: 'hall', 'aria-labelledby': 'seats-heading' },
      h(
        'div',
        { class: 'hall-count' },
        h('h2', { id: 'seats-heading', class: 'unseen' }, t.hall.seats),
        h(
          'p',
          { 'data-testid': 'seats-left' },
          h('strong', { class: 'figures' }, t.hall.left(f.number(left))),
          ` / ${f.number(hall.seats.length)}`,
        ),
        liveMark(context),
      ),
      left === 0 && soldOut(context, hall, own.length),
      seatGrid(context, { hall, layout, own: new Set(own.map(({ seatNumber }) => seatNumber)) }),
      legend(context, layout),
    ),
    choicePanel(context, {
      hall,
      own,
      nameOf: (seatNumber) => seatName(context, layout, seatNumber),
      remainingMs: endMs === null ? null : endMs - state.nowMs,
    }),
  );
}

function liveMark({ state, t }: ViewContext): ElementNode {
  const isLive = state.connection === 'live' || state.connection === 'restored';
  const words = isLive ? t.hall.live : state.connection === 'polling' ? t.hall.refreshed : t.hall.connecting;
  return h('p', { class: isLive ? 'live-mark' : 'live-mark resting' }, words);
}

function seatName({ t }: Pick<ViewContext, 't'>, layout: HallLayout, seatNumber: number): string {
  return t.seat.inRow(rowLetterOf(layout, seatNumber), seatNumber);
}
