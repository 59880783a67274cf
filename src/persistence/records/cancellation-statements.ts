/*
 * The statements of cancellations.
 *
 * Seats that are still paid for are found by the index of live seats; nothing reads payments by date.
 */

export const PAID_NOW = `
  SELECT count(DISTINCT payment_id) AS payments, coalesce(sum(price), 0)::bigint AS amount
  FROM reservations WHERE schedule_id = ANY($1::bigint[]) AND status = 'CONFIRMED'`;

export const INSERT_CANCELLATION = `
  INSERT INTO cancellations (cancellation_id, concert_id, schedule_id, reason, payments, amount, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, date_trunc('milliseconds', clock_timestamp()))`;

export const CANCEL_SCHEDULES = `
  UPDATE schedules SET cancellation_id = $2, version = version + 1 WHERE schedule_id = ANY($1::bigint[])`;

export const CANCEL_CONCERT = `
  UPDATE concerts SET cancellation_id = $2, cancelled_at = date_trunc('milliseconds', clock_timestamp()), version = version + 1
  WHERE concert_id = $1`;

export const CANCELLATION_OF_CONCERT = 'SELECT cancellation_id FROM concerts WHERE concert_id = $1';

export const UNCANCELLED_DATES = `
  SELECT schedule_id FROM schedules WHERE concert_id = $1 AND cancellation_id IS NULL ORDER BY schedule_id FOR UPDATE`;

/** Returns how many refunds were parked. */
export const UNPARK = `
  WITH unparked AS (DELETE FROM parked_refunds WHERE cancellation_id = $1 RETURNING 1),
  reopened AS (
    UPDATE cancellations SET finished_at = NULL WHERE cancellation_id = $1 AND (SELECT count(*) FROM unparked) > 0
  )
  SELECT count(*) AS parked FROM unparked`;

/** The dates of the cancellation at $1, as `s`. */
const OF_CANCELLATION = 'FROM schedules s JOIN reservations r USING (schedule_id) WHERE s.cancellation_id = $1';

export const FIND = `
  SELECT c.*, (SELECT array_agg(schedule_id ORDER BY schedule_id) FROM schedules s WHERE s.cancellation_id = $1) AS schedule_ids,
    (SELECT count(DISTINCT r.payment_id) ${OF_CANCELLATION} AND r.status = 'CONFIRMED') AS unrefunded,
    (SELECT json_agg(json_build_object('paymentId', p.payment_id, 'userId', p.user_id, 'amount', p.amount, 'code', parked.code)
        ORDER BY p.payment_id)
      FROM parked_refunds parked JOIN payments p USING (payment_id)
      WHERE parked.cancellation_id = $1 AND p.status = 'COMPLETED') AS parked
  FROM cancellations c WHERE c.cancellation_id = $1`;

export const RUNNING =
  'SELECT cancellation_id FROM cancellations WHERE finished_at IS NULL ORDER BY created_at, cancellation_id';

export const DATES = `
  SELECT h.schedule_id AS "scheduleId", h.epoch FROM schedules s JOIN schedule_heads h USING (schedule_id)
  WHERE s.cancellation_id = $1 ORDER BY h.schedule_id`;

/** A confirmed reservation that waits for its refund. */
const IS_DUE = `r.status = 'CONFIRMED' AND NOT EXISTS (SELECT FROM parked_refunds parked WHERE parked.payment_id = r.payment_id)`;

export const DUE = `
  SELECT DISTINCT r.schedule_id AS "scheduleId", r.payment_id AS "paymentId", r.user_id AS "userId" ${OF_CANCELLATION} AND ${IS_DUE}
  ORDER BY "scheduleId", "paymentId" LIMIT $2`;

/** A payment that its buyer has had refunded meanwhile is not parked. */
export const PARK = `
  INSERT INTO parked_refunds (payment_id, cancellation_id, code)
  SELECT payment_id, $1, $3 FROM payments WHERE payment_id = $2 AND status = 'COMPLETED'
  ON CONFLICT (payment_id) DO NOTHING`;

export const FINISH = `
  WITH finished AS (
    UPDATE cancellations SET finished_at = date_trunc('milliseconds', clock_timestamp())
    WHERE cancellation_id = $1 AND finished_at IS NULL
      AND NOT EXISTS (SELECT ${OF_CANCELLATION} AND (r.status = 'HELD' OR ${IS_DUE}))
  )
  SELECT NOT EXISTS (SELECT ${OF_CANCELLATION} AND (r.status = 'HELD' OR ${IS_DUE})) AS "isFinished"`;
