-- Up Migration

-- The write-ahead log: one row per flush, with the parts of all its schedules side by side. A row per schedule would cost a
-- heap tuple and an index entry for every part; nothing that serves reads the log by schedule.
CREATE TABLE seat_log_flushes (
  flush_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Of what was taken together. When PostgreSQL refused a part, what was taken together came in several flushes.
  batch_id     uuid NOT NULL,
  logged_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  schedule_ids bigint[] NOT NULL,
  first_seqs   bigint[] NOT NULL,
  last_seqs    bigint[] NOT NULL,
  epochs       bigint[] NOT NULL,
  -- By schedule: the array of its events, numbered first_seq … last_seq.
  events       json[] NOT NULL,
  CHECK (cardinality(schedule_ids) = cardinality(first_seqs) AND cardinality(schedule_ids) = cardinality(last_seqs)
    AND cardinality(schedule_ids) = cardinality(epochs) AND cardinality(schedule_ids) = cardinality(events))
);
CREATE INDEX seat_log_flushes_batch ON seat_log_flushes (batch_id);
-- Compressing costs more than the bytes that it saves.
ALTER TABLE seat_log_flushes ALTER events SET STORAGE EXTERNAL;

INSERT INTO seat_log_flushes (batch_id, logged_at, schedule_ids, first_seqs, last_seqs, epochs, events)
SELECT batch_id, min(logged_at), array_agg(schedule_id ORDER BY schedule_id), array_agg(first_seq ORDER BY schedule_id),
  array_agg(last_seq ORDER BY schedule_id), array_agg(epoch ORDER BY schedule_id), array_agg(events::json ORDER BY schedule_id)
FROM seat_log GROUP BY batch_id ORDER BY min(logged_at);

DROP TABLE seat_log;

-- The log by schedule.
CREATE VIEW seat_log AS
SELECT part.schedule_id, part.first_seq, part.last_seq, part.epoch, flush.batch_id, part.events::jsonb AS events, flush.logged_at
FROM seat_log_flushes flush,
  unnest(flush.schedule_ids, flush.first_seqs, flush.last_seqs, flush.epochs, flush.events)
    AS part (schedule_id, first_seq, last_seq, epoch, events);
