import type { Concert, Schedule } from '../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { hashOf } from '../state/route.ts';
import { saleOfDate } from '../state/sale.ts';
import { firstEndMs, holdsOf, type View } from '../state/view.ts';
import { icon } from './icon.ts';
import { saleWords } from './sale-facts.ts';
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

function dateCard(context: ViewContext, { concert, visit }: View & { name: 'dates' }, schedule: Schedule): ElementNode {
  const { state, t, f } = context;
  const { scheduleId } = schedule;
  const endMs = firstEndMs(holdsOf(visit, scheduleId));
  const route = { name: endMs === null ? 'hall' : 'checkout', concertId: concert.concertId, scheduleId } as const;
  const sale = saleOfDate(schedule, state.nowMs);
  const words =
    endMs !== null
      ? t.dates.holding(holdsOf(visit, scheduleId).length, f.countdown(endMs - state.nowMs))
      : sale.name === 'sold-out'
        ? t.dates.soldOut
        : null;
  const isOpen = sale.name !== 'upcoming' && sale.name !== 'closed' && sale.name !== 'cancelled';
  const face = [
    dateFace(context, concert, schedule, words),
    h('span', { class: 'date-go' }, isOpen && icon('forward')),
  ];
  return h(
    'li',
    { key: scheduleId },
    isOpen
      ? h('a', { class: `date-card date-${sale.name}`, href: hashOf(route) }, face)
      : h('div', { class: `date-card date-${sale.name}` }, face),
  );
}

/** A date with its prices, and its state or other words in place of it. */
export function dateFace(
  { state, t, f }: ViewContext,
  { timeZone }: Pick<Concert, 'timeZone'>,
  schedule: Schedule,
  words: string | null = null,
): readonly ElementNode[] {
  const { startsAt, availableSeats, totalSeats, priceFrom, priceTo } = schedule;
  const leaf = f.leaf(startsAt, timeZone);
  const sale = saleOfDate(schedule, state.nowMs);
  const isOpen = sale.name === 'on-sale' || sale.name === 'few-left';
  const left =
    sale.name === 'on-sale'
      ? t.sale.left(f.number(sale.left), f.number(sale.total))
      : saleWords(sale, state.nowMs, { t, f });
  return [
    h(
      'span',
      { class: `leaf ${isOpen ? '' : 'leaf-dim'}` },
      h('span', { class: 'leaf-month' }, leaf.month),
      h('span', { class: 'leaf-day figures' }, leaf.day),
      h('span', { class: 'leaf-weekday' }, leaf.weekday),
    ),
    h(
      'span',
      { class: 'date-words' },
      h('span', { class: 'date-time' }, f.time(startsAt, timeZone)),
      h('span', { class: 'date-price' }, f.moneyRange(priceFrom, priceTo)),
      h('span', { class: `date-left date-left-${sale.name}` }, words ?? left),
      h(
        'span',
        { class: 'date-bar', 'aria-hidden': true },
        h('span', { class: 'date-bar-left', vars: { '--share': totalSeats === 0 ? 0 : availableSeats / totalSeats } }),
      ),
    ),
  ];
}
