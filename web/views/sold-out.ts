import { returningSeats } from '../state/hall-changes.ts';
import type { Hall } from '../state/page-state.ts';
import { type ElementNode, h } from '../view/node.ts';
import { icon } from './icon.ts';
import type { ViewContext } from './view-context.ts';

/** Says that no seat is free, which may return, and until when. `own`: how many the fan holds. */
export function soldOut({ t, f }: ViewContext, { seats }: Hall, own: number): ElementNode {
  const returning = returningSeats(seats);
  return h(
    'div',
    { key: 'sold-out', class: 'notice notice-accent', 'data-testid': 'sold-out' },
    icon('clock', 'notice-sign'),
    h('div', { class: 'notice-words' }, h('p', { class: 'notice-title' }, t.soldOut.title), h('p', {}, words())),
  );

  function words(): string {
    if (returning === null || returning.count <= own) return t.soldOut.nothing;
    const { count, firstAtMs, lastAtMs } = returning;
    const number = f.number(count - own);
    const [first, last] = [f.clock(firstAtMs), f.clock(lastAtMs)];
    return first === last ? t.soldOut.returnsAt(number, last) : t.soldOut.returnsBetween(number, first, last);
  }
}
