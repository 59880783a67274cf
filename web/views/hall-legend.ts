import type { HallLayout } from '../state/hall-layout.ts';
import { type ElementNode, h } from '../view/node.ts';
import type { SeatLook } from './seat-grid.ts';
import type { ViewContext } from './view-context.ts';

const LOOKS: readonly SeatLook[] = ['available', 'chosen', 'own', 'held', 'sold'];

/** The meaning of the seats' looks, and the prices of the rows. */
export function legend({ t, f }: ViewContext, layout: HallLayout): ElementNode {
  const sections = new Map<number, string[]>();
  for (const { price, letter } of layout.rows) sections.set(price, [...(sections.get(price) ?? []), letter]);
  return h(
    'div',
    { class: 'legend' },
    h(
      'ul',
      { class: 'legend-looks', 'aria-label': t.hall.legend },
      LOOKS.map((look) =>
        h(
          'li',
          { key: look },
          h('span', { class: `seat seat-sample seat-${look}`, 'aria-hidden': true }),
          t.seat.looks[look],
        ),
      ),
    ),
    h(
      'ul',
      { class: 'legend-prices', 'aria-label': t.hall.prices },
      [...sections].map(([price, letters]) =>
        h('li', { key: price }, h('strong', { class: 'figures' }, f.money(price)), ` ${t.hall.rows(span(letters))}`),
      ),
    ),
  );
}

/** A–C for consecutive letters. */
function span(letters: readonly string[]): string {
  const [first = '', last = first] = [letters[0], letters.at(-1)];
  return first === last ? first : `${first}–${last}`;
}
