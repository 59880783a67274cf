import { CONCERT_COLUMNS, SCHEDULE_COLUMNS } from './catalogue-rows.ts';

/*
 * The statements of an organiser's changes.
 *
 * Lock order: concert, its schedules, heads by id. Flushes lock heads only. A flush that waits for a head finds another epoch
 * once the change is committed.
 */

export const LOCK_CONCERT = `SELECT ${CONCERT_COLUMNS} FROM concerts WHERE concert_id = $1 FOR UPDATE`;

export const LOCK_SCHEDULE = `
  SELECT ${SCHEDULE_COLUMNS} FROM schedules s JOIN concerts c USING (concert_id) WHERE s.schedule_id = $1 FOR UPDATE OF s`;

export const LOCK_SCHEDULES_OF_CONCERT =
  'SELECT schedule_id FROM schedules WHERE concert_id = $1 ORDER BY schedule_id FOR UPDATE';

export const LOCK_HEADS = `
  SELECT schedule_id FROM schedule_heads WHERE schedule_id = ANY($1::bigint[]) ORDER BY schedule_id FOR UPDATE`;

export const RAISE_EPOCHS = `
  UPDATE schedule_heads SET epoch = epoch + 1 WHERE schedule_id = ANY($1::bigint[]) RETURNING schedule_id AS "scheduleId", epoch`;

/** $13: whether a time changes. */
export const UPDATE_CONCERT = `
  UPDATE concerts SET title = $2, artist = $3, venue = $4, time_zone = $5, booking_opens_at = $6, booking_closes_at = $7,
    queue_max_active = $8, queue_batch = $9, queue_interval_ms = $10, queue_active_ttl_ms = $11, queue_paused = $12,
    version = version + 1, times_changed_at = CASE WHEN $13 THEN clock_timestamp() ELSE times_changed_at END
  WHERE concert_id = $1 RETURNING ${CONCERT_COLUMNS}`;

export const UPDATE_SCHEDULE = `
  WITH s AS (
    UPDATE schedules SET starts_at = $2, ends_at = $3, reservation_opens_at = $4, closed = $5, single_seats = $6,
      accessible_release_at = $7, version = version + 1, times_changed_at = clock_timestamp()
    WHERE schedule_id = $1 RETURNING *
  ) SELECT ${SCHEDULE_COLUMNS} FROM s JOIN concerts c USING (concert_id)`;

/**
 * Ends the holds that would outlive the start at $2, or at once where it has passed, and logs that under the raised epoch. No
 * owner can write meanwhile: the head is locked.
 */
export const SHORTEN_HOLDS = `
  WITH bound AS (
    SELECT date_trunc('milliseconds', greatest($2::timestamptz, clock_timestamp())) AS at, clock_timestamp() AS now
  ), late AS (
    SELECT r.reservation_id, r.seat_number, row_number() OVER (ORDER BY r.seat_number) AS position
    FROM reservations r, bound WHERE r.schedule_id = $1 AND r.status = 'HELD' AND r.expires_at > bound.at
  ), head AS (
    UPDATE schedule_heads h SET seq = h.seq + counted.n, next_expiry_at = least(h.next_expiry_at, bound.at)
    FROM bound, (SELECT count(*) AS n FROM late) counted
    WHERE h.schedule_id = $1 AND counted.n > 0 RETURNING h.seq, h.epoch, h.seq - counted.n AS base
  ), shortened AS (
    UPDATE reservations r SET expires_at = bound.at, seq = head.base + late.position, epoch = head.epoch
    FROM late, head, bound WHERE r.reservation_id = late.reservation_id RETURNING 1
  )
  INSERT INTO seat_log_flushes (batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
  SELECT gen_random_uuid(), ARRAY[$1::bigint], ARRAY[head.base + 1], ARRAY[head.seq], ARRAY[head.epoch], ARRAY[(
    SELECT json_agg(json_build_object('type', 'SHORTENED', 'seatNumber', late.seat_number, 'reservationId', late.reservation_id,
      'at', floor(extract(epoch FROM bound.now) * 1000)::bigint,
      'expiresAt', round(extract(epoch FROM bound.at) * 1000)::bigint) ORDER BY late.position)
    FROM late, bound
  )]
  FROM head`;

/** Returns the seats that keep their price. */
export const UPDATE_PRICES = `
  WITH wanted AS (SELECT * FROM unnest($2::int[], $3::bigint[]) AS _ (seat_number, price)
  ), live AS MATERIALIZED (
    SELECT seat_number FROM reservations WHERE schedule_id = $1 AND status IN ('HELD', 'CONFIRMED')
  ), changed AS (
    UPDATE seats SET price = wanted.price FROM wanted
    WHERE seats.schedule_id = $1 AND seats.seat_number = wanted.seat_number
      AND NOT EXISTS (SELECT FROM live WHERE live.seat_number = wanted.seat_number)
  )
  SELECT seat_number FROM wanted JOIN live USING (seat_number) ORDER BY seat_number`;

export const PRICES = 'SELECT seat_number, price FROM seats WHERE schedule_id = $1 ORDER BY seat_number';

export const RISE_SCHEDULE_VERSION = 'UPDATE schedules SET version = version + 1 WHERE schedule_id = $1';

export const ANY_RESERVATION = 'SELECT 1 FROM reservations WHERE schedule_id = ANY($1::bigint[]) LIMIT 1';

export const DELETE_SCHEDULES = `
  WITH heads AS (DELETE FROM schedule_heads WHERE schedule_id = ANY($1::bigint[])),
  seat AS (DELETE FROM seats WHERE schedule_id = ANY($1::bigint[]))
  DELETE FROM schedules WHERE schedule_id = ANY($1::bigint[])`;

export const DELETE_CONCERT = `
  WITH numbers AS (DELETE FROM queue_unused_numbers WHERE concert_id = $1),
  tokens AS (DELETE FROM queue_tokens WHERE concert_id = $1),
  line AS (DELETE FROM queue_heads WHERE concert_id = $1)
  DELETE FROM concerts WHERE concert_id = $1`;
