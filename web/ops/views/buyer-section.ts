import type { BuyerActivity } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import type { ConsoleTexts } from '../language/console-korean.ts';
import { chip, faultOf, form, panel, sectionHead, taskButton, textField } from './console-parts.ts';
import { type Column, dataTable } from './data-table.ts';
import type { OpsContext } from './ops-context.ts';

type Status = keyof ConsoleTexts['buyers']['statuses'];

/** Finds a buyer by e-mail. */
export function buyerSearch(context: OpsContext): readonly Child[] {
  const { state, t, desks } = context;
  return [
    sectionHead(t.buyers.title),
    panel(
      'find',
      t.buyers.find,
      null,
      form(
        'find',
        (values) => void desks.buyers.find(values.text('email')),
        textField('buyer', {
          label: t.buyers.email,
          name: 'email',
          attributes: { type: 'email', inputmode: 'email', required: true, maxlength: 254 },
        }),
        faultOf(context, 'find'),
        h('p', { class: 'field-fault', role: 'status' }, state.console.buyers.isUnknown && t.buyers.notFound),
        h('div', { class: 'button-row' }, taskButton(context, 'find', t.buyers.find, { look: 'button-primary' })),
      ),
    ),
  ];
}

/** What a buyer did: payments, holds, queues and wallet. */
export function buyerPage(context: OpsContext, userId: string): readonly Child[] {
  const { state, t, format } = context;
  const { buyer } = state.console.buyers;
  const back = h('a', { key: 'back', class: 'back-link', href: '#/buyers' }, t.buyers.title);
  if (buyer === null || buyer.user.userId !== userId) {
    return [back, sectionHead(t.buyers.title), faultOf(context, 'buyer') ?? h('p', { class: 'soft' }, t.loading)];
  }
  const { user, balance } = buyer;
  return [
    back,
    sectionHead(user.name),
    h(
      'p',
      { class: 'soft' },
      [
        user.email,
        t.buyers.since(format.moment(user.createdAt)),
        balance !== null && t.buyers.balance(format.money(balance)),
      ]
        .filter((part) => part !== false)
        .join(' · '),
    ),
    faultOf(context, 'buyer'),
    payments(buyer, context),
    list(context, 'holds', t.buyers.holds, buyer.holds, buyer.next.holds, [
      { name: t.buyers.seat, cell: ({ seatLabel }) => seatLabel },
      { name: t.buyers.status, cell: ({ status }) => statusOf(status, context) },
      { name: t.buyers.when, cell: ({ createdAt, endedAt }) => timesOf(createdAt, endedAt, context) },
      { name: t.buyers.amount, isNumber: true, cell: ({ price }) => format.money(price) },
    ]),
    list(context, 'queueTokens', t.buyers.tokens, buyer.queueTokens, buyer.next.queueTokens, [
      { name: t.reports.concert, cell: ({ concertId }) => titleOf(concertId, context) },
      { name: t.buyers.status, cell: ({ status }) => statusOf(status, context) },
      { name: t.buyers.number, isNumber: true, cell: ({ number }) => format.number(number) },
      { name: t.buyers.when, cell: ({ issuedAt, endedAt }) => timesOf(issuedAt, endedAt, context) },
    ]),
    buyer.ledger !== null &&
      list(context, 'ledger', t.buyers.ledger, buyer.ledger, buyer.next.ledger, [
        { name: t.buyers.when, cell: ({ createdAt }) => format.moment(createdAt) },
        { name: t.buyers.kind, cell: ({ type }) => wordOf(type, context) },
        { name: t.buyers.amount, isNumber: true, cell: ({ amount }) => format.money(amount) },
      ]),
  ];
}

function payments(buyer: BuyerActivity, context: OpsContext): ElementNode {
  const { t, format, desks } = context;
  return list(context, 'payments', t.buyers.payments, buyer.payments, buyer.next.payments, [
    { name: t.buyers.seat, cell: ({ reservations }) => reservations.map(({ seatLabel }) => seatLabel).join(', ') },
    { name: t.buyers.status, cell: ({ status }) => statusOf(status, context) },
    { name: t.buyers.when, cell: ({ paidAt, refundedAt }) => timesOf(paidAt, refundedAt, context) },
    { name: t.buyers.amount, isNumber: true, cell: ({ amount }) => format.money(amount) },
    {
      name: t.buyers.refund,
      cell: (payment) =>
        payment.status === 'COMPLETED' &&
        taskButton(context, 'refund', t.buyers.refund, {
          look: 'button-danger',
          label: `${t.buyers.refund}: ${payment.reservations.map(({ seatLabel }) => seatLabel).join(', ')}`,
          press: () => desks.buyers.refund(buyer.user.userId, payment),
        }),
    },
  ]);
}

function list<T>(
  context: OpsContext,
  name: keyof BuyerActivity['next'],
  title: string,
  rows: readonly T[],
  next: string | null,
  columns: readonly Column<T>[],
): ElementNode {
  const { t, desks } = context;
  return panel(
    name,
    title,
    null,
    rows.length === 0 ? h('p', { class: 'soft' }, t.buyers.none) : dataTable(title, columns, rows),
    next !== null && taskButton(context, 'buyer', t.more, { press: () => void desks.buyers.more(name) }),
  );
}

function titleOf(concertId: number, { state }: OpsContext): string {
  const concert = state.overview?.concerts.find((one) => one.concertId === concertId);
  return concert?.title ?? String(concertId);
}

function timesOf(from: string, to: string | null | undefined, { format }: OpsContext): string {
  return to == null ? format.moment(from) : `${format.moment(from)} – ${format.moment(to)}`;
}

function wordOf(status: string, { t }: OpsContext): string {
  return status in t.buyers.statuses ? t.buyers.statuses[status as Status] : status;
}

function statusOf(status: string, context: OpsContext): ElementNode {
  const isGood = status === 'COMPLETED' || status === 'CONFIRMED' || status === 'ACTIVE';
  return chip(wordOf(status, context), isGood ? 'good' : status === 'HELD' || status === 'WAITING' ? 'accent' : '');
}
