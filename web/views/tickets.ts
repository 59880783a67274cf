import type { Payment } from '../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { reservedSeatName } from '../language/seat-name.ts';
import { hashOf } from '../state/route.ts';
import { holdCards } from './holds-strip.ts';
import { bookingNumber } from '../language/booking-number.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import { seatsOf, signInFirst } from './ticket.ts';
import type { ViewContext } from './view-context.ts';

/** All payments of the fan, newest first. */
export function ticketsView(context: ViewContext): Child {
  const { state, office, t } = context;
  if (state.account === 'none') return signInFirst(context);
  const { payments } = state;
  const unpaid = holdCards(context);
  return [
    h('h1', { key: 'title', tabindex: -1 }, t.tickets.title),
    payments === null
      ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading)
      : payments.items.length + unpaid.length === 0
        ? h(
            'div',
            { key: 'none', class: 'panel stack' },
            h('p', {}, t.tickets.none),
            h('p', {}, h('a', { class: 'button button-primary', href: hashOf({ name: 'concerts' }) }, t.tickets.look)),
          )
        : h(
            'ul',
            { key: 'list', class: 'ticket-list' },
            unpaid,
            payments.items.map((payment) => ticketLine(context, payment)),
          ),
    payments?.nextCursor !== null &&
      payments !== null &&
      h(
        'button',
        {
          key: 'more',
          type: 'button',
          class: 'button',
          'aria-busy': state.busy.has('payments'),
          on: { click: () => office.readMorePayments() },
        },
        t.tickets.more,
      ),
  ];
}

function ticketLine({ state, t, f }: ViewContext, payment: Payment): ElementNode {
  const concert = state.concertById.get(payment.concertId);
  const startsAt = payment.reservations[0]?.startsAt ?? payment.paidAt;
  const timeZone = concert?.timeZone ?? 'Asia/Seoul';
  const isGood = payment.status === 'COMPLETED';
  return h(
    'li',
    { key: payment.paymentId },
    h(
      'a',
      {
        class: isGood ? 'ticket-line' : 'ticket-line ticket-line-void',
        href: hashOf({ name: 'ticket', paymentId: payment.paymentId }),
      },
      h('span', { class: 'ticket-line-art' }, poster(payment.concertId)),
      h(
        'span',
        { class: 'ticket-line-words' },
        h('strong', { class: 'ticket-line-name' }, concert?.title ?? ''),
        h('span', { class: 'soft' }, `${f.date(startsAt, timeZone)} ${f.time(startsAt, timeZone)}`),
        h('span', { class: 'soft' }, f.list(seatsOf(payment).map((seat) => reservedSeatName(seat, t)))),
        h('span', { class: 'small soft figures' }, bookingNumber(payment.paymentId)),
      ),
      h(
        'span',
        { class: 'ticket-line-end' },
        h('span', { class: 'figures' }, f.money(payment.amount)),
        h('span', { class: isGood ? 'chip chip-good' : 'chip' }, isGood ? t.tickets.good : t.tickets.refunded),
      ),
      icon('forward'),
    ),
  );
}
