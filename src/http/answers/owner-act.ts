import type { FastifyRequest } from 'fastify';
import type { Outcome, Replayed } from '../../booking/outcome.ts';
import type { Admin, AdminAnswer } from '../../domain/admin.ts';
import type { OwnerAct } from '../../domain/owner-act.ts';
import { claimOf } from '../identity/claim.ts';
import type { Services } from '../services.ts';
import { stampOf } from './admin-act.ts';

/**
 * Has a schedule's owner do an organiser's act, once under the request's `Idempotency-Key`. The owner records the answer with the
 * act, so `body` is what the owner granted. `domain/owner-act.ts` says how an act gets there.
 */
export async function actAtOwner<T extends object>(
  { adminIdempotency }: Services,
  request: FastifyRequest,
  admin: Admin,
  { status, reason }: Pick<OwnerAct, 'status' | 'reason'>,
  perform: (act: OwnerAct) => Outcome<T> | Promise<Outcome<T>>,
): Promise<Outcome<AdminAnswer> | Replayed<AdminAnswer>> {
  const claim = claimOf(request, `${request.method} ${String(request.routeOptions.url)}`);
  return adminIdempotency.run(admin.caller, claim, async () => {
    const outcome = await perform({ ...stampOf(request, admin), claim, status, reason });
    return outcome.outcome === 'granted' ? { outcome: 'granted', value: { status, body: outcome.value } } : outcome;
  });
}
