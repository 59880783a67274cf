import { type Child, type ElementNode, h } from '../view/node.ts';
import { icon } from './icon.ts';
import type { HallDrawing, SeatLook } from './seat-grid.ts';
import type { ViewContext } from './view-context.ts';

const LOOKS: readonly SeatLook[] = ['available', 'chosen', 'own', 'held', 'sold', 'blocked'];
const SIGNS = ['ACCESSIBLE', 'COMPANION', 'RESTRICTED_VIEW'] as const;

/** The meaning of the seats' looks, and of the signs that the hall has. */
export function legend({ t }: ViewContext, { hall, plan }: HallDrawing): ElementNode {
  const isBlocked = hall.seats.some(({ status }) => !['AVAILABLE', 'HELD', 'CONFIRMED'].includes(status));
  const seats = [...plan.seats.values()];
  return h(
    'ul',
    { class: 'legend', 'aria-label': t.hall.legend },
    LOOKS.filter((look) => look !== 'blocked' || isBlocked).map((look) => entry(look, t.seat.looks[look], look)),
    SIGNS.filter((sign) => seats.some(({ attributes }) => attributes.includes(sign))).map((sign) =>
      entry(sign, t.seat.attributes[sign], 'available', signOf(sign)),
    ),
  );
}

function entry(key: string, words: string, look: SeatLook, sign: Child = null): ElementNode {
  return h('li', { key }, h('span', { class: `seat seat-sample seat-${look}`, 'aria-hidden': true }, sign), words);
}

function signOf(sign: (typeof SIGNS)[number]): Child {
  switch (sign) {
    case 'ACCESSIBLE':
      return icon('wheelchair', 'seat-sign');
    case 'COMPANION':
      return icon('companion', 'seat-sign');
    case 'RESTRICTED_VIEW':
      return h('span', { class: 'seat-restricted' });
  }
}
