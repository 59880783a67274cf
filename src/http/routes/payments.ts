import { claimOf } from '../identity/claim.ts';
import { admittedPayer, UNADMITTED } from '../identity/wallet-guard.ts';
import { nextCursorOf, PAYMENTS_LIST, readPageQuery } from '../answers/cursor.ts';
import { respondWithSeats } from '../answers/seat-answer.ts';
import type { Payment as Paid } from '../../domain/payment.ts';
import { payReservations } from '../../booking/pay-reservations.ts';
import { refundPayment } from '../../booking/refund-payment.ts';
import { IdempotencyHeaders, NoBody, NoQuery, refer } from '../schemas/basics.ts';
import {
  Payment,
  PaymentPage,
  PaymentParams,
  PaymentRequest,
  PaymentsQuery,
  PaymentWithBalance,
} from '../schemas/payments.ts';
import type { App, Services } from '../services.ts';

export function paymentRoutes(app: App, services: Services): void {
  const { payments, seatNames, guards, walletGuard, idempotency, responder } = services;

  async function nameSeats(payment: Paid) {
    return { ...payment, reservations: await seatNames.name(payment.reservations) };
  }

  app.post(
    '/payments',
    {
      schema: {
        operationId: 'payReservations',
        summary: 'Pay holds of one schedule',
        description: '201 with the payment; 200 with the earlier one that paid exactly these reservations.',
        tags: ['payments'],
        body: PaymentRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(PaymentWithBalance), 201: refer(PaymentWithBalance) },
      },
      config: {
        guard: 'userOrShopper',
        refuses: [
          'PAYMENT_SPANS_SCHEDULES',
          'INSUFFICIENT_BALANCE',
          'RESERVATION_NOT_FOUND',
          'SCHEDULE_NOT_FOUND',
          'SEAT_NOT_FOUND',
          'RESERVATION_CANCELLED',
          'RESERVATION_NOT_HELD',
          'RESERVATION_EXPIRED',
          'IDEMPOTENCY_IN_PROGRESS',
          'IDEMPOTENCY_KEY_REUSED',
          ...UNADMITTED,
          'QUEUE_WRONG_CONCERT',
        ],
      },
    },
    async (request, reply) => {
      const caller = await walletGuard.payer(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const claim = claimOf(request, 'POST /payments');
      const admission = walletGuard.admissionOf(caller.value);
      const outcome = await payReservations(services, userId, request.body, claim, admission);
      return respondWithSeats(services, reply, outcome);
    },
  );

  app.get(
    '/payments/:paymentId',
    {
      schema: {
        operationId: 'getPayment',
        summary: "One of the caller's payments",
        description: 'The payment with its reservations.',
        tags: ['payments'],
        params: PaymentParams,
        querystring: NoQuery,
        response: { 200: refer(Payment) },
      },
      config: { guard: 'userOrShopper', refuses: ['PAYMENT_NOT_FOUND', ...UNADMITTED] },
    },
    async (request, reply) => {
      const caller = await admittedPayer(walletGuard, request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const payment = await payments.find(caller.value.userId, request.params.paymentId);
      if (payment === null) return responder.refuse(reply, { code: 'PAYMENT_NOT_FOUND', members: {} });
      reply.send(await nameSeats(payment));
    },
  );

  app.get(
    '/me/payments',
    {
      schema: {
        operationId: 'listPayments',
        summary: "The caller's payments, newest first",
        description: 'Refunded payments are listed too.',
        tags: ['payments'],
        querystring: PaymentsQuery,
        response: { 200: PaymentPage },
      },
      config: { guard: 'userOrShopper', refuses: UNADMITTED },
    },
    async (request, reply) => {
      const caller = await admittedPayer(walletGuard, request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const query = readPageQuery(request.query, PAYMENTS_LIST, userId);
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const page = await payments.list(userId, query.value);
      reply.send({
        payments: await Promise.all(page.items.map(nameSeats)),
        nextCursor: nextCursorOf(page, PAYMENTS_LIST, userId),
      });
    },
  );

  app.post(
    '/payments/:paymentId/refund',
    {
      schema: {
        operationId: 'refundPayment',
        summary: 'Refund the whole payment',
        description:
          'The amount is back in the wallet and the seats are free. A repeated refund changes nothing and gets the same answer.',
        tags: ['payments'],
        params: PaymentParams,
        body: NoBody,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(PaymentWithBalance) },
      },
      config: {
        guard: 'user',
        refuses: ['PAYMENT_NOT_FOUND', 'REFUND_CLOSED', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'],
      },
    },
    async (request, reply) => {
      const caller = await guards.user(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const { paymentId } = request.params;
      const claim = claimOf(request, 'POST /payments/:paymentId/refund');
      const outcome = await idempotency.run(userId, claim, () => refundPayment(services, userId, paymentId, claim));
      return respondWithSeats(services, reply, outcome);
    },
  );
}
