-- Up Migration

-- A node that is going: it lives and serves, and gets no schedule any more.
ALTER TABLE nodes ADD COLUMN leaving_at timestamptz;
