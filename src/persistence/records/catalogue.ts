import type { QueryResultRow } from 'pg';
import type {
  Catalogue,
  CatalogueMemory,
  Concert,
  ConcertQueue,
  Schedule,
  ScheduleWithAvailability,
} from '../../domain/catalogue.ts';
import type { HoldTimes } from '../../domain/booking-window.ts';
import { DEFAULT_SEAT_RULES } from '../../domain/seat-rules.ts';
import type { Page, PageRequest } from '../../domain/page.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { createCalendar } from './calendar.ts';
import {
  CONCERT_COLUMNS,
  type ConcertRow,
  concertOf,
  SCHEDULE_COLUMNS,
  type ScheduleRow,
  scheduleOf,
} from './catalogue-rows.ts';
import { type Connections, readRows, writeRows } from '../journal/statement.ts';

/** Some 400 bytes each; a catalogue beyond that is read again as it turns. */
const CONCERTS_REMEMBERED = 10_000;
/** Some 200 bytes each. */
const SCHEDULES_REMEMBERED = 50_000;
/** One: everybody who asks while it runs shares the next, so a rush on a listing costs one connection. */
const LISTINGS_IN_FLIGHT = 1;
/** Look-ups of ids are single-row reads; a second statement hides the first one's round trip. */
const ID_LOOK_UPS_IN_FLIGHT = 2;
/** Keeps one statement's arrays and answer small. */
const KEYS_PER_STATEMENT = 500;
/** More requests than this waiting for the catalogue mean that the database does not keep up: refuse, do not pile up. */
const LOOK_UPS_WAITING = 20_000;

interface AvailabilityRow extends ScheduleRow {
  available_seats: number;
  price_from: number;
  price_to: number;
}

interface HoldTimesRow extends ScheduleRow {
  booking_opens_at: Date;
  booking_closes_at: Date;
  epoch: number;
}

function holdTimesOf(row: HoldTimesRow): HoldTimes {
  return {
    bookingOpensAtMs: row.booking_opens_at.getTime(),
    bookingClosesAtMs: row.booking_closes_at.getTime(),
    startsAtMs: row.starts_at.getTime(),
    reservationOpensAtMs: row.reservation_opens_at?.getTime() ?? null,
    closed: row.closed,
    cancelled: row.cancellation_id !== null,
    accessibleReleaseAtMs: row.accessible_release_at?.getTime() ?? null,
    epoch: row.epoch,
  };
}

const CONCERTS_BY_ID = `SELECT ${CONCERT_COLUMNS} FROM concerts WHERE concert_id = ANY($1::bigint[])`;
const ALL_CONCERTS = `SELECT ${CONCERT_COLUMNS} FROM concerts ORDER BY concert_id`;
/**
 * $1 and $2 epoch milliseconds; by page $3 the id before which it begins or null, $4 its size, $5 whether it is of concerts that
 * open later. One row more shows that the list goes on.
 */
const LISTED_BETWEEN = `
  SELECT asked.position, found.*
  FROM unnest($3::bigint[], $4::int[], $5::boolean[]) WITH ORDINALITY AS asked (before_id, size, is_upcoming, position)
  CROSS JOIN LATERAL (
    SELECT ${CONCERT_COLUMNS} FROM concerts
    WHERE cancelled_at IS NULL AND CASE WHEN is_upcoming THEN booking_opens_at > to_timestamp($1::float8 / 1000)
      ELSE booking_opens_at <= to_timestamp($2::float8 / 1000) AND booking_closes_at >= to_timestamp($1::float8 / 1000) END
      AND concert_id < coalesce(asked.before_id, 9223372036854775807)
    ORDER BY concert_id DESC LIMIT asked.size + 1
  ) found ORDER BY asked.position, found.concert_id DESC`;
const SCHEDULES_BY_ID = `
  SELECT ${SCHEDULE_COLUMNS} FROM schedules s JOIN concerts c USING (concert_id) WHERE s.schedule_id = ANY($1::bigint[])`;

const HOLD_TIMES = `
  SELECT ${SCHEDULE_COLUMNS}, c.booking_opens_at, c.booking_closes_at, h.epoch
  FROM schedules s JOIN concerts c USING (concert_id) JOIN schedule_heads h USING (schedule_id)
  WHERE s.schedule_id = ANY($1::bigint[])`;

