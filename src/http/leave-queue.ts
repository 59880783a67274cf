import type { CancelHolds } from '../actors/command.ts';
import { Fault } from '../errors.ts';
import { type Failed, type Refused, refused } from './outcome.ts';
import type { Services } from './services.ts';

/**
 * Gives up a place in the queue, and then the holds that came with it. The token's end is durable before the first hold is
 * touched, so nobody can reserve again under it meanwhile. A token that had ended before touches nothing: its holder
 * may have queued again, and what is on hold now is of the new token.
 * Null when done; a failure leaves holds that end with their time.
 */
export async function leaveQueue(services: Services, token: string): Promise<Refused | Failed | null> {
  const end = await services.room.leave(token);
  if (end === null) return refused('QUEUE_TOKEN_NOT_FOUND');
  if (!end.left) return null;
  try {
    await cancelHolds(services, end.identity.userId, end.identity.concertId);
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
