/** Legal histories made by plain statements of the tests' own, so that what reads them is not judged by what writes them. */
import type { Pool } from 'pg';
import { v7 as uuid } from 'uuid';

/** A user with a wallet of `balance` won that no entry explains. */
export async function insertUser(pool: Pool, balance = 0): Promise<string> {
  const userId = uuid();
  await pool.query('INSERT INTO users (user_id, name) VALUES ($1, $2)', [userId, 'A']);
  await pool.query('INSERT INTO wallets (user_id, balance) VALUES ($1, $2)', [userId, balance]);
  return userId;
}

export interface Sale {
  readonly concertId: number;
  readonly scheduleId: number;
}

export const SALE_STARTS_AT = new Date('2027-01-02T10:00:00Z');

/** A concert of one schedule whose seat i costs i × 1 000 won. */
export async function insertSale(pool: Pool, seats = 6): Promise<Sale> {
  const concert = await pool.query<{ concert_id: number }>(`
    INSERT INTO concerts (title, artist, venue, time_zone, booking_opens_at, booking_closes_at,
      queue_max_active, queue_batch, queue_interval_ms, queue_active_ttl_ms)
    VALUES ('t', 'a', 'v', 'Asia/Seoul', now() - interval '1 day', now() + interval '1 day', 3, 2, 10000, 3600000)
    RETURNING concert_id`);
  const concertId = concert.rows[0]?.concert_id ?? 0;
  const schedule = await pool.query<{ schedule_id: number }>(
    'INSERT INTO schedules (concert_id, starts_at, total_seats) VALUES ($1, $2, $3) RETURNING schedule_id',
    [concertId, SALE_STARTS_AT, seats],
  );
  const scheduleId = schedule.rows[0]?.schedule_id ?? 0;
  await pool.query('INSERT INTO seats SELECT $1, n, n * 1000 FROM generate_series(1, $2::int) n', [scheduleId, seats]);
  await pool.query('INSERT INTO schedule_heads (schedule_id) VALUES ($1)', [scheduleId]);
  return { concertId, scheduleId };
}

/** Adds an entry to a wallet. Returns its number. */
export async function insertEntry(
  pool: Pool,
  userId: string,
  type: string,
  amount: number,
  paymentId: string | null = null,
) {
  await pool.query(
    `WITH w AS (UPDATE wallets SET balance = balance + $3, entries = entries + 1 WHERE user_id = $1 RETURNING *)
     INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, payment_id)
     SELECT user_id, entries, $2, $3, balance, $4 FROM w`,
    [userId, type, amount, paymentId],
  );
}

export interface History {
  /** Holds a seat for `ttlMs` from `at`. */
  hold(userId: string, seatNumber: number, at: number, ttlMs?: number): Promise<string>;
  end(reservationId: string, type: 'EXPIRED' | 'CANCELLED', at: number): Promise<void>;
  /** Debits the wallet too. */
  pay(reservationIds: readonly string[], at: number): Promise<string>;
  refund(paymentId: string, at: number): Promise<void>;
  /** Blocks a seat at the box office, or unblocks it. */
  block(seatNumber: number, at: number, isBlocked?: boolean): Promise<void>;
  /** Gives a seat away. */
  comp(userId: string, seatNumber: number, at: number): Promise<void>;
  /** Moves a reservation to another seat. */
  move(reservationId: string, toSeatNumber: number, at: number): Promise<void>;
  /** What follows is logged under this epoch. */
  raiseEpoch(epoch: number): Promise<void>;
}

interface Row {
  reservation_id: string;
  user_id: string;
  seat_number: number;
  price: number;
  expires_ms: number;
}

