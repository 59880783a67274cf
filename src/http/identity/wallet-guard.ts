import type { FastifyRequest } from 'fastify';
import type { PaymentAdmission } from '../../booking/pay-reservations.ts';
import type { Decision, Rejection } from '../../domain/errors.ts';
import type { QueueGuards, QueueIdentity } from '../../domain/queue-token.ts';
import type { Caller, Guards } from './identity.ts';

/** For the OpenAPI document: what these routes refuse under `all` besides the ends of a token. */
export const UNADMITTED = ['QUEUE_NOT_ACTIVE'] as const;

/** A caller of the wallet or of payments; `queue` is the token that must be ACTIVE, or null where none must be. */
export interface Payer extends Caller {
  readonly queue: QueueIdentity | null;
}

/** The guard of wallet and payments, in two steps, because a replay comes between them. */
export interface WalletGuard {
  payer(request: FastifyRequest): Promise<Decision<Payer>>;
  /** Why the payer's token may not be used now, or null. */
  refusalOf(payer: Payer): Promise<Rejection | null>;
  /** The same for a payment, which knows the exceptions; null where nothing is asked. */
  admissionOf(payer: Payer): PaymentAdmission | null;
}

export function createWalletGuard(guards: Guards, queueGuards: QueueGuards): WalletGuard {
  async function refusalOf({ queue }: Payer): Promise<Rejection | null> {
    return queue === null ? null : await guards.admit(queue);
  }

  return {
    async payer(request) {
      if (queueGuards === 'all') {
        const shopper = await guards.shopper(request);
        return shopper.ok ? { ok: true, value: { userId: shopper.value.userId, queue: shopper.value.queue } } : shopper;
      }
      const caller = await guards.userOrShopper(request);
      return caller.ok ? { ok: true, value: { userId: caller.value.userId, queue: null } } : caller;
    },
    refusalOf,
    admissionOf: (payer) => (payer.queue === null ? null : { queue: payer.queue, refusal: () => refusalOf(payer) }),
  };
}

/** The payer whose token may be used now: for requests that nothing replays. */
export async function admittedPayer(guard: WalletGuard, request: FastifyRequest): Promise<Decision<Payer>> {
  const payer = await guard.payer(request);
  if (!payer.ok) return payer;
  const rejection = await guard.refusalOf(payer.value);
  return rejection === null ? payer : { ok: false, rejection };
}
