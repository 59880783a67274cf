-- Up Migration

-- Numbers of a line that no token has: an entry took one and found, when it came to be inserted, that its user had entered
-- elsewhere meanwhile. So a number that neither a token nor this table has is evidence of a token that vanished.
CREATE TABLE queue_unused_numbers (
  concert_id bigint NOT NULL,
  no         bigint NOT NULL,
  unused_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (concert_id, no)
);
CREATE INDEX queue_unused_numbers_unused ON queue_unused_numbers (unused_at);

-- Every number from this one on is accounted for. Earlier ones were given out before unused numbers were recorded.
ALTER TABLE queue_heads ADD COLUMN accounted_from bigint NOT NULL DEFAULT 1;
UPDATE queue_heads SET accounted_from = next_no;
