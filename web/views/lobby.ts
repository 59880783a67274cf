import { type Child, h } from '../view/node.ts';
import { hashOf } from '../state/route.ts';
import type { View } from '../state/view.ts';
import { lineChip } from './concerts.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import type { ViewContext } from './view-context.ts';

/** A concert before the fan joins its queue, and after the token has ended. */
export function lobbyView({ state, office, t, f }: ViewContext, { concert, visit }: View & { name: 'lobby' }): Child {
  const { concertId, title, artist, venue, bookingClosesAt, timeZone, queue } = concert;
  const ended = visit.ended === null ? null : t.lobby.ended[visit.ended];
  return h(
    'article',
    { class: 'lobby' },
    h('div', { class: 'lobby-art' }, poster(concertId)),
    h(
      'div',
      { class: 'lobby-words stack' },
      h('p', { class: 'eyebrow' }, artist),
      h('h1', { tabindex: -1 }, title),
      h('p', { class: 'lobby-venue' }, venue),
      h('p', { class: 'soft' }, t.concerts.onSaleUntil(f.date(bookingClosesAt, timeZone))),
      ended !== null && ended !== undefined && h('p', { class: 'notice notice-accent' }, ended),
      h('p', {}, lineChip(queue, { t, f })),
      h(
        'div',
        { class: 'button-row' },
        h(
          'button',
          {
            type: 'button',
            class: 'button button-primary button-large',
            'aria-busy': state.busy.has('join'),
            on: { click: () => office.join(concertId) },
          },
          visit.ended === null ? t.concerts.join : t.lobby.joinAgain,
          icon('forward'),
        ),
        h('a', { class: 'button button-quiet', href: hashOf({ name: 'concerts' }) }, t.lobby.others),
      ),
      h('p', { class: 'soft small' }, t.lobby.howItGoes),
    ),
  );
}
