import type { RefundPayment } from '../actors/command.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import { grantEarlierPayment } from './earlier-payment.ts';
import { granted, type Outcome, refused } from './outcome.ts';
import type { Services } from './services.ts';
import { confirmUntimely, isUntimely } from './untimely.ts';

/** Refunds the whole payment. One that is refunded already is granted as it is. */
export async function refundPayment(
  services: Services,
  userId: string,
  paymentId: string,
  claim: IdempotencyClaim | null,
): Promise<Outcome> {
  const payment = await services.payments.find(userId, paymentId);
  if (payment === null) return refused('PAYMENT_NOT_FOUND');
  if (payment.status === 'REFUNDED') return grantEarlierPayment(services, userId, payment, claim);
  const { scheduleId } = payment;
  const startsAt = payment.reservations[0]?.startsAt;
  if (startsAt !== undefined && services.databaseClock.lowerMs() >= Date.parse(startsAt)) {
    return refused('REFUND_CLOSED', { startsAt });
  }
  const ask = () =>
    askOwner(services, {
      type: 'RefundPayment',
      scheduleId,
      userId,
      paymentId,
      isByOrganiser: false,
      act: null,
      claim,
    });
  const outcome = await ask();
  return isUntimely(outcome) ? confirmUntimely(services, scheduleId, outcome.rejection, ask) : outcome;
}

async function askOwner(services: Services, command: RefundPayment): Promise<Outcome> {
  const { userId, paymentId, claim } = command;
  const reply = await services.router.dispatch(command);
  if (reply.outcome !== 'granted') return reply;
  if ('grant' in reply.value) return granted(reply.value.grant);
  const refunded = await services.payments.find(userId, paymentId);
  return refunded === null ? refused('PAYMENT_NOT_FOUND') : grantEarlierPayment(services, userId, refunded, claim);
}
