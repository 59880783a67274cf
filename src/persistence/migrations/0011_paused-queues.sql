-- Up Migration

-- A pause leaves the policy as it is, so that resuming finds the former pace.
ALTER TABLE concerts ADD COLUMN queue_paused boolean NOT NULL DEFAULT false;
