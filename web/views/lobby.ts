import { type Child, type ElementNode, h } from '../view/node.ts';
import { hashOf } from '../state/route.ts';
import { datesOf, isBookable, isJoinable, type Sale, saleOf } from '../state/sale.ts';
import type { View } from '../state/view.ts';
import { dateFace } from './dates.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import { lineChip, saleChip, saleFacts } from './sale-facts.ts';
import type { ViewContext } from './view-context.ts';

/** A concert before the fan joins its queue, and after the token has ended. */
export function lobbyView(context: ViewContext, { concert, visit }: View & { name: 'lobby' }): Child {
  const { state, t, f } = context;
  const { concertId, title, artist, bookingClosesAt, timeZone, queue } = concert;
  const sale = saleOf(concert, state.nowMs);
  const dates = datesOf(concert.schedules, state.nowMs);
  const ended = visit.ended === null ? null : t.lobby.ended[visit.ended];
  return [
    h(
      'article',
      { key: 'concert', class: `lobby sale-${sale.name}` },
      h('div', { class: 'lobby-art' }, poster(concertId)),
      h(
        'div',
        { class: 'lobby-words stack' },
        h('p', { class: 'eyebrow' }, artist),
        h('h1', { tabindex: -1 }, title),
        sale.name === 'upcoming'
          ? countdown(context, sale.opensMs)
          : h(
              'p',
              { key: 'state', class: 'lobby-state' },
              saleChip(sale, state.nowMs, { t, f }),
              isBookable(sale) && lineChip(queue, { t, f }),
            ),
        saleFacts(concert, sale, state.nowMs, { t, f }),
        ended !== null && ended !== undefined && h('p', { class: 'notice notice-accent' }, ended),
        note(sale, t) !== null && h('p', { key: 'note', class: 'soft' }, note(sale, t)),
        h(
          'div',
          { class: 'button-row' },
          isJoinable(sale) && joinButton(context, concertId, sale, visit.ended !== null),
          h('a', { class: 'button button-quiet', href: hashOf({ name: 'concerts' }) }, t.lobby.others),
        ),
        isJoinable(sale) &&
          h('p', { class: 'soft small' }, t.lobby.howItGoes, ' ', t.sale.until(f.date(bookingClosesAt, timeZone))),
      ),
    ),
    dates.length > 0 &&
      h(
        'section',
        { key: 'dates', class: 'lobby-dates', 'aria-labelledby': 'lobby-dates' },
        h('h2', { id: 'lobby-dates' }, t.lobby.dates),
        h(
          'ul',
          { class: 'date-cards' },
          dates.map((date) =>
            h('li', { key: date.scheduleId }, h('div', { class: 'date-card' }, dateFace(context, concert, date))),
          ),
        ),
      ),
  ];
}

function countdown({ state, t, f }: ViewContext, opensMs: number): ElementNode {
  return h(
    'p',
    { key: 'countdown', class: 'lobby-countdown figures', role: 'timer', 'data-testid': 'sale-upcoming' },
    t.sale.opensIn(f.until(opensMs - state.nowMs)),
  );
}

function note({ name }: Sale, t: ViewContext['t']): string | null {
  switch (name) {
    case 'upcoming':
      return t.sale.upcomingNote;
    case 'paused':
      return t.sale.pausedNote;
    case 'sold-out':
      return t.sale.soldOutNote;
    case 'closed':
      return t.sale.closedNote;
    case 'cancelled':
      return t.sale.cancelledNote;
    case 'undated':
      return t.sale.undatedNote;
    case 'on-sale':
    case 'few-left':
      return null;
  }
}

function joinButton({ state, office, t }: ViewContext, concertId: number, sale: Sale, isAgain: boolean): ElementNode {
  const isSoldOut = sale.name === 'sold-out';
  return h(
    'button',
    {
      key: 'join',
      type: 'button',
      class: `button button-large ${isSoldOut ? '' : 'button-primary'}`,
      'aria-busy': state.busy.has('join'),
      on: { click: () => office.join(concertId) },
    },
    isSoldOut ? t.concerts.joinSoldOut : isAgain ? t.lobby.joinAgain : t.concerts.join,
    icon('forward'),
  );
}
