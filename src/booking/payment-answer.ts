import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Payment } from '../domain/payment.ts';
import { announceEarlierCompletion } from './announce-end.ts';
import { done, type KeyTaken, type Outcome, refused } from './outcome.ts';
import type { Services } from './services.ts';

/** A payment as the answers of POST show it. */
export type PaymentAnswer = Payment & { readonly remainingBalance: number };

/** Answers with what was done before, beside the balance of now, and records that under the claim. */
export async function answerEarlierPayment(
  services: Services,
  userId: string,
  payment: Payment,
  claim: IdempotencyClaim | null,
): Promise<Outcome<PaymentAnswer> | KeyTaken> {
  const { wallets, idempotency } = services;
  const failed = await announceEarlierCompletion(services, userId, payment);
  if (failed !== null) return failed;
  const wallet = await wallets.balance(userId);
  if (wallet === null) return refused('USER_NOT_FOUND');
  return idempotency.recordFound(userId, claim, done(200, { ...payment, remainingBalance: wallet.balance }));
}