/** Writes what happens to the seats of a sale: one log row per call, and the rows that belong to it. */
export function createHistory(pool: Pool, { concertId, scheduleId }: Sale): History {
  let seq = 0;
  let epoch = 0;

  async function log(events: readonly object[]): Promise<number> {
    const first = seq + 1;
    seq += events.length;
    await pool.query(
      `INSERT INTO seat_log_flushes (batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
       VALUES (gen_random_uuid(), ARRAY[$1::bigint], ARRAY[$2::bigint], ARRAY[$3::bigint], ARRAY[$4::bigint], ARRAY[$5::json])`,
      [scheduleId, first, seq, epoch, JSON.stringify(events)],
    );
    await pool.query(
      `UPDATE schedule_heads SET seq = $2, epoch = $3, next_expiry_at = (
         SELECT min(expires_at) FROM reservations WHERE schedule_id = $1 AND status = 'HELD') WHERE schedule_id = $1`,
      [scheduleId, seq, epoch],
    );
    return first;
  }

  async function select(where: string, value: unknown): Promise<Row[]> {
    const { rows } = await pool.query<Row>(
      `SELECT *, (extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms FROM reservations WHERE ${where} ORDER BY seat_number`,
      [value],
    );
    return rows;
  }

  async function logAct(action: string, target: string, after: object): Promise<void> {
    await pool.query(
      'INSERT INTO admin_log (action, target, after, request_id) VALUES ($1, $2, $3, gen_random_uuid())',
      [action, target, JSON.stringify(after)],
    );
  }

  return {
    async raiseEpoch(next) {
      epoch = next;
      await pool.query('UPDATE schedule_heads SET epoch = $2 WHERE schedule_id = $1', [scheduleId, epoch]);
    },

    async hold(userId, seatNumber, at, ttlMs = 300_000) {
      const reservationId = uuid();
      const price = seatNumber * 1000;
      await pool.query(
        `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at, expires_at, epoch, seq)
         VALUES ($1, $2, $3, $4, $5, $6, 'HELD', to_timestamp($7::float8 / 1000), to_timestamp($8::float8 / 1000), $9, $10)`,
        [reservationId, scheduleId, concertId, userId, seatNumber, price, at, at + ttlMs, epoch, seq + 1],
      );
      await log([{ type: 'HELD', seatNumber, reservationId, userId, at, expiresAt: at + ttlMs, price }]);
      return reservationId;
    },

    async end(reservationId, type, at) {
      const [row] = await select('reservation_id = $1', reservationId);
      await pool.query(
        'UPDATE reservations SET status = $2, ended_at = to_timestamp($3::float8 / 1000), epoch = $4, seq = $5 WHERE reservation_id = $1',
        [reservationId, type, at, epoch, seq + 1],
      );
      await log([{ type, seatNumber: row?.seat_number, reservationId, at }]);
    },

    async pay(reservationIds, at) {
      const rows = await select('reservation_id = ANY($1)', reservationIds);
      const paymentId = uuid();
      const userId = rows[0]?.user_id ?? '';
      const amount = rows.reduce((sum, row) => sum + row.price, 0);
      await pool.query(
        `INSERT INTO payments (payment_id, user_id, concert_id, schedule_id, amount, status, paid_at)
         VALUES ($1, $2, $3, $4, $5, 'COMPLETED', to_timestamp($6::float8 / 1000))`,
        [paymentId, userId, concertId, scheduleId, amount, at],
      );
      for (const [index, row] of rows.entries()) {
        await pool.query('INSERT INTO payment_items VALUES ($1, $2, $3)', [paymentId, index + 1, row.reservation_id]);
        await pool.query(
          `UPDATE reservations SET status = 'CONFIRMED', confirmed_at = to_timestamp($2::float8 / 1000), payment_id = $3, epoch = $4, seq = $5
           WHERE reservation_id = $1`,
          [row.reservation_id, at, paymentId, epoch, seq + 1 + index],
        );
      }
      await insertEntry(pool, userId, 'PAYMENT', -amount, paymentId);
      await log(
        rows.map((row) => ({
          type: 'CONFIRMED',
          seatNumber: row.seat_number,
          reservationId: row.reservation_id,
          paymentId,
          at,
        })),
      );
      return paymentId;
    },

    async refund(paymentId, at) {
      const rows = await select('payment_id = $1', paymentId);
      const amount = rows.reduce((sum, row) => sum + row.price, 0);
      await pool.query(
        "UPDATE payments SET status = 'REFUNDED', refunded_at = to_timestamp($2::float8 / 1000) WHERE payment_id = $1",
        [paymentId, at],
      );
      for (const [index, row] of rows.entries()) {
        await pool.query(
          "UPDATE reservations SET status = 'REFUNDED', ended_at = to_timestamp($2::float8 / 1000), epoch = $3, seq = $4 WHERE reservation_id = $1",
          [row.reservation_id, at, epoch, seq + 1 + index],
        );
      }
      await insertEntry(pool, rows[0]?.user_id ?? '', 'REFUND', amount, paymentId);
      await log(
        rows.map((row) => ({
          type: 'REFUNDED',
          seatNumber: row.seat_number,
          reservationId: row.reservation_id,
          paymentId,
          at,
        })),
      );
    },

    async block(seatNumber, at, isBlocked = true) {
      await pool.query(
        isBlocked
          ? 'INSERT INTO blocked_seats (schedule_id, seat_number, epoch, seq) VALUES ($1, $2, $3, $4)'
          : 'DELETE FROM blocked_seats WHERE schedule_id = $1 AND seat_number = $2 AND epoch <= $3 AND seq < $4',
        [scheduleId, seatNumber, epoch, seq + 1],
      );
      await logAct(isBlocked ? 'seats.block' : 'seats.unblock', `schedule:${scheduleId}`, {
        status: isBlocked ? 'BLOCKED' : 'AVAILABLE',
        seatNumbers: [seatNumber],
      });
      await log([{ type: isBlocked ? 'BLOCKED' : 'UNBLOCKED', seatNumber, at }]);
    },

    async comp(userId, seatNumber, at) {
      const [reservationId, paymentId] = [uuid(), uuid()];
      await pool.query(
        `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at,
           expires_at, confirmed_at, payment_id, epoch, seq)
         SELECT $1, $2, $3, $4, $5, 0, 'CONFIRMED', at, at, at, $6, $7, $8 FROM to_timestamp($9::float8 / 1000) at`,
        [reservationId, scheduleId, concertId, userId, seatNumber, paymentId, epoch, seq + 1, at],
      );
      await pool.query(
        `INSERT INTO payments (payment_id, user_id, concert_id, schedule_id, amount, status, paid_at, comp)
         VALUES ($1, $2, $3, $4, 0, 'COMPLETED', to_timestamp($5::float8 / 1000), true)`,
        [paymentId, userId, concertId, scheduleId, at],
      );
      await pool.query('INSERT INTO payment_items VALUES ($1, 1, $2)', [paymentId, reservationId]);
      await logAct('seat.comp', `reservation:${reservationId}`, { scheduleId, seatNumber, userId, paymentId });
      await log([{ type: 'COMPED', seatNumber, reservationId, userId, paymentId, at }]);
    },

    async move(reservationId, toSeatNumber, at) {
      const [row] = await select('reservation_id = $1', reservationId);
      const seatNumber = row?.seat_number;
      await pool.query(
        'UPDATE reservations SET seat_number = $2, moves = moves + 1, epoch = $3, seq = $4 WHERE reservation_id = $1',
        [reservationId, toSeatNumber, epoch, seq + 2],
      );
      await logAct('reservation.move', `reservation:${reservationId}`, { seatNumber: toSeatNumber });
      await log([
        { type: 'MOVED_AWAY', seatNumber, reservationId, at, toSeatNumber },
        { type: 'MOVED_HERE', seatNumber: toSeatNumber, reservationId, at, fromSeatNumber: seatNumber },
      ]);
    },
  };
}
