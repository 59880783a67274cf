import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActResult, Admin, AdminAct, AdminAnswer, AdminStamp } from '../../domain/admin.ts';
import type { RaisedSchedule } from '../../domain/catalogue-edits.ts';
import type { Outcome, Replayed } from '../../booking/outcome.ts';
import { claimOf } from '../identity/claim.ts';
import type { Services } from '../services.ts';
import type { Responder } from './responder.ts';

/** How an organiser's act is answered. */
interface ActAnswer<T> {
  readonly status: AdminAnswer['status'];
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

/** Answers a change, made without an idempotency key, that was refused. */
export function refuseEdit(
  responder: Responder,
  reply: FastifyReply,
  result: Exclude<ActResult<unknown>, { outcome: 'granted' }>,
): void {
  if (result.outcome === 'key-taken') throw new Error('a change without a key met a taken key');
  responder.refuse(reply, result.rejection);
}

/**
 * Has the owners load what was changed before the answer leaves. An owner that is out of reach can write nothing by what it
 * knows, and refuses nothing without a look at the database, so the change stands without it.
 */
export async function reloadOwners({ router, log }: Services, raised: readonly RaisedSchedule[]): Promise<void> {
  const replies = await Promise.all(
    raised.map(async (schedule) => await router.dispatch({ type: 'ReloadSchedule', ...schedule })),
  );
  const failed = replies.filter(({ outcome }) => outcome === 'failed').length;
  if (failed > 0) log.warn({ failed }, 'owners could not be reached to load changed schedules');
}
