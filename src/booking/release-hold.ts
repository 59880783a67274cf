import type { ReleaseHold } from '../actors/command.ts';
import { type Outcome, refused } from './outcome.ts';
import type { Services } from './services.ts';

/** Gives a hold of the user back. A reservation that is no longer a hold is refused with its status. */
export async function releaseHold(
  { reservations, router }: Services,
  userId: string,
  reservationId: string,
): Promise<Outcome> {
  const [reservation] = await reservations.findMany(userId, [reservationId]);
  if (reservation === undefined) return refused('RESERVATION_NOT_FOUND');
  if (reservation.status !== 'HELD') return refused('RESERVATION_NOT_HELD', { status: reservation.status });
  const { scheduleId } = reservation;
  return router.dispatch<ReleaseHold>({ type: 'ReleaseHold', scheduleId, userId, reservationId });
}
