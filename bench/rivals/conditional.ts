import type { Pool } from 'pg';
import type { HoldAttempt, HoldOutcome } from './rival-app.ts';

/**
 * The best that a row lock can do: one prepared statement per hold, its own transaction and its own round trip. The
 * UPDATE finds the seat free or finds nothing; the INSERT follows from what it found.
 */
export function createConditionalHold(pool: Pool): (attempt: HoldAttempt) => Promise<HoldOutcome> {
  return async (attempt) => {
    const { rows } = await pool.query<{ price: string }>({
      name: 'hold-if-free',
      text: `WITH seat AS (
               UPDATE seats SET status = 'HELD', user_id = $4
               WHERE schedule_id = $2 AND seat_number = $5 AND status = 'AVAILABLE'
               RETURNING price)
             INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at, expires_at, epoch, seq)
             SELECT $1, $2, $3, $4, $5, price, 'HELD', $6, $7, 1, 1 FROM seat
             RETURNING price`,
      values: [
        attempt.reservationId,
        attempt.scheduleId,
        attempt.concertId,
        attempt.userId,
        attempt.seatNumber,
        attempt.createdAt,
        attempt.expiresAt,
      ],
    });
    const held = rows[0];
    return held === undefined ? { outcome: 'taken' } : { outcome: 'held', price: Number(held.price) };
  };
}
