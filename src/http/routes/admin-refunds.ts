import { Type } from '@fastify/type-provider-typebox';
import { refundAsOrganiser } from '../../booking/refund-as-organiser.ts';
import { Fault } from '../../domain/errors.ts';
import type { SettledPayment } from '../../domain/grant.ts';
import { actAtOwner } from '../answers/owner-act.ts';
import { IdempotencyHeaders, NoQuery, refer } from '../schemas/basics.ts';
import { Reason } from '../schemas/cancellations.ts';
import { normaliseText } from '../schemas/formats.ts';
import { Payment, PaymentParams } from '../schemas/payments.ts';
import type { App, Services } from '../services.ts';

const RefundRequest = Type.Object({ reason: Reason }, { additionalProperties: false });

/** The route by which the box office refunds one payment. */
export function adminRefundRoute(app: App, services: Services): void {
  const { buyers, guards, responder, seatNames } = services;

  /** The box office does not learn the balance of the buyer's wallet. */
  async function view({ remainingBalance: _remainingBalance, ...payment }: SettledPayment): Promise<object> {
    return { ...payment, reservations: await seatNames.name(payment.reservations) };
  }

  app.post(
    '/admin/payments/:paymentId/refund',
    {
      schema: {
        operationId: 'refundPaymentAsOrganiser',
        summary: 'Refund a payment for its buyer',
        description:
          'The whole payment, after the start of the performance too. At most once: with a refund by the buyer at the same moment, and repeated, the answer is the refunded payment.',
        tags: ['admin'],
        params: PaymentParams,
        body: RefundRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(Payment) },
      },
      config: {
        guard: 'admin',
        refuses: ['PAYMENT_NOT_FOUND', 'BALANCE_LIMIT', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'],
      },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { paymentId } = request.params;
      const paid = await buyers.findPayment(paymentId, admin.value.concertIds);
      if (paid === null) return responder.refuse(reply, { code: 'PAYMENT_NOT_FOUND', members: {} });
      const reason = normaliseText(request.body.reason);
      const outcome = await actAtOwner(services, request, admin.value, { status: 200, reason }, (act) =>
        refundAsOrganiser(services, paid, act),
      );
      if (outcome.outcome !== 'granted' && outcome.outcome !== 'replayed') return responder.decline(reply, outcome);
      try {
        const body = await view(outcome.value.body as SettledPayment);
        responder.respond(reply, outcome, () => ({ status: 200, body }));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        // The payment is refunded, and its seats cannot be named.
        responder.failed(reply, new Fault(error.code, 'unknown', { cause: error }));
      }
    },
  );
}
