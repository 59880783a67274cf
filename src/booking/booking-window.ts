import type { Concert, Schedule } from '../domain/catalogue.ts';
import type { Rejection } from '../domain/errors.ts';
import { isoOf } from '../domain/instant.ts';

/** Why the concert cannot be booked at `nowMs`, or null. Both ends of the window are open. */
export function refusalOfBooking(concert: Concert, nowMs: number): Rejection | null {
  if (nowMs < concert.bookingOpensAtMs) {
    return { code: 'BOOKING_NOT_OPEN', members: { bookingOpensAt: isoOf(concert.bookingOpensAtMs) } };
  }
  if (nowMs > concert.bookingClosesAtMs) {
    return { code: 'BOOKING_CLOSED', members: { bookingClosesAt: isoOf(concert.bookingClosesAtMs) } };
  }
  return null;
}

/** Why seats of the schedule cannot be reserved at `nowMs`, or null. */
export function refusalOfReserving(concert: Concert, schedule: Schedule, nowMs: number): Rejection | null {
  const refusal = refusalOfBooking(concert, nowMs);
  if (refusal !== null) return refusal;
  if (nowMs >= schedule.startsAtMs) {
    return { code: 'BOOKING_CLOSED', members: { startsAt: isoOf(schedule.startsAtMs) } };
  }
  return isReservationOpen(schedule, nowMs) || schedule.reservationOpensAtMs === null
    ? null
    : { code: 'RESERVATION_NOT_OPEN', members: { reservationOpensAt: isoOf(schedule.reservationOpensAtMs) } };
}

export function isReservationOpen(schedule: Schedule, nowMs: number): boolean {
  return schedule.reservationOpensAtMs === null || nowMs >= schedule.reservationOpensAtMs;
}
