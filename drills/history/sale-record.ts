import type pg from 'pg';
import type { SeatEvent } from '../../src/actors/seat-event.ts';
import { withClient } from '../../harness/service/database.ts';

export interface LoggedEvent {
  readonly epoch: number;
  readonly event: SeatEvent;
}

export interface ScheduleRecord {
  readonly scheduleId: number;
  readonly totalSeats: number;
  /** The event with number n at n - 1. */
  readonly log: readonly LoggedEvent[];
}

/** What the database knows: the truth that answers are judged by. */
export interface SaleRecord {
  readonly schedules: ReadonlyMap<number, ScheduleRecord>;
  /** By payment id. */
  readonly payments: ReadonlyMap<
    string,
    { readonly userId: string; readonly scheduleId: number; readonly amount: number }
  >;
  /** Charges by user, in order of entry. */
  readonly charges: ReadonlyMap<
    string,
    readonly { readonly entryId: number; readonly amount: number; readonly balance: number }[]
  >;
  /** `user key` of every recorded answer. */
  readonly keys: ReadonlySet<string>;
  /** How often the log of changes has each change that an organiser orders, by `orderOf`. */
  readonly orders: ReadonlyMap<string, number>;
  /** By token id. */
  readonly tokens: ReadonlyMap<string, TokenRecord>;
}

/** What an organiser must have ordered for this change; null for any other change, and for the first half of a move. */
export function orderOf(scheduleId: number, event: SeatEvent): string | null {
  switch (event.type) {
    case 'BLOCKED':
      return `seats.block schedule:${scheduleId} ${event.seatNumber}`;
    case 'UNBLOCKED':
      return `seats.unblock schedule:${scheduleId} ${event.seatNumber}`;
    case 'COMPED':
      return `seat.comp reservation:${event.reservationId} ${event.seatNumber}`;
    case 'MOVED_HERE':
      return `reservation.move reservation:${event.reservationId} ${event.seatNumber}`;
    default:
      return null;
  }
}

/** Instants in epoch milliseconds. */
export interface TokenRecord {
  readonly concertId: number;
  readonly userId: string;
  readonly no: number;
  readonly activatedAt: number | null;
  readonly endedAt: number | null;
}

/** Reads all of it in one snapshot. For databases of some million events. */
export async function readSaleRecord(databaseUrl: string): Promise<SaleRecord> {
  return withClient(databaseUrl, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return readAll(client);
  });
}

async function readAll(client: pg.Client): Promise<SaleRecord> {
  const schedules = new Map<number, ScheduleRecord & { readonly log: LoggedEvent[] }>();
  const heads = await client.query<{ id: string; seats: number }>(
    'SELECT schedule_id::text AS id, total_seats AS seats FROM schedules',
  );
  for (const { id, seats } of heads.rows) {
    schedules.set(Number(id), { scheduleId: Number(id), totalSeats: seats, log: [] });
  }
  const log = await client.query<{ id: string; epoch: string; events: SeatEvent[] }>(
    'SELECT schedule_id::text AS id, epoch::text, events FROM seat_log ORDER BY schedule_id, first_seq',
  );
  for (const { id, epoch, events } of log.rows) {
    schedules.get(Number(id))?.log.push(...events.map((event) => ({ epoch: Number(epoch), event })));
  }
  const payments = await client.query<{ id: string; user_id: string; schedule: string; amount: string }>(
    'SELECT payment_id AS id, user_id, schedule_id::text AS schedule, amount::text FROM payments',
  );
  const charges = await client.query<{ user_id: string; no: string; amount: string; balance: string }>(
    `SELECT user_id, entry_no::text AS no, amount::text, balance_after::text AS balance FROM wallet_entries
     WHERE type = 'CHARGE' ORDER BY user_id, entry_no`,
  );
  const keys = await client.query<{ user_id: string; key: string }>('SELECT user_id, key FROM idempotency_keys');
  const orders = await client.query<{ key: string; times: number }>(`
    SELECT concat_ws(' ', action, target, seat_number) AS key, count(*)::int AS times
    FROM admin_log, jsonb_array_elements_text(coalesce(after->'seatNumbers', jsonb_build_array(after->'seatNumber'))) AS seat_number
    WHERE action IN ('seats.block', 'seats.unblock', 'seat.comp', 'reservation.move') GROUP BY key`);
  const tokens = await client.query<{
    id: string;
    concert: string;
    user_id: string;
    no: string;
    activated_at: Date | null;
    ended_at: Date | null;
  }>('SELECT token_id AS id, concert_id::text AS concert, user_id, no::text, activated_at, ended_at FROM queue_tokens');
  return {
    schedules,
    payments: new Map(
      payments.rows.map((row) => [
        row.id,
        { userId: row.user_id, scheduleId: Number(row.schedule), amount: Number(row.amount) },
      ]),
    ),
    charges: new Map(
      [...Map.groupBy(charges.rows, (row) => row.user_id)].map(([userId, rows]) => [
        userId,
        rows.map((row) => ({ entryId: Number(row.no), amount: Number(row.amount), balance: Number(row.balance) })),
      ]),
    ),
    keys: new Set(keys.rows.map((row) => `${row.user_id} ${row.key}`)),
    orders: new Map(orders.rows.map(({ key, times }) => [key, times])),
    tokens: new Map(
      tokens.rows.map((row) => [
        row.id,
        {
          concertId: Number(row.concert),
          userId: row.user_id,
          no: Number(row.no),
          activatedAt: row.activated_at?.getTime() ?? null,
          endedAt: row.ended_at?.getTime() ?? null,
        },
      ]),
    ),
  };
}
