-- Up Migration

-- What each node published of itself last, for the operator's page. Not logged: it is a few seconds old at most, and worth nothing later.
CREATE UNLOGGED TABLE node_figures (
  node    text PRIMARY KEY,
  figures jsonb NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
