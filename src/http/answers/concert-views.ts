import type { ListedConcert } from '../../booking/concert-listings.ts';
import type { Concert, ScheduleWithAvailability } from '../../domain/catalogue.ts';
import { isoOf } from '../../domain/instant.ts';

type Priced = Pick<ScheduleWithAvailability, 'priceFrom' | 'priceTo'>;

/** API shape `Concert`; the prices are those of its dates. */
export function viewConcert(concert: Concert, schedules: readonly Priced[]) {
  return {
    concertId: concert.concertId,
    title: concert.title,
    artist: concert.artist,
    venue: concert.venue,
    timeZone: concert.timeZone,
    bookingOpensAt: isoOf(concert.bookingOpensAtMs),
    bookingClosesAt: isoOf(concert.bookingClosesAtMs),
    cancelled: concert.cancelledAtMs !== null,
    priceFrom: schedules.length === 0 ? null : Math.min(...schedules.map(({ priceFrom }) => priceFrom)),
    priceTo: schedules.length === 0 ? null : Math.max(...schedules.map(({ priceTo }) => priceTo)),
  };
}

/** API shape `ListedConcert`. */
export function viewListedConcert<Queue>({
  concert,
  schedules,
  queue,
}: Omit<ListedConcert, 'queue'> & { readonly queue: Queue }) {
  return { ...viewConcert(concert, schedules), schedules: schedules.map(viewSchedule), queue };
}

/** API shape `Schedule`. */
export function viewSchedule(schedule: ScheduleWithAvailability) {
  return {
    scheduleId: schedule.scheduleId,
    date: schedule.date,
    startsAt: isoOf(schedule.startsAtMs),
    endsAt: isoOrNull(schedule.endsAtMs),
    reservationOpensAt: isoOrNull(schedule.reservationOpensAtMs),
    singleSeats: schedule.singleSeats,
    accessibleReleaseAt: isoOrNull(schedule.accessibleReleaseAtMs),
    totalSeats: schedule.totalSeats,
    availableSeats: schedule.availableSeats,
    cancelled: schedule.cancelled,
    priceFrom: schedule.priceFrom,
    priceTo: schedule.priceTo,
  };
}

function isoOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : isoOf(epochMs);
}

/** API shape `AdminSchedule`. */
export function viewAdminSchedule(schedule: ScheduleWithAvailability) {
  const { plan, closed, cancellationId, version } = schedule;
  return {
    ...viewSchedule(schedule),
    planId: plan?.planId ?? null,
    planVersion: plan?.version ?? null,
    closed,
    cancellationId,
    version,
  };
}

/** API shape `AdminConcert`. */
export function viewAdminConcert(concert: Concert, schedules: readonly ScheduleWithAvailability[]) {
  const { queue, version } = concert;
  return { ...viewConcert(concert, schedules), queue, version, schedules: schedules.map(viewAdminSchedule) };
}
