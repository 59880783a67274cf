import type { Concert, Payment, Reservation } from '../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { reservedSeatName } from '../language/seat-name.ts';
import { hashOf } from '../state/route.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import { steps } from './steps.ts';
import { bookingNumber } from '../language/booking-number.ts';
import type { ViewContext } from './view-context.ts';

/** A ticket: the bought seats, on paper too. */
export function ticketView(context: ViewContext): Child {
  const { state, office, t } = context;
  const payment = state.ticket;
  if (payment === null) {
    return state.account === 'none' ? signInFirst(context) : h('p', { class: 'soft' }, t.frame.loading);
  }
  if (payment === 'missing') {
    return [h('h1', { tabindex: -1 }, t.ticket.missing), h('a', { class: 'button', href: '#/tickets' }, t.ticket.all)];
  }
  const concert = state.concertById.get(payment.concertId);
  if (concert === undefined) return h('p', { class: 'soft' }, t.frame.loading);
  const isGood = payment.status === 'COMPLETED';
  const startsAt = payment.reservations[0]?.startsAt ?? payment.paidAt;
  return [
    isGood && steps('ticket', t),
    h(
      'div',
      { key: 'head', class: 'ticket-head' },
      h('h1', { tabindex: -1 }, isGood ? t.ticket.title : t.ticket.refundedTitle),
      h('p', { class: 'soft' }, isGood ? t.ticket.lead : t.ticket.refundedLead),
    ),
    ticketPaper(context, payment, concert, startsAt),
    h(
      'div',
      { key: 'actions', class: 'button-row ticket-actions' },
      isGood &&
        h(
          'button',
          { key: 'print', type: 'button', class: 'button button-primary', on: { click: () => print() } },
          icon('print'),
          t.ticket.print,
        ),
      h(
        'a',
        { key: 'more', class: 'button', href: hashOf({ name: 'concert', concertId: payment.concertId }) },
        t.ticket.more,
      ),
      h('a', { key: 'all', class: 'button button-quiet', href: hashOf({ name: 'tickets' }) }, t.ticket.all),
      isGood &&
        Date.parse(startsAt) > state.nowMs &&
        h(
          'button',
          {
            key: 'refund',
            type: 'button',
            class: 'button button-quiet button-danger',
            'aria-busy': state.busy.has('refund'),
            on: { click: () => office.askToRefund(payment) },
          },
          t.ticket.refund,
        ),
    ),
  ];
}

export function signInFirst({ office, t }: ViewContext): Child {
  return [
    h('h1', { key: 'title', tabindex: -1 }, t.signIn.first),
    h('p', { key: 'words', class: 'soft' }, t.signIn.firstLead),
    h(
      'button',
      { key: 'button', type: 'button', class: 'button button-primary', on: { click: () => office.askToSignIn() } },
      t.frame.signIn,
    ),
  ];
}

function ticketPaper({ state, t, f }: ViewContext, payment: Payment, concert: Concert, startsAt: string): ElementNode {
  const isGood = payment.status === 'COMPLETED';
  const holder = typeof state.account === 'object' ? state.account.name : '';
  return h(
    'article',
    {
      key: payment.paymentId,
      class: isGood ? 'ticket' : 'ticket ticket-void',
      'aria-label': t.ticket.label,
      'data-testid': 'ticket',
    },
    h('div', { class: 'ticket-art' }, poster(concert.concertId)),
    h(
      'div',
      { class: 'ticket-body' },
      h('p', { class: 'eyebrow' }, concert.artist),
      h('h2', { class: 'ticket-name' }, concert.title),
      h(
        'dl',
        { class: 'ticket-facts' },
        fact(t.ticket.date, f.date(startsAt, concert.timeZone)),
        fact(t.ticket.time, f.time(startsAt, concert.timeZone)),
        fact(t.ticket.venue, concert.venue),
        fact(t.ticket.holder, holder),
      ),
    ),
    h(
      'div',
      { class: 'ticket-stub' },
      !isGood && h('p', { class: 'ticket-stamp' }, t.ticket.refundedStamp),
      h('p', { class: 'small soft' }, t.ticket.seats(payment.reservations.length)),
      h(
        'ul',
        { class: 'ticket-seats' },
        seatsOf(payment).map((seat) => h('li', { key: seat.seatNumber, class: 'figures' }, reservedSeatName(seat, t))),
      ),
      h('p', { class: 'ticket-amount figures' }, f.money(payment.amount)),
      h(
        'p',
        { class: 'ticket-id' },
        h('span', { class: 'small soft' }, t.ticket.paymentId),
        h(
          'strong',
          { class: 'booking-number figures', 'data-testid': 'booking-number' },
          bookingNumber(payment.paymentId),
        ),
        h('code', { 'data-testid': 'payment-id' }, payment.paymentId),
      ),
    ),
  );
}

/** The service lists the seats as they were asked for. */
export function seatsOf({ reservations }: Payment): readonly Reservation[] {
  return reservations.toSorted((one, other) => one.seatNumber - other.seatNumber);
}

function fact(name: string, value: string): ElementNode {
  return h('div', { class: 'ticket-fact' }, h('dt', { class: 'small soft' }, name), h('dd', {}, value));
}