/** A hold whose time is over reads AVAILABLE whether or not its end was logged yet. A cancelled date has no seats to sell. */
const SCHEDULES_OF_CONCERTS = `
  SELECT ${SCHEDULE_COLUMNS}, CASE WHEN s.cancellation_id IS NULL THEN s.total_seats - (
    SELECT count(*) FROM reservations r
    WHERE r.schedule_id = s.schedule_id
      AND (r.status = 'CONFIRMED' OR (r.status = 'HELD' AND r.expires_at > statement_timestamp()))
  ) - (SELECT count(*) FROM blocked_seats b WHERE b.schedule_id = s.schedule_id)
  ELSE 0 END AS available_seats, prices.*
  FROM schedules s JOIN concerts c USING (concert_id) CROSS JOIN LATERAL (
    SELECT min(price) AS price_from, max(price) AS price_to FROM seats WHERE seats.schedule_id = s.schedule_id
  ) prices
  WHERE s.concert_id = ANY($1::bigint[]) ORDER BY s.starts_at, s.schedule_id`;

const INSERT_CONCERT = `
  INSERT INTO concerts (title, artist, venue, time_zone, booking_opens_at, booking_closes_at,
    queue_max_active, queue_batch, queue_interval_ms, queue_active_ttl_ms, queue_paused)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ${CONCERT_COLUMNS}`;

/** Schedule, seats and head in one statement: a schedule without its head could never be served. */
const INSERT_SCHEDULE = `
  WITH s AS (
    INSERT INTO schedules (concert_id, starts_at, ends_at, reservation_opens_at, total_seats, plan_id, plan_version,
      single_seats, accessible_release_at)
    SELECT concert_id, $2::timestamptz, $3::timestamptz, $4::timestamptz, cardinality($5::bigint[]), $6::bigint, $7::int,
      $8::text, $9::timestamptz
    FROM concerts WHERE concert_id = $1
    RETURNING *
  ), seat AS (
    INSERT INTO seats (schedule_id, seat_number, price)
    SELECT s.schedule_id, p.seat_number, p.price
    FROM s, unnest($5::bigint[]) WITH ORDINALITY AS p (price, seat_number)
  ), head AS (
    INSERT INTO schedule_heads (schedule_id) SELECT schedule_id FROM s
  )
  SELECT ${SCHEDULE_COLUMNS}, s.total_seats AS available_seats,
    (SELECT min(price) FROM unnest($5::bigint[]) price) AS price_from,
    (SELECT max(price) FROM unnest($5::bigint[]) price) AS price_to
  FROM s JOIN concerts c USING (concert_id)`;

const UPDATE_QUEUE_POLICY = `
  UPDATE concerts SET
    queue_max_active = COALESCE($2, queue_max_active), queue_batch = COALESCE($3, queue_batch),
    queue_interval_ms = COALESCE($4, queue_interval_ms), queue_active_ttl_ms = COALESCE($5, queue_active_ttl_ms),
    queue_paused = COALESCE($6, queue_paused), version = version + 1
  WHERE concert_id = $1 RETURNING ${CONCERT_COLUMNS}`;

function belongs(concert: Concert, { isUpcoming, nowMs }: ListingRequest): boolean {
  if (isUpcoming) return nowMs < concert.bookingOpensAtMs;
  return concert.bookingOpensAtMs <= nowMs && nowMs <= concert.bookingClosesAtMs;
}

/** A page of the concerts that can be booked at an instant, or later. */
interface ListingRequest {
  readonly isUpcoming: boolean;
  readonly nowMs: number;
  readonly page: PageRequest;
}

/** Equal for equal pages, which share what is read. */
function nameOf(request: ListingRequest | undefined): string {
  return `${request?.isUpcoming} ${request?.page.limit} ${request?.page.after}`;
}

/** A time for a `timestamptz` parameter; the driver's own rendering of a Date carries the process's time zone. */
function timestamp(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}

/**
 * The catalogue in PostgreSQL. Concerts and schedules that were seen are kept in memory, unknown ids never are: they share
 * statements instead, so that thousands of them cost little and leave nothing behind. Answers never predate their request.
 */
