-- Up Migration

-- `first_held_at` is null while it is `created_at`. A user who holds a seat again within a minute of giving it back has had it
-- since then.
ALTER TABLE reservations
  ADD COLUMN first_held_at timestamptz,
  ADD COLUMN extensions smallint NOT NULL DEFAULT 0 CHECK (extensions BETWEEN 0 AND 10);

-- An owner that loads a schedule reads the holds that ended within the last minute.
CREATE INDEX reservations_ended ON reservations (schedule_id, ended_at) WHERE status IN ('EXPIRED', 'CANCELLED');
