/**
 * Refusals for reasons of time, which an organiser may have changed meanwhile.
 *
 * TIMES-1. No request is refused by times that are older than the request. A node's memory and an owner may have the times of
 *     before a change; so a refusal by either leaves only after the database has confirmed its times.
 * TIMES-2. Nothing is granted by former times: a change of times raises the epochs of its schedules in its own transaction, so
 *     the fence rejects every write of an owner that has not loaded the new ones.
 */
import { isoOf } from '../domain/instant.ts';
import { refusalOfReserving, type HoldTimes } from '../domain/booking-window.ts';
import type { Rejection, RejectionCode } from '../domain/errors.ts';
import { type Outcome, type Refused, refused } from './outcome.ts';
import type { Services } from './services.ts';

const UNTIMELY: ReadonlySet<RejectionCode> = new Set([
  'BOOKING_NOT_OPEN',
  'BOOKING_CLOSED',
  'RESERVATION_NOT_OPEN',
  'REFUND_CLOSED',
  'SEAT_ACCESSIBLE_ONLY',
]);

export function isUntimely(outcome: Outcome): outcome is Refused {
  return outcome.outcome === 'refused' && UNTIMELY.has(outcome.rejection.code);
}

/**
 * Refuses for `rejection` if it rests on the schedule's times as the database has them. Otherwise an owner that still has
 * former times loads the schedule again, and `ask` asks it.
 */
export async function confirmUntimely(
  { catalogue, databaseClock, router }: Pick<Services, 'catalogue' | 'databaseClock' | 'router'>,
  scheduleId: number,
  rejection: Rejection,
  ask: () => Outcome | Promise<Outcome>,
): Promise<Outcome> {
  const times = await catalogue.readHoldTimes(scheduleId);
  if (times === null) return refused('SCHEDULE_NOT_FOUND');
  if (times.cancelled && rejection.code !== 'REFUND_CLOSED') return refused('SCHEDULE_CANCELLED');
  if (restsOn(times, rejection)) return { outcome: 'refused', rejection };
  if (rejection.code !== 'REFUND_CLOSED') {
    const now = refusalOfReserving(times, times, databaseClock.lowerMs());
    if (now !== null) return { outcome: 'refused', rejection: now };
  }
  const { epoch } = times;
  const reloaded = await router.dispatch({ type: 'ReloadSchedule', scheduleId, epoch });
  if (reloaded.outcome === 'failed') return reloaded;
  return ask();
}

/** Whether the instants that the rejection names are the schedule's. */
function restsOn(times: HoldTimes, { members }: Rejection): boolean {
  const { reservationOpensAtMs: opensAtMs } = times;
  const known: Readonly<Record<string, unknown>> = {
    bookingOpensAt: isoOf(times.bookingOpensAtMs),
    bookingClosesAt: isoOf(times.bookingClosesAtMs),
    startsAt: isoOf(times.startsAtMs),
    reservationOpensAt: opensAtMs === null ? null : isoOf(opensAtMs),
    closed: times.closed,
    accessibleReleaseAt: times.accessibleReleaseAtMs === null ? null : isoOf(times.accessibleReleaseAtMs),
  };
  return Object.entries(members).every(([name, value]) => !Object.hasOwn(known, name) || known[name] === value);
}
