import type { WakeSchedule } from '../actors/command.ts';
import { Fault } from '../domain/errors.ts';
import type { Reservation } from '../domain/reservation.ts';
import type { Services } from './services.ts';

/**
 * Reads reservations so that no hold whose time is over reads HELD: the owners of such holds are told to end them, and the
 * store is read again. Throws the fault of an owner that cannot.
 */
export async function readSettled<T>(
  { router, databaseClock }: Pick<Services, 'router' | 'databaseClock'>,
  read: () => Promise<T>,
  reservationsOf: (value: T) => readonly Reservation[],
): Promise<T> {
  const value = await read();
  const nowMs = databaseClock.lowerMs();
  const overdue = new Set<number>();
  for (const reservation of reservationsOf(value)) {
    if (isOverdue(reservation, nowMs)) overdue.add(reservation.scheduleId);
  }
  if (overdue.size === 0) return value;
  await Promise.all(
    Array.from(overdue, async (scheduleId) => {
      const reply = await router.dispatch<WakeSchedule>({ type: 'WakeSchedule', scheduleId, cause: 'demand' });
      if (reply.outcome === 'failed') throw new Fault(reply.code, 'none');
    }),
  );
  return read();
}

function isOverdue({ status, expiresAt }: Reservation, nowMs: number): boolean {
  return status === 'HELD' && expiresAt !== null && Date.parse(expiresAt) <= nowMs;
}
