-- Up Migration

-- What an organiser may change of a concert and of a date. `times_changed_at` is null while the times are those of the creation:
-- only holds since then began under the times that the row shows.
ALTER TABLE concerts
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  ADD COLUMN times_changed_at timestamptz;
ALTER TABLE schedules
  ADD COLUMN closed boolean NOT NULL DEFAULT false,
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  ADD COLUMN times_changed_at timestamptz;
