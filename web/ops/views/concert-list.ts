import type { AdminConcert } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { hashOfConcert } from '../console-route.ts';
import { isUnlimited, may } from '../console-state.ts';
import { chip, faultOf, link, sectionHead, taskButton } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

/** All concerts, newest first. */
export function concertList(context: OpsContext): readonly Child[] {
  const { state, t, desks } = context;
  const { concerts, nextCursor } = state.console.catalogue;
  const mayCreate = may(state.console, 'MANAGER') && isUnlimited(state.console);
  return [
    sectionHead(
      t.concerts.title,
      mayCreate && link(hashOfConcert('new'), t.concerts.create, { class: 'button button-primary' }),
    ),
    faultOf(context, 'concerts'),
    concerts === null && h('p', { class: 'soft' }, t.loading),
    concerts?.length === 0 && h('p', { class: 'soft' }, t.concerts.empty),
    h(
      'ul',
      { class: 'cards' },
      (concerts ?? []).map((concert) => concertCard(concert, context)),
    ),
    nextCursor !== null && taskButton(context, 'concerts', t.more, { press: () => void desks.catalogue.openMore() }),
  ];
}

function concertCard(concert: AdminConcert, context: OpsContext): ElementNode {
  const { t, format } = context;
  const { concertId, title, venue, timeZone, schedules, priceFrom, priceTo } = concert;
  const days = schedules.map(({ startsAt }) => startsAt).toSorted();
  return h(
    'li',
    { key: concertId, class: 'card' },
    h('h2', { class: 'card-title' }, h('a', { href: hashOfConcert(concertId) }, title)),
    h('p', { class: 'card-chips' }, saleChips(concert, context)),
    h(
      'p',
      { class: 'soft small' },
      [
        venue,
        days.length > 0 && format.dates(days, timeZone),
        t.concerts.dates(format.number(schedules.length)),
        priceFrom !== null && priceTo !== null && format.moneyRange(priceFrom, priceTo),
      ]
        .filter((part) => part !== false)
        .join(' · '),
    ),
  );
}

/** Whether a concert can be booked now. */
export function saleStateOf(
  { bookingOpensAt, bookingClosesAt }: AdminConcert,
  nowMs: number,
): 'upcoming' | 'open' | 'closed' {
  if (nowMs < Date.parse(bookingOpensAt)) return 'upcoming';
  return nowMs < Date.parse(bookingClosesAt) ? 'open' : 'closed';
}

export function saleChips(concert: AdminConcert, { t, nowMs }: OpsContext): readonly Child[] {
  if (concert.cancelled) return [chip(t.concerts.states.cancelled, 'danger')];
  const sale = saleStateOf(concert, nowMs());
  return [
    chip(t.concerts.states[sale], sale === 'open' ? 'good' : sale === 'upcoming' ? 'accent' : ''),
    concert.queue.paused && chip(t.concerts.queuePaused, 'danger'),
  ];
}
