-- Up Migration

-- The nodes that a node reaches over its own links, told with its beat; null while it does not say.
ALTER TABLE nodes ADD COLUMN reaches text[];
-- Odd while a node stands aside because the others do not reach it: its schedules are free. Raised with each change, so that
-- a statement that was delayed changes nothing.
ALTER TABLE nodes ADD COLUMN separation_no bigint NOT NULL DEFAULT 0;
