import { holdsOf, firstEndMs, type View } from '../state/view.ts';
import type { Reservation } from '../../src/client/answers.ts';
import { reservedSeatName } from '../language/seat-name.ts';
import type { PageState } from '../state/page-state.ts';
import { hashOf } from '../state/route.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { extendButton } from './extend-button.ts';
import { icon } from './icon.ts';
import { panelNotice } from './messages.ts';
import { steps } from './steps.ts';
import { topUp } from './top-up.ts';
import type { ViewContext } from './view-context.ts';

export type CheckoutView = View & { readonly name: 'checkout' };

/** The countdown warns below this. */
const HURRY_MS = 60_000;
const RING_RADIUS = 52;

/** The fan's seats, the time left to pay, and their price. */
export function checkoutView(context: ViewContext, view: CheckoutView): Child {
  const { state, office, t, f } = context;
  const { concert, scheduleId, holds, visit } = view;
  const total = holds.reduce((sum, { price }) => sum + price, 0);
  const missing = state.balance === null ? 0 : total - state.balance;
  const startsAt = holds[0]?.startsAt ?? '';
  const isBusy = state.busy.has('pay') || state.busy.has('release');
  const [only] = holds.length === 1 ? holds : [];
  return [
    steps('pay', t),
    h(
      'div',
      { key: 'till', class: 'checkout' },
      h(
        'section',
        { class: 'checkout-seats stack', 'aria-labelledby': 'checkout-title' },
        h('p', { class: 'eyebrow one-line', title: concert.title }, concert.title),
        h('h1', { id: 'checkout-title', tabindex: -1 }, t.checkout.title(holds.length)),
        h(
          'p',
          { class: 'soft' },
          `${f.date(startsAt, concert.timeZone)} ${f.time(startsAt, concert.timeZone)} · ${concert.venue}`,
        ),
        h(
          'ul',
          { class: 'held-seats' },
          holds.map((hold) =>
            h(
              'li',
              { key: hold.reservationId, class: 'held-seat' },
              h('span', { class: 'held-number' }, reservedSeatName(hold, t)),
              h('span', { class: 'figures' }, f.money(hold.price)),
              holds.length > 1 &&
                h(
                  'button',
                  {
                    type: 'button',
                    class: 'button button-icon',
                    disabled: isBusy && !isReleased(state, hold),
                    'aria-busy': isReleased(state, hold),
                    'aria-label': t.checkout.releaseOne(reservedSeatName(hold, t)),
                    on: { click: () => office.release([hold]) },
                  },
                  icon('close'),
                ),
            ),
          ),
        ),
        h(
          'div',
          { class: 'button-row' },
          visit.place !== null &&
            h(
              'a',
              {
                class: 'button button-quiet',
                href: hashOf({ name: 'hall', concertId: concert.concertId, scheduleId }),
              },
              icon('back'),
              t.checkout.more,
            ),
          h(
            'button',
            {
              type: 'button',
              class: 'button button-quiet',
              disabled: isBusy && state.busy.get('release') !== (only?.reservationId ?? ''),
              'aria-busy': state.busy.get('release') === (only?.reservationId ?? ''),
              on: { click: () => office.release(holdsOf(visit, scheduleId)) },
            },
            t.checkout.release(holds.length),
          ),
        ),
      ),
      h(
        'section',
        { class: 'till panel stack', 'aria-label': t.checkout.till },
        countdown(context, view),
        h(
          'dl',
          { class: 'sums' },
          sum('total', t.checkout.total, f.money(total)),
          sum('wallet', t.checkout.wallet, state.balance === null ? '…' : f.money(state.balance)),
          missing > 0
            ? sum('missing', t.checkout.missing, f.money(missing), 'sum-missing')
            : state.balance !== null && sum('after', t.checkout.after, f.money(state.balance - total)),
        ),
        h('div', { key: 'go', class: 'till-go' }, panelNotice(context), payButton(context, total, missing)),
        missing > 0 &&
          h(
            'details',
            { key: 'other', class: 'other-amounts' },
            h('summary', {}, t.topUp.other),
            topUp(context, missing),
          ),
      ),
    ),
  ];
}

/** Pays; if the balance is short, one press fills the wallet and pays. */
function payButton({ state, office, t, f }: ViewContext, total: number, missing: number): ElementNode {
  const isElsewhere = state.busy.has('charge') || state.busy.has('release');
  return h(
    'button',
    {
      key: 'pay',
      type: 'button',
      class: 'button button-primary button-large button-wide',
      disabled: state.balance === null || isElsewhere,
      'aria-busy': state.busy.has('pay'),
      on: { click: () => (missing > 0 ? office.topUpAndPay() : office.pay()) },
    },
    missing > 0 ? t.topUp.andPay(f.money(missing)) : t.checkout.pay(f.money(total)),
  );
}

function isReleased({ busy }: PageState, { reservationId }: Reservation): boolean {
  return busy.get('release') === reservationId;
}

function sum(key: string, name: string, amount: string, className = ''): ElementNode {
  return h('div', { key, class: `sum ${className}` }, h('dt', {}, name), h('dd', { class: 'figures' }, amount));
}

function countdown(context: ViewContext, { concert, scheduleId, holds }: CheckoutView): ElementNode {
  const { state, t, f } = context;
  const endMs = firstEndMs(holds) ?? state.nowMs;
  const remainingMs = Math.max(0, endMs - state.nowMs);
  const startMs = Math.max(...holds.map(({ createdAt }) => Date.parse(createdAt)));
  const share = Math.min(1, remainingMs / Math.max(1, endMs - startMs));
  const around = 2 * Math.PI * RING_RADIUS;
  return h(
    'div',
    { class: 'till-clock' },
    h(
      'div',
      { class: remainingMs < HURRY_MS ? 'countdown hurry' : 'countdown' },
      h(
        'svg',
        { class: 'countdown-ring', viewBox: '0 0 120 120', 'aria-hidden': true },
        h('circle', { class: 'ring-track', cx: 60, cy: 60, r: RING_RADIUS }),
        h('circle', {
          class: 'ring-left',
          cx: 60,
          cy: 60,
          r: RING_RADIUS,
          'stroke-dasharray': around.toFixed(2),
          'stroke-dashoffset': (around * (1 - share)).toFixed(2),
          transform: 'rotate(-90 60 60)',
        }),
      ),
      h(
        'p',
        { class: 'countdown-words' },
        h(
          'span',
          { class: 'countdown-time figures', role: 'timer', 'data-testid': 'countdown' },
          f.countdown(remainingMs),
        ),
        h('span', { class: 'small soft' }, t.checkout.remaining),
      ),
    ),
    extendButton(context, { concertId: concert.concertId, scheduleId, endMs }),
  );
}
