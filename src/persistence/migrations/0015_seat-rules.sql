-- Up Migration

-- Whether a choice of seats may leave a single free one, and until when accessible seats are kept; null: they are not kept.
ALTER TABLE schedules
  ADD COLUMN single_seats text NOT NULL DEFAULT 'AVOID' CHECK (single_seats IN ('ALLOW', 'AVOID', 'FORBID')),
  ADD COLUMN accessible_release_at timestamptz;
