import type { CancelHolds, ReleaseHold } from '../actors/command.ts';
import { Fault } from '../domain/errors.ts';
import type { QueueIdentity } from '../domain/queue-token.ts';
import { type Failed, type Refused, refused } from './outcome.ts';
import type { Services } from '../http/services.ts';

/**
 * Gives up a place in the queue, and then the holds that came with it. The token's end is durable before the first hold is
 * touched, so nobody can reserve again under it meanwhile. Repeated, it cancels what a former call has left behind; its
 * holder may have queued again since, and what is on hold for the new token is left alone.
 * Null when done; a failure leaves holds that end with their time, unless it is repeated.
 */
export async function leaveQueue(services: Services, token: string): Promise<Refused | Failed | null> {
  const end = await services.room.leave(token);
  if (end === null) return refused('QUEUE_TOKEN_NOT_FOUND');
  const { identity, left } = end;
  try {
    if (left) await cancelHolds(services, identity.userId, identity.concertId);
    else if (identity.status === 'CANCELLED') await releaseLeftBehind(services, identity);
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // The token's end has happened, so the whole has not had the effect `none`.
    return { kind: 'failed', code: error.code, effect: 'unknown' };
  }
}

async function cancelHolds({ reservations, router }: Services, userId: string, concertId: number): Promise<void> {
  const scheduleIds = await reservations.schedulesWithHolds(userId, concertId);
  const replies = await Promise.all(
    scheduleIds.map(
      async (scheduleId) => await router.dispatch<CancelHolds>({ type: 'CancelHolds', scheduleId, userId }),
    ),
  );
  for (const reply of replies) {
    if (reply.outcome === 'failed') throw new Fault(reply.code, reply.effect);
  }
}

async function releaseLeftBehind(
  { reservations, router }: Services,
  { userId, concertId, endedAtMs }: QueueIdentity,
): Promise<void> {
  if (endedAtMs === null) return;
  const holds = await reservations.holdsLeftBehind(userId, concertId, endedAtMs);
  const replies = await Promise.all(
    holds.map(async (hold) => await router.dispatch<ReleaseHold>({ type: 'ReleaseHold', ...hold, userId })),
  );
  // What is refused is not on hold any more: it was paid, or has ended.
  for (const reply of replies) {
    if (reply.outcome === 'failed') throw new Fault(reply.code, reply.effect);
  }
}
