-- Up Migration

-- The organiser's API keys. The secret itself is stored nowhere; 256 random bits need no slow hash.
CREATE TABLE admin_keys (
  key_id       uuid PRIMARY KEY,
  name         text NOT NULL,
  role         text NOT NULL CHECK (role IN ('OWNER', 'MANAGER', 'BOX_OFFICE', 'SCANNER', 'VIEWER')),
  concert_ids  bigint[],
  secret_hash  bytea NOT NULL CHECK (length(secret_hash) = 32),
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz
);

-- Every change by an organiser, written in the change's own transaction. The key is null for ADMIN_TOKEN.
CREATE TABLE admin_log (
  entry_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  key_id     uuid,
  action     text NOT NULL,
  target     text NOT NULL,
  before     jsonb,
  after      jsonb,
  request_id uuid NOT NULL
);

-- The first 2xx answers to organisers under their idempotency keys; `caller` is the id of their API key, or "root".
CREATE TABLE admin_answers (
  caller      text NOT NULL,
  key         text NOT NULL,
  fingerprint text NOT NULL,
  status      smallint NOT NULL,
  body        json NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (caller, key)
);
CREATE INDEX admin_answers_created ON admin_answers (created_at);
