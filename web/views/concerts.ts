import { type Child, type ElementNode, h } from '../view/node.ts';
import type { QueueToken } from '../../src/client/answers.ts';
import type { OnSale } from '../state/page-state.ts';
import { hashOf } from '../state/route.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import type { ViewContext } from './view-context.ts';

/** The concerts on sale. One press joins a queue. */
export function concertsView(context: ViewContext): Child {
  const { state, t } = context;
  return [
    h(
      'div',
      { key: 'hero', class: 'hero' },
      h('h1', { tabindex: -1 }, t.concerts.title),
      h('p', { class: 'hero-words soft' }, t.concerts.lead),
    ),
    h('h2', { key: 'heading', class: 'unseen' }, t.concerts.onSale),
    state.concerts === null
      ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading)
      : state.concerts.length === 0
        ? h('p', { key: 'none', class: 'panel' }, t.concerts.none)
        : h(
            'ul',
            { key: 'cards', class: 'concert-cards' },
            state.concerts.map((concert) => card(context, concert)),
          ),
  ];
}

function card({ state, office, t, f }: ViewContext, concert: OnSale): ElementNode {
  const { concertId, title, artist, venue, bookingClosesAt, timeZone, queue } = concert;
  const name = `concert-${concertId}`;
  const place = state.places.get(concertId);
  return h(
    'li',
    { key: concertId, class: 'concert-card' },
    h('div', { class: 'concert-art' }, poster(concertId)),
    h(
      'div',
      { class: 'concert-words' },
      h('p', { class: 'eyebrow' }, artist),
      h('h3', { id: name }, h('a', { href: hashOf({ name: 'concert', concertId }) }, title)),
      h('p', { class: 'soft' }, venue),
      h('p', { class: 'soft small' }, t.concerts.onSaleUntil(f.date(bookingClosesAt, timeZone))),
      h(
        'div',
        { class: 'concert-foot' },
        place !== undefined
          ? placeChip(place, { t, f })
          : queue === undefined
            ? h('span', {})
            : lineChip(queue, { t, f }),
        h(
          'button',
          {
            type: 'button',
            class: 'button button-primary',
            'aria-describedby': name,
            'aria-busy': state.busy.has('join'),
            on: { click: () => office.join(concertId) },
          },
          place === undefined ? t.concerts.join : t.concerts.goOn,
          icon('forward'),
        ),
      ),
    ),
  );
}

function placeChip(place: QueueToken, { t, f }: Pick<ViewContext, 't' | 'f'>): ElementNode {
  const words =
    place.status === 'ACTIVE' ? t.concerts.yourTurn : t.concerts.yourPlace(f.number(place.queuePosition ?? 0));
  return h('span', { class: 'chip chip-accent' }, icon('line'), words);
}

/** The length of the line, for fans who may join it. */
export function lineChip(queue: NonNullable<OnSale['queue']>, { t, f }: Pick<ViewContext, 't' | 'f'>): ElementNode {
  const words = queue.paused
    ? t.concerts.paused
    : queue.waiting === 0
      ? t.concerts.noLine
      : t.concerts.waiting(f.number(queue.waiting));
  return h(
    'span',
    { class: `chip ${queue.waiting === 0 && !queue.paused ? 'chip-good' : 'chip-accent'}` },
    icon(queue.waiting === 0 && !queue.paused ? 'check' : 'line'),
    words,
  );
}
