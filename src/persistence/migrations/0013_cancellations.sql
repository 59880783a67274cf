-- Up Migration

-- Cancelled dates and concerts. The dates of a cancellation name it, so those that were cancelled before keep their own.
CREATE TABLE cancellations (
  cancellation_id uuid PRIMARY KEY,
  concert_id      bigint NOT NULL,
  -- Null: the whole concert.
  schedule_id     bigint,
  reason          text NOT NULL,
  -- Payments of its dates when it was made. No payment completes later: the epochs were raised with it.
  payments        integer NOT NULL CHECK (payments >= 0),
  amount          bigint NOT NULL CHECK (amount >= 0),
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Null while refunds are under way.
  finished_at     timestamptz
);
CREATE INDEX cancellations_unfinished ON cancellations (cancellation_id) WHERE finished_at IS NULL;

-- Payments that could not be refunded. They do not stop the others.
CREATE TABLE parked_refunds (
  payment_id      uuid PRIMARY KEY,
  cancellation_id uuid NOT NULL REFERENCES cancellations,
  code            text NOT NULL,
  parked_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX parked_refunds_cancellation ON parked_refunds (cancellation_id);

ALTER TABLE schedules ADD COLUMN cancellation_id uuid REFERENCES cancellations;
ALTER TABLE concerts
  ADD COLUMN cancellation_id uuid REFERENCES cancellations,
  ADD COLUMN cancelled_at timestamptz,
  ADD CONSTRAINT concerts_cancelled_check CHECK ((cancellation_id IS NULL) = (cancelled_at IS NULL));
CREATE INDEX schedules_cancellation ON schedules (cancellation_id) WHERE cancellation_id IS NOT NULL;
