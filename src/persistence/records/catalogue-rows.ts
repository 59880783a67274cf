import type { Concert, ConcertQueue, Schedule } from '../../domain/catalogue.ts';
import type { SingleSeats } from '../../domain/seat-rules.ts';

/** A row of `concerts`. */
export interface ConcertRow {
  concert_id: number;
  title: string;
  artist: string;
  venue: string;
  time_zone: string;
  booking_opens_at: Date;
  booking_closes_at: Date;
  queue_max_active: number;
  queue_batch: number;
  queue_interval_ms: number;
  queue_active_ttl_ms: number;
  queue_paused: boolean;
  cancelled_at: Date | null;
  version: number;
}

export const CONCERT_COLUMNS = `concert_id, title, artist, venue, time_zone, booking_opens_at, booking_closes_at,
  queue_max_active, queue_batch, queue_interval_ms, queue_active_ttl_ms, queue_paused, cancelled_at, version`;

/** A row of `schedules` beside the time zone of its concert. */
export interface ScheduleRow {
  schedule_id: number;
  concert_id: number;
  time_zone: string;
  starts_at: Date;
  ends_at: Date | null;
  reservation_opens_at: Date | null;
  total_seats: number;
  closed: boolean;
  cancellation_id: string | null;
  version: number;
  plan_id: number | null;
  plan_version: number | null;
  single_seats: SingleSeats;
  accessible_release_at: Date | null;
}

/** The columns of a ScheduleRow where `s` is `schedules` and `c` its row of `concerts`. */
export const SCHEDULE_COLUMNS =
  's.schedule_id, s.concert_id, c.time_zone, s.starts_at, s.ends_at, s.reservation_opens_at, s.total_seats, s.closed, s.cancellation_id, s.version, s.plan_id, s.plan_version, s.single_seats, s.accessible_release_at';

function queueOf(row: ConcertRow): ConcertQueue {
  return {
    maxActive: row.queue_max_active,
    batch: row.queue_batch,
    intervalMs: row.queue_interval_ms,
    activeTtlMs: row.queue_active_ttl_ms,
    paused: row.queue_paused,
  };
}

export function concertOf(row: ConcertRow): Concert {
  return {
    concertId: row.concert_id,
    title: row.title,
    artist: row.artist,
    venue: row.venue,
    timeZone: row.time_zone,
    bookingOpensAtMs: row.booking_opens_at.getTime(),
    bookingClosesAtMs: row.booking_closes_at.getTime(),
    queue: queueOf(row),
    cancelledAtMs: row.cancelled_at?.getTime() ?? null,
    version: row.version,
  };
}

/** The schedule as the catalogue gives it; `dateIn` names the calendar date of an instant in a time zone. */
export function scheduleOf(row: ScheduleRow, dateIn: (timeZone: string, instant: Date) => string): Schedule {
  return {
    scheduleId: row.schedule_id,
    concertId: row.concert_id,
    date: dateIn(row.time_zone, row.starts_at),
    startsAtMs: row.starts_at.getTime(),
    endsAtMs: row.ends_at === null ? null : row.ends_at.getTime(),
    reservationOpensAtMs: row.reservation_opens_at === null ? null : row.reservation_opens_at.getTime(),
    totalSeats: row.total_seats,
    closed: row.closed,
    cancelled: row.cancellation_id !== null,
    cancellationId: row.cancellation_id,
    version: row.version,
    singleSeats: row.single_seats,
    accessibleReleaseAtMs: row.accessible_release_at?.getTime() ?? null,
    plan: row.plan_id === null || row.plan_version === null ? null : { planId: row.plan_id, version: row.plan_version },
  };
}
