import type { EndToken } from '../actors/command.ts';
import type { CompletedToken } from '../domain/queue-token.ts';
import type { Services } from './services.ts';
import type { Failed } from './outcome.ts';

/** Longer than any hold that was admitted before a completion can be under way; later, a repeated answer need not notify. */
const COMPLETION_MATTERS_MS = 60_000;

type End = Pick<EndToken, 'userId' | 'tokenId' | 'end' | 'heldBeforeMs'>;

/**
 * Notifies the owners of all these dates that a queue token has ended. Null once all of them refuse holds under it. Any
 * other outcome must not be acknowledged: the end itself is durable, so the effect is unknown to the caller.
 */
export async function announceEnd(
  { router }: Services,
  scheduleIds: readonly number[],
  end: End,
): Promise<Failed | null> {
  const replies = await Promise.all(
    scheduleIds.map(async (scheduleId) => await router.dispatch<EndToken>({ type: 'EndToken', scheduleId, ...end })),
  );
  for (const reply of replies) {
    if (reply.outcome === 'failed') return { ...reply, effect: 'unknown' };
  }
  return null;
}

/** The same for a token that a payment of the user has completed. */
export function announceCompletion(
  services: Services,
  userId: string,
  { tokenId, scheduleIds }: CompletedToken,
): Promise<Failed | null> {
  return announceEnd(services, scheduleIds, { userId, tokenId, end: 'COMPLETED', heldBeforeMs: null });
}

/**
 * Before a payment is acknowledged again: the node that was to announce the completion may have died before it had, so a
 * recent one is announced again.
 */
export async function announceEarlierCompletion(
  services: Services,
  userId: string,
  { concertId, paidAt }: { readonly concertId: number; readonly paidAt: string },
): Promise<Failed | null> {
  const paidAtMs = Date.parse(paidAt);
  if (services.databaseClock.lowerMs() - paidAtMs > COMPLETION_MATTERS_MS) return null;
  const completed = await services.reservations.findCompletedToken(userId, concertId, paidAtMs);
  return completed === null ? null : announceCompletion(services, userId, completed);
}
