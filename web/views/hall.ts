import { hashOf } from '../state/route.ts';
import { firstEndMs, type ShownHall, shownHall, type View } from '../state/view.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { choicePanel } from './choice-panel.ts';
import { legend } from './hall-legend.ts';
import { icon } from './icon.ts';
import { priceFilter, priceGroups } from './price-levels.ts';
import { seatMap, zoomButtons } from './seat-map.ts';
import { steps } from './steps.ts';
import type { ViewContext } from './view-context.ts';

export type HallView = View & { readonly name: 'hall' };

/** The clock of the session warns below this. */
const HURRY_MS = 120_000;

/** The seats of a schedule in their present state. */
export function hallView(context: ViewContext, view: HallView): Child {
  const { t } = context;
  const { concert } = view;
  const shown = shownHall(context.state);
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
    shown === null ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading) : hallAndChoice(context, shown),
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

function hallAndChoice(context: ViewContext, { hall, plan, own, limit }: ShownHall): ElementNode {
  const { state, t, f } = context;
  const groups = priceGroups(hall.seats, plan);
  const drawing = { hall, plan, groups, own: new Set(own.map(({ seatNumber }) => seatNumber)) };
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
      priceFilter(context, hall, groups),
      seatMap(context, drawing),
      legend(context, drawing),
    ),
    choicePanel(context, {
      hall,
      plan,
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
