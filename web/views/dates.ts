import type { Schedule } from '../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { hashOf } from '../state/route.ts';
import { firstEndMs, holdsOf, type View } from '../state/view.ts';
import { icon } from './icon.ts';
import { steps } from './steps.ts';
import type { ViewContext } from './view-context.ts';

/** The schedules of a concert, for admitted fans. */
export function datesView(context: ViewContext, { concert, visit, ...view }: View & { name: 'dates' }): Child {
  const { state, office, t, f } = context;
  const { schedules, place } = visit;
  const until = place !== null && place !== 'unknown' ? place.activeUntil : null;
  return [
    steps('date', t),
    h('p', { key: 'eyebrow', class: 'eyebrow' }, concert.title),
    h('h1', { key: 'title', tabindex: -1 }, t.dates.title),
    h(
      'p',
      { key: 'until', class: 'soft' },
      concert.venue,
      until !== null && ` · ${t.dates.shopUntil(f.countdown(Date.parse(until) - state.nowMs))}`,
    ),
    schedules === null
      ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading)
      : schedules.length === 0
        ? h('p', { key: 'none', class: 'panel' }, t.dates.none)
        : h(
            'ul',
            { key: 'dates', class: 'date-cards' },
            schedules.map((schedule) => dateCard(context, { ...view, concert, visit }, schedule)),
          ),
    h(
      'p',
      { key: 'leave' },
      h(
        'button',
        { type: 'button', class: 'button button-quiet', on: { click: () => office.askToLeave() } },
        t.dates.leave,
      ),
    ),
  ];
}

function dateCard(
  { state, t, f }: ViewContext,
  { concert, visit }: View & { name: 'dates' },
  schedule: Schedule,
): ElementNode {
  const { scheduleId, startsAt, reservationOpensAt, availableSeats, totalSeats } = schedule;
  const leaf = f.leaf(startsAt, concert.timeZone);
  const holds = holdsOf(visit, scheduleId);
  const endMs = firstEndMs(holds);
  const opensMs = reservationOpensAt === null ? 0 : Date.parse(reservationOpensAt);
  const isOpen = opensMs <= state.nowMs;
  const isFull = availableSeats === 0;
  const route = { name: endMs === null ? 'hall' : 'checkout', concertId: concert.concertId, scheduleId } as const;
  const words =
    endMs !== null
      ? t.dates.holding(holds.length, f.countdown(endMs - state.nowMs))
      : !isOpen
        ? t.dates.opensAt(f.moment(reservationOpensAt ?? startsAt))
        : isFull
          ? t.dates.soldOut
          : t.dates.seatsLeft(f.number(availableSeats), f.number(totalSeats));
  const content = [
    h(
      'span',
      { class: 'leaf' },
      h('span', { class: 'leaf-month' }, leaf.month),
      h('span', { class: 'leaf-day figures' }, leaf.day),
      h('span', { class: 'leaf-weekday' }, leaf.weekday),
    ),
    h(
      'span',
      { class: 'date-words' },
      h('span', { class: 'date-time' }, f.time(startsAt, concert.timeZone)),
      h('span', { class: `date-left ${isFull || !isOpen ? 'soft' : ''}` }, words),
      h(
        'span',
        { class: 'date-bar', 'aria-hidden': true },
        h('span', { class: 'date-bar-left', vars: { '--share': totalSeats === 0 ? 0 : availableSeats / totalSeats } }),
      ),
    ),
    h('span', { class: 'date-go' }, isOpen && icon('forward')),
  ];
  const kind = isOpen ? (isFull ? 'full' : 'open') : 'closed';
  return h(
    'li',
    { key: scheduleId },
    isOpen
      ? h('a', { class: `date-card date-${kind}`, href: hashOf(route) }, content)
      : h('div', { class: `date-card date-${kind}` }, content),
  );
}
