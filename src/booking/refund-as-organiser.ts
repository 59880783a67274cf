import type { SettledPayment } from '../domain/grant.ts';
import type { OwnerAct } from '../domain/owner-act.ts';
import type { Payment } from '../domain/payment.ts';
import { type Outcome, refused } from './outcome.ts';
import type { Services } from './services.ts';

/**
 * Refunds the whole payment of a buyer, after the start of the performance too. One that is refunded already is granted as it
 * is. Refused with BALANCE_LIMIT where the wallet would exceed its limit.
 */
export async function refundAsOrganiser(
  { router, payments, wallets }: Pick<Services, 'router' | 'payments' | 'wallets'>,
  { userId, payment }: { readonly userId: string; readonly payment: Payment },
  act: OwnerAct,
): Promise<Outcome<SettledPayment>> {
  const { paymentId, scheduleId } = payment;
  if (payment.status === 'COMPLETED') {
    const command = {
      type: 'RefundPayment',
      scheduleId,
      userId,
      paymentId,
      isByOrganiser: true,
      act,
      claim: null,
    } as const;
    const reply = await router.dispatch(command);
    if (reply.outcome !== 'granted') return reply;
    if ('grant' in reply.value) return { outcome: 'granted', value: reply.value.grant.value };
  }
  const [refunded, wallet] = await Promise.all([payments.find(userId, paymentId), wallets.balance(userId)]);
  if (refunded === null || wallet === null) return refused('PAYMENT_NOT_FOUND');
  return { outcome: 'granted', value: { ...refunded, remainingBalance: wallet.balance } };
}
