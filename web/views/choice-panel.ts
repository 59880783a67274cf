import type { Reservation } from '../../src/client/answers.ts';
import type { Hall } from '../state/page-state.ts';
import { hashOf } from '../state/route.ts';
import { type ElementNode, h } from '../view/node.ts';
import { icon } from './icon.ts';
import type { ViewContext } from './view-context.ts';

export interface ChoicePanelInput {
  readonly hall: Hall;
  /** The caller's holds of this schedule. */
  readonly own: readonly Reservation[];
  nameOf(seatNumber: number): string;
  /** Time until the first own hold ends; null without one. */
  readonly remainingMs: number | null;
}

/** The choice, its price, and the next step. It stays visible at the foot of a phone. */
export function choicePanel({ state, office, t, f }: ViewContext, input: ChoicePanelInput): ElementNode {
  const { hall, own, nameOf, remainingMs } = input;
  const chosen = hall.chosen.map((seatNumber) => ({
    seatNumber,
    price: hall.seats.find((seat) => seat.seatNumber === seatNumber)?.price ?? 0,
  }));
  const total = chosen.reduce((sum, { price }) => sum + price, 0);
  const { concertId = 0, scheduleId = 0 } = 'scheduleId' in state.route ? state.route : {};
  return h(
    'aside',
    { class: 'choice panel', 'aria-label': t.choice.label },
    own.length > 0 &&
      remainingMs !== null &&
      h(
        'a',
        { key: 'own', class: 'own-holds', href: hashOf({ name: 'checkout', concertId, scheduleId }) },
        icon('clock'),
        h('span', {}, t.choice.own(own.length, f.countdown(remainingMs))),
        icon('forward'),
      ),
    h('h2', { key: 'title', class: 'choice-title' }, t.choice.title),
    chosen.length === 0
      ? h('p', { key: 'empty', class: 'soft choice-empty' }, t.choice.empty)
      : h(
          'ul',
          { key: 'seats', class: 'choice-seats' },
          chosen.map(({ seatNumber, price }) =>
            h(
              'li',
              { key: seatNumber, class: 'choice-seat' },
              h('span', { class: 'choice-name' }, nameOf(seatNumber)),
              h('span', { class: 'figures choice-price' }, f.money(price)),
              h(
                'button',
                {
                  type: 'button',
                  class: 'button button-icon',
                  'aria-label': t.choice.remove(nameOf(seatNumber)),
                  on: { click: () => office.toggleSeat(seatNumber) },
                },
                icon('close'),
              ),
            ),
          ),
        ),
    h(
      'div',
      { key: 'go', class: 'choice-go' },
      chosen.length > 0 &&
        h(
          'p',
          { key: 'total', class: 'choice-total' },
          h('span', {}, t.choice.total(chosen.length)),
          h('strong', { class: 'figures' }, f.money(total)),
        ),
      h(
        'button',
        {
          key: 'hold',
          type: 'button',
          class: 'button button-primary button-large button-wide',
          disabled: chosen.length === 0,
          'aria-busy': state.busy.has('hold'),
          on: { click: () => office.hold() },
        },
        chosen.length === 0 ? t.choice.chooseFirst : t.choice.hold(chosen.length),
      ),
      h('p', { key: 'note', class: 'soft small choice-note' }, t.choice.note),
    ),
  );
}
