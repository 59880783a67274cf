import type { Pool } from 'pg';

/**
 * A rival's tables. `reservations` and its indexes are those of the service; the seat's state is in `seats`, whose rows
 * are locked. Its pages have room, so that an update stays on its page and touches no index.
 */
const TABLES = `
CREATE TABLE schedules (
  schedule_id bigint PRIMARY KEY,
  concert_id  bigint NOT NULL,
  starts_at   timestamptz NOT NULL
);
CREATE TABLE seats (
  schedule_id bigint NOT NULL,
  seat_number integer NOT NULL,
  price       bigint NOT NULL,
  status      text NOT NULL DEFAULT 'AVAILABLE',
  user_id     uuid,
  PRIMARY KEY (schedule_id, seat_number)
) WITH (fillfactor = 50);
CREATE TABLE reservations (
  reservation_id uuid PRIMARY KEY,
  schedule_id    bigint NOT NULL,
  concert_id     bigint NOT NULL,
  user_id        uuid NOT NULL,
  seat_number    integer NOT NULL,
  price          bigint NOT NULL,
  status         text NOT NULL CHECK (status IN ('HELD', 'CONFIRMED', 'EXPIRED', 'CANCELLED', 'REFUNDED')),
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  confirmed_at   timestamptz,
  ended_at       timestamptz,
  payment_id     uuid,
  epoch          bigint NOT NULL,
  seq            bigint NOT NULL
);
CREATE UNIQUE INDEX reservations_live_seat ON reservations (schedule_id, seat_number) WHERE status IN ('HELD', 'CONFIRMED');
CREATE INDEX reservations_user ON reservations (user_id, reservation_id);
`;

/** Creates a rival's tables in an empty database. */
export async function createRivalTables(pool: Pool): Promise<void> {
  await pool.query(TABLES);
}

/** Adds fresh schedules with free seats and returns their ids. */
export async function addRivalSchedules(pool: Pool, count: number, seatCount: number): Promise<number[]> {
  const { rows } = await pool.query<{ schedule_id: string }>(
    `INSERT INTO schedules SELECT coalesce((SELECT max(schedule_id) FROM schedules), 0) + n, 1, now() + interval '300 days'
     FROM generate_series(1, $1) n RETURNING schedule_id`,
    [count],
  );
  const scheduleIds = rows.map((row) => Number(row.schedule_id));
  await pool.query(
    `INSERT INTO seats (schedule_id, seat_number, price)
     SELECT schedule_id, seat_number, 110000 FROM unnest($1::bigint[]) schedule_id, generate_series(1, $2) seat_number`,
    [scheduleIds, seatCount],
  );
  return scheduleIds;
}

/** Audits a rival's database: a sentence for each seat that does not agree with its reservations, one to one. */
export async function findRivalFaults(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ fault: string }>(
    `SELECT format('seat %s of schedule %s has %s live reservations and is %s', seat_number, schedule_id, count(r.reservation_id), s.status) AS fault
     FROM seats s LEFT JOIN reservations r USING (schedule_id, seat_number)
     GROUP BY schedule_id, seat_number, s.status, s.user_id
     HAVING count(r.reservation_id) <> (s.status = 'HELD')::int OR bool_or(r.user_id <> s.user_id)
     LIMIT 20`,
  );
  return rows.map((row) => row.fault);
}
