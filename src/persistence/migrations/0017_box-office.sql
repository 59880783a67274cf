-- Up Migration

-- Seats that an organiser keeps out of the sale, with the change of the schedule's log that says so. An owner loads them with
-- the head.
CREATE TABLE blocked_seats (
  schedule_id bigint NOT NULL,
  seat_number integer NOT NULL,
  epoch       bigint NOT NULL,
  seq         bigint NOT NULL,
  blocked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (schedule_id, seat_number),
  FOREIGN KEY (schedule_id, seat_number) REFERENCES seats ON DELETE CASCADE
);

-- A ticket that an organiser gave away. It costs 0 won and has no ledger entry.
ALTER TABLE payments ADD COLUMN comp boolean NOT NULL DEFAULT false;

-- How often an organiser moved the reservation to another seat. Its price stays, so it may differ from its seat's.
ALTER TABLE reservations ADD COLUMN moves integer NOT NULL DEFAULT 0;
