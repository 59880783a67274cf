import type { FastifyRequest } from 'fastify';
import type { ActResult, Admin, AdminAct, AdminStamp } from '../../domain/admin.ts';
import { done, KEY_TAKEN, type KeyTaken, type Outcome, type Replayed } from '../../booking/outcome.ts';
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

/** What became of a change, as an outcome. */
export function outcomeOfAct<T>(result: ActResult<T>, { status, view }: ActAnswer<T>): Outcome<object> | KeyTaken {
  switch (result.outcome) {
    case 'granted':
      return done(status, view(result.value));
    case 'refused':
      return { kind: 'refused', rejection: result.rejection };
    case 'key-taken':
      return KEY_TAKEN;
  }
}

/** Makes an organiser's change once under the request's `Idempotency-Key`; each API key has a key space of its own. */
export async function actOnce<T>(
  { adminIdempotency }: Services,
  request: FastifyRequest,
  admin: Admin,
  answer: ActAnswer<T>,
  change: (act: AdminAct<T>) => Promise<ActResult<T>>,
): Promise<Outcome<object> | Replayed | KeyTaken> {
  const claim = claimOf(request, `${request.method} ${String(request.routeOptions.url)}`);
  const answerOf = (value: T) => ({ status: answer.status, body: answer.view(value) });
  return adminIdempotency.run(admin.caller, claim, async () =>
    outcomeOfAct(await change({ ...stampOf(request, admin), claim, answerOf }), answer),
  );
}
