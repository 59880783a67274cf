import type { RefundPayment } from '../actors/command.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import { done, type KeyTaken, type Outcome, outcomeOf, refused } from './outcome.ts';
import { answerEarlierPayment, type PaymentAnswer } from './payment-answer.ts';
import type { Services } from './services.ts';

/** Refunds the whole payment. One that is refunded already is answered as it is. */
export async function refundPayment(
  services: Services,
  userId: string,
  paymentId: string,
  claim: IdempotencyClaim | null,
): Promise<Outcome<PaymentAnswer> | KeyTaken> {
  const payment = await services.payments.find(userId, paymentId);
  if (payment === null) return refused('PAYMENT_NOT_FOUND');
  if (payment.status === 'REFUNDED') return answerEarlierPayment(services, userId, payment, claim);
  const { scheduleId } = payment;
  const startsAt = payment.reservations[0]?.startsAt;
  if (startsAt !== undefined && services.databaseClock.lowerMs() >= Date.parse(startsAt)) {
    return refused('REFUND_CLOSED', { startsAt });
  }
  const reply = await services.router.dispatch<RefundPayment>({
    type: 'RefundPayment',
    scheduleId,
    userId,
    paymentId,
    claim,
  });
  if (reply.outcome === 'granted' && 'alreadyRefunded' in reply.value) {
    const refunded = await services.payments.find(userId, paymentId);
    return refunded === null ? refused('PAYMENT_NOT_FOUND') : answerEarlierPayment(services, userId, refunded, claim);
  }
  return outcomeOf<RefundPayment, PaymentAnswer>(reply, (granted) => {
    if ('alreadyRefunded' in granted) throw new Error('an earlier refund was answered before');
    return done(200, { ...granted.payment, remainingBalance: granted.remainingBalance });
  });
}
