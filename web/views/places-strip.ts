import { toPay } from '../state/own-holds.ts';
import { concertIdOf, hashOf } from '../state/route.ts';
import { type Child, h } from '../view/node.ts';
import { icon } from './icon.ts';
import type { ViewContext } from './view-context.ts';

/** Links to the lines in which the fan waits, while the page shows something else. */
export function placesStrip({ state, t, f }: ViewContext): Child {
  const here = concertIdOf(state.route);
  // The strip above leads to the checkout of these.
  const unpaid = new Set(toPay(state).map(({ concertId }) => concertId));
  const places = [...state.places.values()].filter(({ concertId }) => concertId !== here && !unpaid.has(concertId));
  if (places.length === 0) return null;
  return h(
    'ul',
    { key: 'places', class: 'places-strip', 'aria-label': t.places.label },
    places.map(({ concertId, status, queuePosition }) =>
      h(
        'li',
        { key: concertId },
        h(
          'a',
          { class: 'place-link', href: hashOf({ name: 'concert', concertId }) },
          icon(status === 'ACTIVE' ? 'check' : 'line'),
          h(
            'span',
            { class: 'place-link-words' },
            h('strong', {}, state.concertById.get(concertId)?.title ?? ''),
            status === 'ACTIVE' ? t.places.active : t.places.waiting(f.number(queuePosition ?? 0)),
          ),
          icon('forward'),
        ),
      ),
    ),
  );
}
