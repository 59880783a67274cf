-- Up Migration

-- Which secrets a node knows, its own first; the secrets do not follow from it. Null for nodes that have no peers.
ALTER TABLE nodes ADD COLUMN secret_fingerprints text[];
