import type { Hall } from '../state/page-state.ts';
import { hashOf } from '../state/route.ts';
import { firstEndMs, holdsOf, type View } from '../state/view.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { choicePanel } from './choice-panel.ts';
import { legend } from './hall-legend.ts';
import { icon } from './icon.ts';
import { priceFilter } from './price-levels.ts';
import { seatMap, zoomButtons } from './seat-map.ts';
import { steps } from './steps.ts';
import type { ViewContext } from './view-context.ts';

export type HallView = View & { readonly name: 'hall' };

/** The clock of the session warns below this. */
const HURRY_MS = 120_000;

/** The seats of a schedule in their present state. */
export function hallView(context: ViewContext, view: HallView): Child {
  const { t } = context;
  const { concert, visit } = view;
  return [
    steps('seats', t),
    h(
      'div',
      { key: 'head', class: 'hall-head' },
      h('p', { class: 'eyebrow one-line', title: concert.title }, concert.title),
      h('h1', { class: 'hall-title', tabindex: -1 }, titleOf(context, view)),
      sessionClock(context, view),
      h(
        'a',
        { class: 'back-link', href: hashOf({ name: 'concert', concertId: concert.concertId }) },
        icon('back'),
        t.hall.otherDates,
      ),
    ),
    visit.hall === null || context.state.maxSeatsPerUser === null
      ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading)
      : hallAndChoice(context, view, visit.hall, context.state.maxSeatsPerUser),
  ];
}

function titleOf({ t, f }: ViewContext, { concert, visit, scheduleId }: HallView): string {
  const schedule = visit.schedules?.find((one) => one.scheduleId === scheduleId);
  if (schedule === undefined) return t.hall.title;
  return `${f.date(schedule.startsAt, concert.timeZone)} ${f.time(schedule.startsAt, concert.timeZone)}`;
}

/** The time until the queue token ends. */
function sessionClock({ state, t, f }: ViewContext, { visit }: HallView): Child {
  const until = visit.place === null || visit.place === 'unknown' ? null : visit.place.activeUntil;
  if (until === null) return null;
  const leftMs = Date.parse(until) - state.nowMs;
  return h(
    'p',
    { key: 'clock', class: `chip session-clock figures ${leftMs < HURRY_MS ? 'chip-danger' : ''}` },
    icon('clock'),
    t.hall.timeLeft(f.countdown(leftMs)),
  );
}

function hallAndChoice(context: ViewContext, view: HallView, hall: Hall, limit: number): ElementNode {
  const { state, t, f } = context;
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
        { class: 'hall-bar' },
        h('h2', { id: 'seats-heading', class: 'unseen' }, t.hall.seats),
        h(
          'p',
          { class: 'hall-count', 'data-testid': 'seats-left' },
          h('strong', { class: 'figures' }, t.hall.left(f.number(left))),
          ` / ${f.number(hall.seats.length)}`,
        ),
        liveMark(context),
        zoomButtons(context),
      ),
      priceFilter(context, hall),
      seatMap(context, hall, new Set(own.map(({ seatNumber }) => seatNumber))),
      legend(context),
    ),
    choicePanel(context, {
      hall,
      own,
      limit: limit - own.length,
      left,
      remainingMs: endMs === null ? null : endMs - state.nowMs,
    }),
  );
}

function liveMark({ state, t }: ViewContext): ElementNode {
  const isLive = !state.isOffline && (state.connection === 'live' || state.connection === 'restored');
  const words = isLive ? t.hall.live : state.connection === 'polling' ? t.hall.refreshed : t.hall.connecting;
  return h('p', { class: isLive ? 'live-mark' : 'live-mark resting' }, words);
}
