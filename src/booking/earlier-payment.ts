import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Payment } from '../domain/payment.ts';
import { announceEarlierCompletion } from './announce-end.ts';
import { granted, type Outcome, refused } from './outcome.ts';
import type { Services } from './services.ts';

/** Grants what an earlier request has done already, with the balance of now, and records that under the claim. */
export async function grantEarlierPayment(
  services: Services,
  userId: string,
  payment: Payment,
  claim: IdempotencyClaim | null,
): Promise<Outcome> {
  const { wallets, idempotency } = services;
  const failed = await announceEarlierCompletion(services, userId, payment);
  if (failed !== null) return failed;
  const wallet = await wallets.balance(userId);
  if (wallet === null) return refused('USER_NOT_FOUND');
  const value = { ...payment, remainingBalance: wallet.balance };
  return idempotency.recordFound(userId, claim, granted({ type: 'PaymentFound', value }));
}
