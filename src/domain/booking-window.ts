import { isoOf } from './instant.ts';
import type { Rejection } from './errors.ts';
import type { SeatRules } from './seat-rules.ts';

/** When a concert can be booked. Epoch milliseconds; booking is open at both instants. */
export interface BookingWindow {
  readonly bookingOpensAtMs: number;
  readonly bookingClosesAtMs: number;
}

/** When seats of a date can be held. Epoch milliseconds. */
export interface SaleTimes {
  readonly startsAtMs: number;
  /** Null: with the concert's booking. */
  readonly reservationOpensAtMs: number | null;
  /** Whether the organiser has closed the date. */
  readonly closed: boolean;
  /** Whether the organiser has cancelled the date, which is for ever. */
  readonly cancelled: boolean;
}

/** All times on which the refusal of a hold may rest, read together, and the epoch under which they were read. */
export interface HoldTimes extends BookingWindow, SaleTimes, Pick<SeatRules, 'accessibleReleaseAtMs'> {
  readonly epoch: number;
}

/** Why the concert cannot be booked at `nowMs`, or null. */
export function refusalOfBooking(concert: BookingWindow, nowMs: number): Rejection | null {
  if (nowMs < concert.bookingOpensAtMs) {
    return { code: 'BOOKING_NOT_OPEN', members: { bookingOpensAt: isoOf(concert.bookingOpensAtMs) } };
  }
  if (nowMs > concert.bookingClosesAtMs) {
    return { code: 'BOOKING_CLOSED', members: { bookingClosesAt: isoOf(concert.bookingClosesAtMs) } };
  }
  return null;
}

/** Why seats of the schedule cannot be reserved at `nowMs`, or null. */
export function refusalOfReserving(concert: BookingWindow, schedule: SaleTimes, nowMs: number): Rejection | null {
  if (schedule.cancelled) return { code: 'SCHEDULE_CANCELLED', members: {} };
  const refusal = refusalOfBooking(concert, nowMs);
  if (refusal !== null) return refusal;
  if (schedule.closed) return { code: 'BOOKING_CLOSED', members: { closed: true } };
  if (nowMs >= schedule.startsAtMs) {
    return { code: 'BOOKING_CLOSED', members: { startsAt: isoOf(schedule.startsAtMs) } };
  }
  return isReservationOpen(schedule, nowMs) || schedule.reservationOpensAtMs === null
    ? null
    : { code: 'RESERVATION_NOT_OPEN', members: { reservationOpensAt: isoOf(schedule.reservationOpensAtMs) } };
}

export function isReservationOpen({ reservationOpensAtMs }: SaleTimes, nowMs: number): boolean {
  return reservationOpensAtMs === null || nowMs >= reservationOpensAtMs;
}
