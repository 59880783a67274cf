import type { AppendBatch } from '../actors/journal-port.ts';
import type { LaneStatement } from './lane.ts';

/*
 * The append: fence, log, reservation rows and recorded answers of many schedules in one statement.
 *
 * S1. A schedule's part is done if and only if its head row stands at `first_seq - 1` under `epoch`; it is then returned.
 * S2. `held` waits for `ended`: PostgreSQL runs data-modifying parts in any order, and a seat that expires and is held again
 *     in one flush would meet the unique index of live seats.
 * S3. The row counts are compared inside the statement, so that log and rows cannot part: a difference divides by zero and
 *     undoes everything. So does a key that another request has recorded in the last 24 hours.
 * S4. Parts are sorted by schedule and keys by user, which is the lock order of every statement of the service.
 */
const APPEND = `
WITH b AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[], $7::uuid[],
      string_to_array($8, E'\\n'), $9::int[], $10::int[], $11::int[])
    AS b (schedule_id, concert_id, epoch, first_seq, last_seq, next_expiry, batch_id, events, ends, inserts, keys)
), head AS (
  UPDATE schedule_heads h SET seq = b.last_seq, next_expiry_at = to_timestamp(b.next_expiry)
  FROM b
  WHERE h.schedule_id = b.schedule_id AND h.epoch = b.epoch AND h.seq = b.first_seq - 1
  RETURNING b.*
), log AS (
  INSERT INTO seat_log (schedule_id, first_seq, last_seq, epoch, batch_id, events)
  SELECT schedule_id, first_seq, last_seq, epoch, batch_id, events::jsonb FROM head WHERE last_seq >= first_seq
), ended AS (
  UPDATE reservations r SET status = e.status, ended_at = to_timestamp(e.ended_at), epoch = head.epoch, seq = e.seq
  FROM unnest($12::bigint[], $13::uuid[], $14::text[], $15::float8[], $16::bigint[])
    AS e (schedule_id, reservation_id, status, ended_at, seq)
  JOIN head USING (schedule_id)
  WHERE r.reservation_id = e.reservation_id AND r.status = 'HELD'
  RETURNING 1
), held AS (
  INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status,
    created_at, expires_at, ended_at, epoch, seq)
  SELECT n.reservation_id, n.schedule_id, head.concert_id, n.user_id, n.seat_number, n.price, n.status,
    to_timestamp(n.created_at), to_timestamp(n.expires_at), to_timestamp(n.ended_at), head.epoch, n.seq
  FROM unnest($17::bigint[], $18::uuid[], $19::uuid[], $20::int[], $21::bigint[], $22::text[], $23::float8[], $24::float8[], $25::float8[], $26::bigint[])
    AS n (schedule_id, reservation_id, user_id, seat_number, price, status, created_at, expires_at, ended_at, seq)
  JOIN head USING (schedule_id)
  WHERE (SELECT count(*) FROM ended) >= 0
  RETURNING 1
), recorded AS (
  INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, status, body)
  SELECT k.user_id, k.key, k.fingerprint, k.status, k.body::json
  FROM unnest($27::bigint[], $28::uuid[], string_to_array($29, E'\\n'), $30::text[], $31::smallint[], string_to_array($32, E'\\n'))
    AS k (schedule_id, user_id, key, fingerprint, status, body)
  JOIN head USING (schedule_id)
  WHERE (SELECT count(*) FROM held) >= 0
  ORDER BY k.user_id, k.key
  ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    body = excluded.body, first_seq = NULL, balance = NULL, created_at = excluded.created_at
    WHERE i.created_at <= statement_timestamp() - interval '24 hours'
  RETURNING 1
)
SELECT head.schedule_id, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
  1 / ((SELECT count(*) FROM ended) = (SELECT sum(ends) FROM head)
    AND (SELECT count(*) FROM held) = (SELECT sum(inserts) FROM head)
    AND (SELECT count(*) FROM recorded) = (SELECT sum(keys) FROM head))::int AS sound
FROM head`;

/**
 * An array literal of values that need no quotes: numbers, UUIDs, words. The driver would look at every element for what to
 * escape, which cost as much per hold as the decision itself.
 */
function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** Texts without line breaks, which JSON texts and keys are, for `string_to_array`. */
function lines(values: readonly string[]): string {
  return values.join('\n');
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** The statement for these batches, at most one per schedule. Its rows name the schedules whose part was done. */
export function appendStatement(batches: readonly AppendBatch[]): LaneStatement {
  const parts = batches.toSorted((a, b) => a.scheduleId - b.scheduleId);
  const ends = parts.flatMap(({ scheduleId, ends: rows }) => rows.map((row) => ({ scheduleId, row })));
  const inserts = parts.flatMap(({ scheduleId, inserts: rows }) => rows.map((row) => ({ scheduleId, row })));
  const keys = parts.flatMap(({ scheduleId, keys: rows }) => rows.map((row) => ({ scheduleId, row })));
  return {
    name: 'append',
    text: APPEND,
    values: [
      plainArray(parts.map((part) => part.scheduleId)),
      plainArray(parts.map((part) => part.concertId)),
      plainArray(parts.map((part) => part.epoch)),
      plainArray(parts.map((part) => part.firstSeq)),
      plainArray(parts.map((part) => part.lastSeq)),
      plainArray(parts.map((part) => seconds(part.nextExpiryAt))),
      plainArray(parts.map((part) => part.batchId)),
      lines(parts.map((part) => JSON.stringify(part.events))),
      plainArray(parts.map((part) => part.ends.length)),
      plainArray(parts.map((part) => part.inserts.length)),
      plainArray(parts.map((part) => part.keys.length)),
      plainArray(ends.map(({ scheduleId }) => scheduleId)),
      plainArray(ends.map(({ row }) => row.reservationId)),
      plainArray(ends.map(({ row }) => row.status)),
      plainArray(ends.map(({ row }) => seconds(row.endedAt))),
      plainArray(ends.map(({ row }) => row.seq)),
      plainArray(inserts.map(({ scheduleId }) => scheduleId)),
      plainArray(inserts.map(({ row }) => row.reservationId)),
      plainArray(inserts.map(({ row }) => row.userId)),
      plainArray(inserts.map(({ row }) => row.seatNumber)),
      plainArray(inserts.map(({ row }) => row.price)),
      plainArray(inserts.map(({ row }) => row.status)),
      plainArray(inserts.map(({ row }) => seconds(row.createdAt))),
      plainArray(inserts.map(({ row }) => seconds(row.expiresAt))),
      plainArray(inserts.map(({ row }) => seconds(row.endedAt))),
      plainArray(inserts.map(({ row }) => row.seq)),
      plainArray(keys.map(({ scheduleId }) => scheduleId)),
      plainArray(keys.map(({ row }) => row.userId)),
      lines(keys.map(({ row }) => row.key)),
      plainArray(keys.map(({ row }) => row.fingerprint)),
      plainArray(keys.map(({ row }) => row.status)),
      lines(keys.map(({ row }) => row.body)),
    ],
  };
}
