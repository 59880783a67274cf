import type { Concert, ScheduleWithAvailability } from '../../domain/catalogue.ts';
import { isoOf } from '../../domain/instant.ts';

/** API shape `Concert`. */
export function viewConcert(concert: Concert) {
  return {
    concertId: concert.concertId,
    title: concert.title,
    artist: concert.artist,
    venue: concert.venue,
    timeZone: concert.timeZone,
    bookingOpensAt: isoOf(concert.bookingOpensAtMs),
    bookingClosesAt: isoOf(concert.bookingClosesAtMs),
  };
}

/** API shape `Schedule`. */
export function viewSchedule(schedule: ScheduleWithAvailability) {
  return {
    scheduleId: schedule.scheduleId,
    date: schedule.date,
    startsAt: isoOf(schedule.startsAtMs),
    endsAt: isoOrNull(schedule.endsAtMs),
    reservationOpensAt: isoOrNull(schedule.reservationOpensAtMs),
    totalSeats: schedule.totalSeats,
    availableSeats: schedule.availableSeats,
  };
}

function isoOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : isoOf(epochMs);
}
