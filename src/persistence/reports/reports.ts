import type { Reports, SalesFigures, SalesReport, SalesRow, SeatChange } from '../../domain/reports.ts';
import { createCalendar } from '../records/calendar.ts';
import { type Connections, readRows, runStatement } from '../journal/statement.ts';
import { createLocalHours } from './local-hours.ts';
import { SALES } from './sales-statements.ts';

/** A row of a report; a column that its report does not have is undefined. */
interface SoldRow {
  readonly concert_id?: number;
  readonly title?: string;
  readonly time_zone?: string;
  readonly schedule_id?: number;
  readonly starts_at?: Date;
  readonly section?: string | null;
  readonly at?: Date;
  readonly capacity?: number;
  readonly seats_sold: number | null;
  readonly seats_refunded: number | null;
  readonly revenue: number | null;
  readonly refunds: number | null;
}

/**
 * The log has no index by schedule, which each flush would have to maintain, so this reads all of it. A change names its seat
 * in a member whose name has "seat" in it, alone or in a list: causes that this version does not know are found too. The change
 * of one seat by a move also names the other one, which has a change of its own.
 */
const HISTORY = `
  SELECT part.first_seq + logged.n - 1 AS seq, part.epoch, f.logged_at, logged.event, r.user_id
  FROM seat_log_flushes f
  CROSS JOIN LATERAL unnest(f.schedule_ids, f.first_seqs, f.epochs, f.events) AS part (schedule_id, first_seq, epoch, events)
  CROSS JOIN LATERAL json_array_elements(part.events) WITH ORDINALITY AS logged (event, n)
  LEFT JOIN reservations r ON r.reservation_id = (logged.event->>'reservationId')::uuid
  WHERE $1 = ANY (f.schedule_ids) AND part.schedule_id = $1
    AND ($3::bigint IS NULL OR part.first_seq + logged.n - 1 < $3)
    AND EXISTS (
      SELECT FROM json_each(logged.event) AS m WHERE m.key ILIKE '%seat%' AND m.key NOT IN ('fromSeatNumber', 'toSeatNumber')
        AND (m.value::text = $2::text OR json_typeof(m.value) = 'array' AND m.value::jsonb @> $2::text::jsonb))
  ORDER BY seq DESC LIMIT $4`;

interface LoggedRow {
  readonly seq: number;
  readonly epoch: number;
  readonly logged_at: Date;
  readonly event: Readonly<Record<string, unknown>>;
  readonly user_id: string | null;
}

const NONE: SalesFigures = { seatsSold: 0, seatsRefunded: 0, revenue: 0, refunds: 0, net: 0 };

/** Reports, read from PostgreSQL. */
export function createReports({ pool }: { readonly pool: Connections }): Reports {
  const dateIn = createCalendar();
  const hourIn = createLocalHours();

  function rowOf(row: SoldRow): SalesRow {
    const { time_zone: timeZone = 'UTC', starts_at: startsAt, at } = row;
    return {
      concertId: row.concert_id ?? null,
      title: row.title ?? null,
      scheduleId: row.schedule_id ?? null,
      date: startsAt === undefined ? null : dateIn(timeZone, startsAt),
      startsAtMs: startsAt?.getTime() ?? null,
      section: row.section ?? null,
      hour: at === undefined ? null : hourIn(timeZone, at.getTime()),
      ...figuresOf(row),
      capacity: row.capacity ?? null,
    };
  }

  return {
    async sales(by, concertIds) {
      const found = await runStatement<SoldRow>(pool, { text: SALES[by], values: [concertIds] }, 'none');
      const rows = found.map(rowOf);
      return reportOf(by === 'hour' ? byHour(rows) : rows);
    },

    async seatHistory(scheduleId, seatNumber, { limit, after }) {
      const values = [scheduleId, seatNumber, after, limit + 1];
      const rows = await readRows<LoggedRow>(pool, { text: HISTORY, values });
      const items = rows.slice(0, limit).map(changeOf);
      return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.seq) : null };
    },
  };
}

function figuresOf(row: SoldRow): SalesFigures {
  const revenue = row.revenue ?? 0;
  const refunds = row.refunds ?? 0;
  return {
    seatsSold: row.seats_sold ?? 0,
    seatsRefunded: row.seats_refunded ?? 0,
    revenue,
    refunds,
    net: revenue - refunds,
  };
}

function add(one: SalesFigures, other: SalesFigures): SalesFigures {
  return {
    seatsSold: one.seatsSold + other.seatsSold,
    seatsRefunded: one.seatsRefunded + other.seatsRefunded,
    revenue: one.revenue + other.revenue,
    refunds: one.refunds + other.refunds,
    net: one.net + other.net,
  };
}

/** The parts of an hour as one row. Zones of the same offset share their hours. */
function byHour(parts: readonly SalesRow[]): readonly SalesRow[] {
  const hours = new Map<string | null, SalesRow>();
  for (const part of parts) {
    const known = hours.get(part.hour);
    hours.set(part.hour, known === undefined ? part : { ...known, ...add(known, part) });
  }
  return [...hours.values()];
}

function reportOf(rows: readonly SalesRow[]): SalesReport {
  const capacities = rows.flatMap(({ capacity }) => capacity ?? []);
  const capacity = capacities.length === 0 ? null : capacities.reduce((sum, seats) => sum + seats, 0);
  return { rows, totals: { ...rows.reduce(add, NONE), capacity } };
}

function changeOf({ seq, epoch, logged_at: loggedAt, event, user_id: holder }: LoggedRow): SeatChange {
  const { type, at, reservationId, userId, paymentId, ...details } = event;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    seq,
    epoch,
    atMs: typeof at === 'number' ? at : null,
    loggedAtMs: loggedAt.getTime(),
    cause: text(type) ?? 'UNKNOWN',
    reservationId: text(reservationId),
    userId: text(userId) ?? holder,
    paymentId: text(paymentId),
    details,
  };
}
