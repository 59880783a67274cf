import type { ReservationRecords } from '../../domain/reservation.ts';
import { RESERVATION_COLUMNS, type ReservationRow, reservationOf } from './reservation-row.ts';
import { type Connections, readRows } from '../journal/statement.ts';

const FROM = 'FROM reservations r JOIN schedules s USING (schedule_id)';

/** Within one schedule `seq` is the order of what happened; ids are ordered by the clocks of the nodes that made them. */
const NEWEST_OF_SEAT = `
  SELECT ${RESERVATION_COLUMNS} ${FROM}
  WHERE r.user_id = $1 AND r.schedule_id = $2 AND r.seat_number = $3
  ORDER BY r.seq DESC LIMIT 1`;

const PAGE = `
  SELECT ${RESERVATION_COLUMNS} ${FROM}
  WHERE r.user_id = $1 AND ($2::text IS NULL OR r.status = $2) AND ($3::uuid IS NULL OR r.reservation_id < $3)
  ORDER BY r.reservation_id DESC LIMIT $4`;

const SCHEDULES_WITH_HOLDS = `
  SELECT DISTINCT schedule_id FROM reservations
  WHERE user_id = $1 AND concert_id = $2 AND status = 'HELD' ORDER BY schedule_id`;

/** In one snapshot: a token that comes to life later finds its own holds made later too. */
const HOLDS_LEFT_BEHIND = `
  SELECT schedule_id, reservation_id FROM reservations r
  WHERE r.user_id = $1 AND r.concert_id = $2 AND r.status = 'HELD' AND r.created_at < to_timestamp($3::float8 / 1000)
    AND NOT EXISTS (
      SELECT FROM queue_tokens t
      WHERE t.concert_id = $2 AND t.user_id = $1 AND t.status IN ('WAITING', 'ACTIVE'))
  ORDER BY reservation_id`;

/** Durable reservations as SQL readers see them: what the log says, committed in the log's own statement. */
export function createReservationRecords({ pool }: { pool: Connections }): ReservationRecords {
  function select(text: string, values: readonly unknown[]): Promise<ReservationRow[]> {
    return readRows(pool, { text, values });
  }

  return {
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

    async schedulesWithHolds(userId, concertId) {
      const statement = { text: SCHEDULES_WITH_HOLDS, values: [userId, concertId] };
      const rows = await readRows<{ schedule_id: number }>(pool, statement);
      return rows.map((row) => row.schedule_id);
    },

    async holdsLeftBehind(userId, concertId, leftAtMs) {
      const statement = { text: HOLDS_LEFT_BEHIND, values: [userId, concertId, leftAtMs] };
      const rows = await readRows<{ schedule_id: number; reservation_id: string }>(pool, statement);
      return rows.map((row) => ({ scheduleId: row.schedule_id, reservationId: row.reservation_id }));
    },
  };
}
