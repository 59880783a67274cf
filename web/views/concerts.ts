import { type Child, type ElementNode, h } from '../view/node.ts';
import type { QueueToken } from '../../src/client/answers.ts';
import { hashOf } from '../state/route.ts';
import { type ConcertSale, isBookable, salesOf } from '../state/sale.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import { lineChip, saleChip, saleFacts } from './sale-facts.ts';
import type { ViewContext } from './view-context.ts';

/** The concerts on sale and those that open later, with all that a fan must know before queueing. */
export function concertsView(context: ViewContext): Child {
  const { state, t } = context;
  const { now, later } = salesOf(state.concerts ?? [], state.upcoming, state.nowMs);
  const isNone = state.concerts !== null && now.length === 0;
  return [
    h(
      'div',
      { key: 'hero', class: 'hero' },
      h('h1', { tabindex: -1 }, t.concerts.title),
      h('p', { class: 'hero-words soft' }, t.concerts.lead),
    ),
    state.concerts === null && h('p', { key: 'loading', class: 'soft' }, t.frame.loading),
    isNone && h('p', { key: 'none', class: 'panel' }, t.concerts.none),
    cards(context, 'now', t.concerts.onSale, now),
    cards(context, 'later', t.concerts.upcoming, later),
  ];
}

function cards(context: ViewContext, key: string, heading: string, sales: readonly ConcertSale[]): Child {
  if (sales.length === 0) return null;
  return h(
    'section',
    { key, class: 'concert-section', 'aria-labelledby': `concerts-${key}` },
    h('h2', { id: `concerts-${key}` }, heading),
    h(
      'ul',
      { class: 'concert-cards' },
      sales.map((one) => card(context, one)),
    ),
  );
}

function card(context: ViewContext, { concert, sale }: ConcertSale): ElementNode {
  const { state, t, f } = context;
  const { concertId, title, artist } = concert;
  const place = state.places.get(concertId);
  return h(
    'li',
    { key: concertId, class: `concert-card sale-${sale.name}` },
    h('div', { class: 'concert-art' }, poster(concertId), saleChip(sale, state.nowMs, { t, f })),
    h(
      'div',
      { class: 'concert-words' },
      h('p', { class: 'eyebrow' }, artist),
      h('h3', { id: `concert-${concertId}` }, h('a', { href: hashOf({ name: 'concert', concertId }) }, title)),
      saleFacts(concert, sale, state.nowMs, { t, f }),
      h(
        'div',
        { class: 'concert-foot' },
        place !== undefined ? placeChip(place, { t, f }) : isBookable(sale) && lineChip(concert.queue, { t, f }),
        action(context, { concert, sale }),
      ),
    ),
  );
}

function action({ state, office, t }: ViewContext, { concert: { concertId }, sale }: ConcertSale): ElementNode {
  const describedBy = `concert-${concertId}`;
  if (state.places.has(concertId) || isBookable(sale))
    return h(
      'button',
      {
        key: 'join',
        type: 'button',
        class: 'button button-primary',
        'aria-describedby': describedBy,
        'aria-busy': state.busy.has('join'),
        on: { click: () => office.join(concertId) },
      },
      state.places.has(concertId) ? t.concerts.goOn : t.concerts.join,
      icon('forward'),
    );
  return h(
    'a',
    { key: 'details', class: 'button', 'aria-describedby': describedBy, href: hashOf({ name: 'concert', concertId }) },
    t.concerts.details,
  );
}

function placeChip(place: QueueToken, { t, f }: Pick<ViewContext, 't' | 'f'>): ElementNode {
  const words =
    place.status === 'ACTIVE' ? t.concerts.yourTurn : t.concerts.yourPlace(f.number(place.queuePosition ?? 0));
  return h('span', { class: 'chip chip-accent' }, icon('line'), words);
}
