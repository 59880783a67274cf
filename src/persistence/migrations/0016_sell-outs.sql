-- Up Migration

-- The first sell-out of each schedule: the settlement that left no seat on sale. `seats` were paid for then.
CREATE TABLE sold_out_schedules (
  schedule_id bigint PRIMARY KEY,
  opened_at   timestamptz NOT NULL,
  sold_out_at timestamptz NOT NULL CHECK (sold_out_at >= opened_at),
  seats       integer NOT NULL CHECK (seats >= 1)
);

INSERT INTO sold_out_schedules
SELECT schedule_id, least(greatest(c.booking_opens_at, s.reservation_opens_at), r.sold_out_at), r.sold_out_at, r.seats
FROM (
  SELECT schedule_id, max(confirmed_at) AS sold_out_at, count(*)::int AS seats FROM reservations WHERE status = 'CONFIRMED'
  GROUP BY schedule_id
) r JOIN schedules s USING (schedule_id) JOIN concerts c USING (concert_id)
WHERE r.seats = s.total_seats;
