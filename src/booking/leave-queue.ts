import { Fault } from '../domain/errors.ts';
import type { Services } from './services.ts';
import { announceEnd } from './announce-end.ts';
import { type Failed, type Refused, refused } from './outcome.ts';

/**
 * Gives up a place in the queue, and then the holds that came with it. The token's end is durable before the first owner
 * learns of it. Each owner of the concert's dates then cancels the user's holds and refuses later ones under the token.
 * Repeated, it does the same again, so it heals what an earlier call has left behind; the holds of a later token stay.
 * Null when done; after a failure the caller repeats it.
 */
export async function leaveQueue(services: Services, token: string): Promise<Refused | Failed | null> {
  const end = await services.room.leave(token);
  if (end === null) return refused('QUEUE_TOKEN_NOT_FOUND');
  const { identity, left } = end;
  const { userId, tokenId, status, endedAtMs } = identity;
  if (status !== 'CANCELLED' || endedAtMs === null) return null;
  try {
    const { scheduleIds, laterTokenIssuedAtMs } = await services.reservations.findDatesOfEnd(identity, endedAtMs);
    // A call that ended the token itself cancels whatever the user holds in the concert.
    const heldBeforeMs = left ? null : laterTokenIssuedAtMs;
    return await announceEnd(services, scheduleIds, { userId, tokenId, end: 'CANCELLED', heldBeforeMs });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // The token's end has happened, so the whole has not had the effect `none`.
    return { outcome: 'failed', code: error.code, effect: 'unknown' };
  }
}
