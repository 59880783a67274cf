import type { FastifyRequest } from 'fastify';
import type { ActResult, Admin, AdminAct, AdminAnswer, AdminStamp } from '../../domain/admin.ts';
import type { Outcome, Replayed } from '../../booking/outcome.ts';
import { claimOf } from '../identity/claim.ts';
import type { Services } from '../services.ts';

/** How an organiser's act is answered. */
interface ActAnswer<T> {
  readonly status: 200 | 201;
  view(value: T): object;
}

export function stampOf(request: FastifyRequest, { caller }: Admin): AdminStamp {
  return { caller, requestId: request.id };
}

/** Makes an organiser's change once under the request's `Idempotency-Key`; each API key has a key space of its own. */
export async function actOnce<T>(
  { adminIdempotency }: Services,
  request: FastifyRequest,
  admin: Admin,
  { status, view }: ActAnswer<T>,
  change: (act: AdminAct<T>) => Promise<ActResult<T>>,
): Promise<Outcome<AdminAnswer> | Replayed<AdminAnswer>> {
  const claim = claimOf(request, `${request.method} ${String(request.routeOptions.url)}`);
  const answerOf = (value: T): AdminAnswer => ({ status, body: view(value) });
  return adminIdempotency.run(admin.caller, claim, async () => {
    const result = await change({ ...stampOf(request, admin), claim, answerOf });
    return result.outcome === 'granted' ? { ...result, value: answerOf(result.value) } : result;
  });
}
