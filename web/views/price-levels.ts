import type { Hall } from '../state/page-state.ts';
import { type ElementNode, h } from '../view/node.ts';
import type { ViewContext } from './view-context.ts';

/** The style sheet has as many colours for levels of prices. */
const COLOURS = 4;

/** The colour of each price, the highest first. */
export function priceLevels(seats: Hall['seats']): ReadonlyMap<number, number> {
  const prices = [...new Set(seats.map(({ price }) => price))].toSorted((one, other) => other - one);
  return new Map(prices.map((price, index) => [price, index % COLOURS]));
}

/** The prices, always in sight above the map. A press shows the seats of one price alone; a second press shows all again. */
export function priceFilter({ office, t, f }: ViewContext, { seats, onlyPrice }: Hall): ElementNode {
  return h(
    'ul',
    { class: 'prices', 'aria-label': t.hall.prices },
    [...priceLevels(seats)].map(([price, level]) =>
      h(
        'li',
        { key: price },
        h(
          'button',
          {
            type: 'button',
            class: `price level-${level}`,
            'aria-pressed': price === onlyPrice,
            on: { click: () => office.pickPrice(price === onlyPrice ? null : price) },
          },
          h('span', { class: 'price-swatch', 'aria-hidden': true }),
          h('span', { class: 'figures' }, f.money(price)),
        ),
      ),
    ),
  );
}