export function createCatalogue({ pool }: { readonly pool: Connections }): Catalogue & CatalogueMemory {
  const concerts = createBoundedMap<number, Concert>(CONCERTS_REMEMBERED);
  /** A read that was in flight during a change may hold the values of before it, and is not remembered. */
  let changes = 0;
  const schedules = createBoundedMap<number, Schedule>(SCHEDULES_REMEMBERED);
  const dateIn = createCalendar();

  function read<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return readRows(pool, { text, values });
  }

  function write<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return writeRows(pool, { text, values });
  }

  async function readConcertRows<R extends ConcertRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly row: R; readonly concert: Concert }[]> {
    const changesBefore = changes;
    const found = (await read<R>(text, values)).map((row) => ({ row, concert: concertOf(row) }));
    if (changes === changesBefore) {
      for (const { concert } of found) concerts.set(concert.concertId, concert);
    }
    return found;
  }

  async function readConcerts(text: string, values: readonly unknown[]): Promise<Concert[]> {
    return (await readConcertRows(text, values)).map(({ concert }) => concert);
  }

  function forgetConcert(concertId: number | null): void {
    changes += 1;
    if (concertId === null) concerts.clear();
    else concerts.delete(concertId);
    // Changes are rare, and schedules are read again by the hundred.
    schedules.clear();
  }

  async function readScheduleRows<R extends ScheduleRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly row: R; readonly schedule: Schedule }[]> {
    const changesBefore = changes;
    const found = (await read<R>(text, values)).map((row) => ({ row, schedule: scheduleOf(row, dateIn) }));
    if (changes === changesBefore) {
      for (const { schedule } of found) schedules.set(schedule.scheduleId, schedule);
    }
    return found;
  }

  function withAvailability(row: AvailabilityRow, schedule: Schedule): ScheduleWithAvailability {
    const { available_seats: availableSeats, price_from: priceFrom, price_to: priceTo } = row;
    return { ...schedule, availableSeats, priceFrom, priceTo };
  }

  const idLimits = {
    callsInFlight: ID_LOOK_UPS_IN_FLIGHT,
    keysPerCall: KEYS_PER_STATEMENT,
    waiting: LOOK_UPS_WAITING,
  };
  const listingLimits = {
    callsInFlight: LISTINGS_IN_FLIGHT,
    keysPerCall: KEYS_PER_STATEMENT,
    waiting: LOOK_UPS_WAITING,
  };

  const concertLookUps = createLookUps<number, Concert | null>({
    ...idLimits,
    async load(concertIds) {
      const read = await readConcerts(CONCERTS_BY_ID, [[...new Set(concertIds)]]);
      const found = new Map(read.map((concert) => [concert.concertId, concert]));
      return concertIds.map((concertId) => found.get(concertId) ?? null);
    },
  });

  const scheduleLookUps = createLookUps<number, Schedule | null>({
    ...idLimits,
    async load(scheduleIds) {
      const rows = await readScheduleRows(SCHEDULES_BY_ID, [[...new Set(scheduleIds)]]);
      const found = new Map(rows.map(({ schedule }) => [schedule.scheduleId, schedule]));
      return scheduleIds.map((scheduleId) => found.get(scheduleId) ?? null);
    },
  });

  const listings = createLookUps<ListingRequest, Page<Concert>>({
    ...listingLimits,
    async load(requests) {
      const instantsMs = requests.map(({ nowMs }) => nowMs);
      const pages = [...new Map(requests.map((request) => [nameOf(request), request])).values()];
      const found = await readConcertRows<ConcertRow & { position: number }>(LISTED_BETWEEN, [
        Math.min(...instantsMs),
        Math.max(...instantsMs),
        pages.map(({ page }) => page.after),
        pages.map(({ page }) => page.limit),
        pages.map(({ isUpcoming }) => isUpcoming),
      ]);
      const concertsByPage = Map.groupBy(found, ({ row }) => nameOf(pages[row.position - 1]));
      return requests.map((request) => {
        const candidates = (concertsByPage.get(nameOf(request)) ?? []).map(({ concert }) => concert);
        const seen = candidates.slice(0, request.page.limit);
        return {
          items: seen.filter((concert) => belongs(concert, request)),
          nextCursor: candidates.length > seen.length ? String(seen.at(-1)?.concertId) : null,
        };
      });
    },
  });

  const allConcerts = createLookUps<null, readonly Concert[]>({
    ...listingLimits,
    async load(requests) {
      const listed = await readConcerts(ALL_CONCERTS, []);
      return requests.map(() => listed);
    },
  });

  const schedulesOfConcerts = createLookUps<number, readonly ScheduleWithAvailability[]>({
    ...listingLimits,
    async load(concertIds) {
      const rows = await readScheduleRows<AvailabilityRow>(SCHEDULES_OF_CONCERTS, [[...new Set(concertIds)]]);
      const listed = rows.map(({ row, schedule }) => withAvailability(row, schedule));
      const found = Map.groupBy(listed, (schedule) => schedule.concertId);
      return concertIds.map((concertId) => found.get(concertId) ?? []);
    },
  });

  const holdTimes = createLookUps<number, HoldTimes | null>({
    ...idLimits,
    async load(scheduleIds) {
      const rows = await read<HoldTimesRow>(HOLD_TIMES, [[...new Set(scheduleIds)]]);
      const found = new Map(rows.map((row) => [row.schedule_id, holdTimesOf(row)]));
      for (const row of rows) if (isOutdated(row)) forgetConcert(row.concert_id);
      return scheduleIds.map((scheduleId) => found.get(scheduleId) ?? null);
    },
  });

  function isOutdated(row: HoldTimesRow): boolean {
    const { bookingOpensAtMs, bookingClosesAtMs } = concerts.get(row.concert_id) ?? holdTimesOf(row);
    const { version } = schedules.get(row.schedule_id) ?? row;
    const { bookingOpensAtMs: opensAtMs, bookingClosesAtMs: closesAtMs } = holdTimesOf(row);
    return version !== row.version || bookingOpensAtMs !== opensAtMs || bookingClosesAtMs !== closesAtMs;
  }

  return {
    get changes() {
      return changes;
    },
    findConcert: (concertId) => concerts.get(concertId) ?? concertLookUps.get(concertId),
    readConcert: (concertId) => concertLookUps.get(concertId),
    readHoldTimes: (scheduleId) => holdTimes.get(scheduleId),
    findSchedule: (scheduleId) => schedules.get(scheduleId) ?? scheduleLookUps.get(scheduleId),
    listBookable: (nowMs, page) => listings.get({ isUpcoming: false, nowMs, page }),
    listUpcoming: (nowMs, page) => listings.get({ isUpcoming: true, nowMs, page }),
    listConcerts: () => allConcerts.get(null),
    listSchedules: (concertId) => schedulesOfConcerts.get(concertId),

    async createConcert({ title, artist, venue, timeZone, bookingOpensAtMs, bookingClosesAtMs, queue }) {
      const window = [timestamp(bookingOpensAtMs), timestamp(bookingClosesAtMs)];
      const policy = [queue.maxActive, queue.batch, queue.intervalMs, queue.activeTtlMs, queue.paused];
      // A zone that cannot name a date would make every listing of the concert fail: refuse it before it is stored.
      dateIn(timeZone, new Date(bookingOpensAtMs));
      const [row] = await write<ConcertRow>(INSERT_CONCERT, [title, artist, venue, timeZone, ...window, ...policy]);
      if (row === undefined) throw new Error('an INSERT returned no row');
      return concertOf(row);
    },

    async createSchedule(concertId, { startsAtMs, endsAtMs, reservationOpensAtMs, prices, plan, ...given }) {
      const rules = { ...DEFAULT_SEAT_RULES, ...given };
      const times = [timestamp(startsAtMs), timestamp(endsAtMs), timestamp(reservationOpensAtMs)];
      const [row] = await write<AvailabilityRow>(INSERT_SCHEDULE, [
        concertId,
        ...times,
        prices,
        plan?.planId ?? null,
        plan?.version ?? null,
        rules.singleSeats,
        timestamp(rules.accessibleReleaseAtMs),
      ]);
      return row === undefined ? null : withAvailability(row, scheduleOf(row, dateIn));
    },

    async changeQueuePolicy(concertId, change: Partial<ConcertQueue>) {
      const policy = [change.maxActive, change.batch, change.intervalMs, change.activeTtlMs, change.paused];
      try {
        const [row] = await write<ConcertRow>(UPDATE_QUEUE_POLICY, [
          concertId,
          ...policy.map((value) => value ?? null),
        ]);
        return row === undefined ? null : concertOf(row);
      } finally {
        forgetConcert(concertId);
      }
    },

    forgetConcert,
  };
}
