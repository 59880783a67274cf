import type { ReservationRecords } from '../../domain/reservation.ts';
import { RESERVATION_COLUMNS, type ReservationRow, reservationOf } from './reservation-row.ts';
import { type CompletedTokenRow, completedTokenOf, DATES_AHEAD, ENDED_MS } from '../journal/settlement-statement.ts';
import { type Connections, readRows } from '../journal/statement.ts';

const FROM = 'FROM reservations r JOIN schedules s USING (schedule_id)';

/** The most recent reservations among which an ended one is searched. An index for it would make every hold dearer. */
const RECENT_RESERVATIONS = 1_000;

/**
 * The user's live reservation of the seat, else the newest of the recent ones. Each look-up has an index, so it does not read a
 * long history. Within a schedule `seq` is the order of events.
 */
const NEWEST_OF_SEAT = `
  SELECT ${RESERVATION_COLUMNS} ${FROM}
  WHERE r.reservation_id = coalesce((
      SELECT live.reservation_id FROM reservations live
      WHERE live.schedule_id = $2 AND live.seat_number = $3 AND live.status IN ('HELD', 'CONFIRMED') AND live.user_id = $1
    ), (
      SELECT recent.reservation_id FROM (
        SELECT reservation_id, schedule_id, seat_number, seq FROM reservations
        WHERE user_id = $1 ORDER BY reservation_id DESC LIMIT ${RECENT_RESERVATIONS}
      ) AS recent
      WHERE recent.schedule_id = $2 AND recent.seat_number = $3 ORDER BY recent.seq DESC LIMIT 1
    ))`;

const PAGE = `
  SELECT ${RESERVATION_COLUMNS} ${FROM}
  WHERE r.user_id = $1 AND ($2::text IS NULL OR r.status = $2) AND ($3::uuid IS NULL OR r.reservation_id < $3)
  ORDER BY r.reservation_id DESC LIMIT $4`;

/**
 * $1 concert, $2 user, $3 token, $4 epoch milliseconds of its end. Live tokens and ended ones have an index each. A token
 * that was never admitted has granted no hold, so a crowd that leaves the line sends nothing to owners.
 */
const DATES_OF_END = `
  SELECT CASE
      WHEN EXISTS (SELECT FROM queue_tokens t WHERE t.token_id = $3 AND t.activated_at IS NOT NULL)
      THEN ${DATES_AHEAD('$1')} ELSE '[]'
    END AS schedule_ids, (
    SELECT (extract(epoch FROM min(later.issued_at)) * 1000)::float8 FROM (
      SELECT t.token_id, t.issued_at FROM queue_tokens t
      WHERE t.concert_id = $1 AND t.user_id = $2 AND t.status IN ('WAITING', 'ACTIVE')
      UNION ALL
      SELECT t.token_id, t.issued_at FROM queue_tokens t
      WHERE t.ended_at >= to_timestamp($4::float8 / 1000) AND t.concert_id = $1 AND t.user_id = $2
    ) AS later
    WHERE later.token_id <> $3 AND later.issued_at >= to_timestamp($4::float8 / 1000)
  ) AS later_issued_ms`;

/** The settlement read the instant of the end from another clock than that of the payment, within this time of it. */
const CLOCKS_APART = `interval '5 seconds'`;

/** $1 concert, $2 user, $3 epoch milliseconds of the payment */
const COMPLETED_TOKEN = `
  SELECT t.token_id AS completed_token, ${ENDED_MS('t')} AS ended_ms, ${DATES_AHEAD('$1')} AS dates_ahead FROM queue_tokens t
  WHERE t.ended_at >= to_timestamp($3::float8 / 1000) - ${CLOCKS_APART}
    AND t.concert_id = $1 AND t.user_id = $2 AND t.status = 'COMPLETED'
  ORDER BY t.ended_at DESC LIMIT 1`;

/** Durable reservations. The statement that writes the log commits them too. */
export function createReservationRecords({ pool }: { pool: Connections }): ReservationRecords {
  function select(text: string, values: readonly unknown[]): Promise<ReservationRow[]> {
    return readRows(pool, { text, values });
  }

  return {
    async find(reservationId) {
      const text = `SELECT ${RESERVATION_COLUMNS} ${FROM} WHERE r.reservation_id = $1`;
      const [row] = await select(text, [reservationId]);
      return row === undefined ? null : reservationOf(row);
    },

    async findMany(userId, reservationIds) {
      const text = `SELECT ${RESERVATION_COLUMNS} ${FROM} WHERE r.user_id = $1 AND r.reservation_id = ANY($2::uuid[])`;
      return (await select(text, [userId, reservationIds])).map(reservationOf);
    },

    async findNewestOfSeat(userId, scheduleId, seatNumber) {
      const [row] = await select(NEWEST_OF_SEAT, [userId, scheduleId, seatNumber]);
      return row === undefined ? null : reservationOf(row);
    },

    async list(userId, status, { limit, after }) {
      const rows = await select(PAGE, [userId, status, after, limit + 1]);
      const items = rows.slice(0, limit).map(reservationOf);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.reservationId ?? null) : null };
    },

    async findDatesOfEnd({ tokenId, userId, concertId }, endedAtMs) {
      const statement = { text: DATES_OF_END, values: [concertId, userId, tokenId, endedAtMs] };
      const [row] = await readRows<{ schedule_ids: number[]; later_issued_ms: number | null }>(pool, statement);
      if (row === undefined) throw new Error('a statement without FROM gave no row');
      return { scheduleIds: row.schedule_ids, laterTokenIssuedAtMs: row.later_issued_ms };
    },

    async findCompletedToken(userId, concertId, paidAtMs) {
      const statement = { text: COMPLETED_TOKEN, values: [concertId, userId, paidAtMs] };
      const [row] = await readRows<CompletedTokenRow>(pool, statement);
      return row === undefined ? null : completedTokenOf(row);
    },
  };
}
