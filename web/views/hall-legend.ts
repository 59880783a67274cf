import { type ElementNode, h } from '../view/node.ts';
import type { SeatLook } from './seat-grid.ts';
import type { ViewContext } from './view-context.ts';

const LOOKS: readonly SeatLook[] = ['available', 'chosen', 'own', 'held', 'sold'];

/** The meaning of the seats' looks. */
export function legend({ t }: ViewContext): ElementNode {
  return h(
    'ul',
    { class: 'legend', 'aria-label': t.hall.legend },
    LOOKS.map((look) =>
      h(
        'li',
        { key: look },
        h('span', { class: `seat seat-sample seat-${look}`, 'aria-hidden': true }),
        t.seat.looks[look],
      ),
    ),
  );
}
