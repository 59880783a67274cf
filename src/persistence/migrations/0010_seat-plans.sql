-- Up Migration

-- Halls as organisers draw them. A version never changes.
CREATE TABLE seat_plans (
  plan_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- `plan` has the name, the sections, rows and seats, and the price levels; seats are numbered 1, 2, … in their order.
CREATE TABLE seat_plan_versions (
  plan_id     bigint NOT NULL REFERENCES seat_plans,
  version     integer NOT NULL CHECK (version >= 1),
  total_seats integer NOT NULL CHECK (total_seats BETWEEN 1 AND 2000),
  plan        jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (plan_id, version)
);

-- A schedule without a plan has rows of ten.
ALTER TABLE schedules
  DROP CONSTRAINT schedules_total_seats_check,
  ADD CONSTRAINT schedules_total_seats_check CHECK (total_seats BETWEEN 1 AND 2000),
  ADD COLUMN plan_id bigint,
  ADD COLUMN plan_version integer,
  ADD CONSTRAINT schedules_plan_check CHECK ((plan_id IS NULL) = (plan_version IS NULL)),
  ADD CONSTRAINT schedules_plan_fkey FOREIGN KEY (plan_id, plan_version) REFERENCES seat_plan_versions;
