-- Up Migration

-- A key's row keeps what was granted, its type here and its value in `body`. Rows of the former versions keep the answer's status
-- and body; they are read for 24 hours, their life.
ALTER TABLE idempotency_keys ADD COLUMN type text;
ALTER TABLE idempotency_keys ALTER COLUMN status DROP NOT NULL;
