import type { Reservation } from '../../src/client/answers.ts';
import { seatName } from '../language/seat-name.ts';
import type { Hall } from '../state/page-state.ts';
import type { PlannedSeat } from '../state/placed-rows.ts';
import type { SeatPlan } from '../state/seat-plan.ts';
import { hashOf } from '../state/route.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { accessibleNeed } from './accessible-need.ts';
import { bestSeats, bestSeatsButton } from './best-seats.ts';
import { extendButton } from './extend-button.ts';
import { icon } from './icon.ts';
import { panelNotice } from './messages.ts';
import { soldOut } from './sold-out.ts';
import type { ViewContext } from './view-context.ts';

export interface ChoicePanelInput {
  readonly hall: Hall;
  readonly plan: SeatPlan;
  /** The caller's holds of this schedule. */
  readonly own: readonly Reservation[];
  /** How many more seats than the holds the user may choose. */
  readonly limit: number;
  /** Number of free seats. */
  readonly left: number;
  /** Time until the first own hold ends; null without one. */
  readonly remainingMs: number | null;
}

/** The chosen seats, their price, and the next step. It stays visible at the foot of a phone. */
export function choicePanel(context: ViewContext, input: ChoicePanelInput): ElementNode {
  const { state, t, f } = context;
  const { own, remainingMs } = input;
  const { concertId = 0, scheduleId = 0 } = 'scheduleId' in state.route ? state.route : {};
  return h(
    'aside',
    { class: 'choice panel', 'aria-label': t.choice.label },
    panelNotice(context),
    own.length > 0 &&
      remainingMs !== null &&
      h(
        'a',
        { key: 'own', class: 'own-holds', href: hashOf({ name: 'checkout', concertId, scheduleId }) },
        icon('clock'),
        h('span', {}, t.choice.own(own.length, f.countdown(remainingMs))),
        icon('forward'),
      ),
    extendButton(context, { concertId, scheduleId, endMs: state.nowMs + (remainingMs ?? Number.POSITIVE_INFINITY) }),
    content(context, input),
  );
}

function content(context: ViewContext, { hall, plan, own, limit, left }: ChoicePanelInput): Child {
  if (hall.chosen.length === 0 && left === 0) return soldOut(context, hall, own.length);
  if (hall.chosen.length === 0 && limit <= 0) return null;
  if (hall.isWishing) return bestSeats(context, hall, plan, limit);
  return choice(context, hall, plan, limit);
}

function choice(context: ViewContext, hall: Hall, plan: SeatPlan, most: number): Child {
  const { state, office, t, f } = context;
  const limit = f.number(most);
  const priceOf = new Map(hall.seats.map(({ seatNumber, price }) => [seatNumber, price]));
  const chosen = hall.chosen.flatMap((seatNumber) => {
    const place = plan.seats.get(seatNumber);
    return place === undefined ? [] : [{ place, price: priceOf.get(seatNumber) ?? 0 }];
  });
  const total = chosen.reduce((sum, { price }) => sum + price, 0);
  return [
    h('h2', { key: 'title', class: 'choice-title' }, t.choice.title),
    chosen.length === 0
      ? h('p', { key: 'empty', class: 'soft choice-empty' }, t.choice.empty(limit))
      : h(
          'ul',
          { key: 'seats', class: 'choice-seats' },
          chosen.map((seat) => chosenSeat(context, seat)),
        ),
    chosen.some(({ place }) => place.attributes.some((one) => one === 'ACCESSIBLE' || one === 'COMPANION')) &&
      accessibleNeed(context, hall, plan),
    h(
      'div',
      { key: 'go', class: chosen.length === 0 ? 'choice-go choice-go-empty' : 'choice-go' },
      chosen.length > 0 &&
        h(
          'p',
          { key: 'total', class: 'choice-total' },
          h('span', {}, t.choice.total(chosen.length, limit)),
          h('strong', { class: 'figures' }, f.money(total)),
        ),
      h(
        'button',
        {
          key: 'hold',
          type: 'button',
          class: 'button button-primary button-large button-wide',
          disabled: chosen.length === 0,
          'aria-busy': state.busy.get('hold') === 'chosen',
          on: { click: () => office.hold() },
        },
        chosen.length === 0 ? t.choice.chooseFirst(limit) : t.choice.hold(chosen.length),
      ),
      chosen.length === 0 && most > 0 && bestSeatsButton(context),
      h('p', { key: 'note', class: 'soft small choice-note' }, t.choice.note),
    ),
  ];
}

function chosenSeat(
  { office, t, f }: ViewContext,
  { place, price }: { readonly place: PlannedSeat; readonly price: number },
): ElementNode {
  const name = seatName(place, t);
  const notes = place.attributes.map((attribute) => t.seat.attributes[attribute]);
  return h(
    'li',
    { key: place.seatNumber, class: 'choice-seat' },
    h('span', { class: 'choice-name' }, name, notes.length > 0 && h('span', { class: 'choice-notes' }, f.list(notes))),
    h('span', { class: 'figures choice-price' }, f.money(price)),
    h(
      'button',
      {
        type: 'button',
        class: 'button button-icon',
        'aria-label': t.choice.remove(name),
        on: { click: () => office.toggleSeat(place.seatNumber) },
      },
      icon('close'),
    ),
  );
}
