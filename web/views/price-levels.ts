import type { LiveSeat } from '../../src/client/live/live-events.ts';
import type { Hall } from '../state/page-state.ts';
import type { SeatPlan } from '../state/seat-plan.ts';
import { type ElementNode, h } from '../view/node.ts';
import type { ViewContext } from './view-context.ts';

/** The style sheet has as many colours for levels of prices. */
const COLOURS = 6;

/** Seats of one price; in a drawn hall also of one level. */
export interface PriceGroup {
  readonly key: string;
  /** Null in a hall that nobody has drawn. */
  readonly level: string | null;
  /** Won. */
  readonly price: number;
  /** Number of the colour. */
  readonly colour: number;
}

/** The groups of prices by key, the most expensive first. */
export function priceGroups(seats: readonly LiveSeat[], plan: SeatPlan): ReadonlyMap<string, PriceGroup> {
  const groups = new Map<string, Omit<PriceGroup, 'colour'>>();
  for (const seat of seats) {
    const key = priceKey(seat, plan);
    if (!groups.has(key)) groups.set(key, { key, level: levelOf(seat, plan), price: seat.price });
  }
  const sorted = [...groups.values()].toSorted((one, other) => other.price - one.price);
  return new Map(sorted.map((group, index) => [group.key, { ...group, colour: index % COLOURS }]));
}

/** The key of a seat's group. */
export function priceKey(seat: LiveSeat, plan: SeatPlan): string {
  return `${seat.price} ${levelOf(seat, plan) ?? ''}`;
}

function levelOf({ seatNumber }: LiveSeat, { isDrawn, seats }: SeatPlan): string | null {
  return isDrawn ? (seats.get(seatNumber)?.level ?? null) : null;
}

/** The prices, always in sight above the map. A press shows the seats of one price alone; a second press shows all again. */
export function priceFilter(
  { office, t, f }: ViewContext,
  { onlyPrice }: Hall,
  groups: ReadonlyMap<string, PriceGroup>,
): ElementNode {
  return h(
    'ul',
    { class: 'prices', 'aria-label': t.hall.prices },
    [...groups.values()].map(({ key, level, price, colour }) =>
      h(
        'li',
        { key },
        h(
          'button',
          {
            type: 'button',
            class: `price level-${colour}`,
            'aria-pressed': key === onlyPrice,
            on: { click: () => office.pickPrice(key === onlyPrice ? null : key) },
          },
          h('span', { class: 'price-swatch', 'aria-hidden': true }),
          level !== null && h('span', { class: 'price-level' }, level),
          h('span', { class: 'figures' }, f.money(price)),
        ),
      ),
    ),
  );
}
