-- Up Migration

-- Who may ask.
CREATE TABLE users (
  user_id    uuid PRIMARY KEY,
  name       text NOT NULL,
  email      text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- What is sold. Static but for the queue policy.
CREATE TABLE concerts (
  concert_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title               text NOT NULL,
  artist              text NOT NULL,
  venue               text NOT NULL,
  time_zone           text NOT NULL,
  booking_opens_at    timestamptz NOT NULL,
  booking_closes_at   timestamptz NOT NULL,
  queue_max_active    integer NOT NULL CHECK (queue_max_active >= 0),
  queue_batch         integer NOT NULL CHECK (queue_batch >= 0),
  queue_interval_ms   integer NOT NULL CHECK (queue_interval_ms > 0),
  queue_active_ttl_ms integer NOT NULL CHECK (queue_active_ttl_ms > 0),
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (booking_opens_at < booking_closes_at)
);

CREATE TABLE schedules (
  schedule_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  concert_id           bigint NOT NULL REFERENCES concerts,
  starts_at            timestamptz NOT NULL,
  ends_at              timestamptz,
  reservation_opens_at timestamptz,
  total_seats          integer NOT NULL CHECK (total_seats BETWEEN 1 AND 500),
  created_at           timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX schedules_concert ON schedules (concert_id, starts_at);

CREATE TABLE seats (
  schedule_id bigint NOT NULL REFERENCES schedules,
  seat_number integer NOT NULL CHECK (seat_number >= 1),
  price       bigint NOT NULL CHECK (price BETWEEN 0 AND 100000000),
  PRIMARY KEY (schedule_id, seat_number)
);

-- Who serves. `node` is NODE_ID:incarnation and is never revived.
CREATE TABLE nodes (
  node      text PRIMARY KEY,
  joined_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  address   text NOT NULL,
  beat      bigint NOT NULL DEFAULT 0,
  joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  dead_at   timestamptz
);

-- The fence: one tiny row per schedule, updated in place by every flush.
CREATE TABLE schedule_heads (
  schedule_id    bigint PRIMARY KEY REFERENCES schedules,
  epoch          bigint NOT NULL DEFAULT 0,
  owner          text,
  seq            bigint NOT NULL DEFAULT 0,
  next_expiry_at timestamptz
) WITH (fillfactor = 50);

-- The write-ahead log: one row per schedule per flush, its events numbered first_seq … last_seq.
CREATE TABLE seat_log (
  schedule_id bigint NOT NULL,
  first_seq   bigint NOT NULL,
  last_seq    bigint NOT NULL CHECK (last_seq >= first_seq),
  epoch       bigint NOT NULL,
  batch_id    uuid NOT NULL,
  events      jsonb NOT NULL,
  logged_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (schedule_id, first_seq)
);

-- What the log says, by reservation; written in the log's own statement. No foreign keys: each would cost a look-up and
-- a row lock per hold, and the audit checks what they would.
CREATE TABLE reservations (
  reservation_id uuid PRIMARY KEY,
  schedule_id    bigint NOT NULL,
  concert_id     bigint NOT NULL,
  user_id        uuid NOT NULL,
  seat_number    integer NOT NULL,
  price          bigint NOT NULL,
  status         text NOT NULL CHECK (status IN ('HELD', 'CONFIRMED', 'EXPIRED', 'CANCELLED', 'REFUNDED')),
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  confirmed_at   timestamptz,
  ended_at       timestamptz,
  payment_id     uuid,
  epoch          bigint NOT NULL,
  seq            bigint NOT NULL
);
CREATE UNIQUE INDEX reservations_live_seat ON reservations (schedule_id, seat_number) WHERE status IN ('HELD', 'CONFIRMED');
CREATE INDEX reservations_user ON reservations (user_id, reservation_id);

CREATE TABLE wallets (
  user_id    uuid PRIMARY KEY REFERENCES users,
  balance    bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
  entries    bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);

CREATE TABLE wallet_entries (
  user_id       uuid NOT NULL,
  entry_no      bigint NOT NULL,
  type          text NOT NULL CHECK (type IN ('CHARGE', 'PAYMENT', 'REFUND')),
  amount        bigint NOT NULL,
  balance_after bigint NOT NULL CHECK (balance_after >= 0),
  payment_id    uuid,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, entry_no)
);

CREATE TABLE payments (
  payment_id  uuid PRIMARY KEY,
  user_id     uuid NOT NULL,
  concert_id  bigint NOT NULL,
  schedule_id bigint NOT NULL,
  amount      bigint NOT NULL CHECK (amount >= 0),
  status      text NOT NULL CHECK (status IN ('COMPLETED', 'REFUNDED')),
  paid_at     timestamptz NOT NULL,
  refunded_at timestamptz
);
CREATE INDEX payments_user ON payments (user_id, payment_id);

CREATE TABLE payment_items (
  payment_id     uuid NOT NULL,
  item_no        integer NOT NULL,
  reservation_id uuid NOT NULL,
  PRIMARY KEY (payment_id, item_no)
);

-- The first 2xx answer under a key. What the statement itself decides (first_seq, balance) stands beside the body.
CREATE TABLE idempotency_keys (
  user_id     uuid NOT NULL,
  key         text NOT NULL,
  fingerprint text NOT NULL,
  status      smallint NOT NULL,
  body        json NOT NULL,
  first_seq   bigint,
  balance     bigint,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- The waiting room's durable record.
CREATE TABLE queue_heads (
  concert_id bigint PRIMARY KEY REFERENCES concerts,
  generation bigint NOT NULL DEFAULT 0,
  next_no    bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

CREATE TABLE queue_tokens (
  token_id     uuid PRIMARY KEY,
  concert_id   bigint NOT NULL,
  user_id      uuid NOT NULL,
  no           bigint NOT NULL,
  generation   bigint NOT NULL,
  status       text NOT NULL CHECK (status IN ('WAITING', 'ACTIVE', 'COMPLETED', 'EXPIRED', 'CANCELLED')),
  issued_at    timestamptz NOT NULL,
  activated_at timestamptz,
  active_until timestamptz,
  ended_at     timestamptz,
  UNIQUE (concert_id, no)
);
CREATE UNIQUE INDEX queue_tokens_live ON queue_tokens (concert_id, user_id) WHERE status IN ('WAITING', 'ACTIVE');
CREATE INDEX queue_tokens_activated ON queue_tokens (concert_id, activated_at) WHERE activated_at IS NOT NULL;
CREATE INDEX queue_tokens_ended ON queue_tokens (ended_at) WHERE ended_at IS NOT NULL;

-- Which sets of demonstration data were loaded, so that they are loaded once.
CREATE TABLE loaded_data (
  name      text PRIMARY KEY,
  loaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
