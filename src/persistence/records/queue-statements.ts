/*
 * The statements of the waiting room's durable record.
 *
 * Lock order: heads by concert, then tokens by id. Every write holds its heads' row locks until it has committed: entries
 * exclusively, because they number; admissions and ends shared, so that a generation cannot be raised under them.
 */

/** Epoch milliseconds of a column, as a float8, which the driver reads as a number. */
function milliseconds(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::float8`;
}

/** A parameter in epoch milliseconds as a timestamptz. */
function instant(expression: string): string {
  return `to_timestamp(${expression} / 1000)`;
}

/** How many times one holder can raise a head before it meets the numbers of the next one to take it over. */
const RAISES_PER_TAKE_OVER = 1_000_000;

/** Of the head row `h`. */
const NEXT_TAKE_OVER = `(h.generation / ${RAISES_PER_TAKE_OVER} + 1) * ${RAISES_PER_TAKE_OVER}`;

/**
 * How long a statement waits for heads that other transactions have locked. Those of other nodes hold them for some 10 ms each,
 * and callers wait for 1.5 s.
 */
const HEAD_PATIENCE_MS = 500;
const PATIENCE = `SELECT set_config('lock_timeout', '${HEAD_PATIENCE_MS}', true)`;

const TOKEN_COLUMNS = `
  t.token_id, t.concert_id, t.user_id, t.no, t.status,
  ${milliseconds('t.issued_at')} AS issued_ms,
  ${milliseconds('t.activated_at')} AS activated_ms,
  ${milliseconds('t.active_until')} AS until_ms,
  ${milliseconds('t.ended_at')} AS ended_ms`;

export const TAKE_OVER_ALL = `
  WITH free AS MATERIALIZED (SELECT concert_id FROM queue_heads ORDER BY concert_id FOR NO KEY UPDATE SKIP LOCKED),
  taken AS (
    UPDATE queue_heads h SET generation = ${NEXT_TAKE_OVER}
    FROM free WHERE h.concert_id = free.concert_id
    RETURNING h.concert_id, h.generation)
  SELECT h.concert_id, coalesce(taken.generation, ${NEXT_TAKE_OVER}) AS generation, taken.concert_id IS NOT NULL AS is_taken
  FROM queue_heads h LEFT JOIN taken USING (concert_id)`;

export const CONCERTS_WITH_LIVE_TOKENS = `
  SELECT h.concert_id FROM queue_heads h
  WHERE EXISTS (SELECT FROM queue_tokens t WHERE t.concert_id = h.concert_id AND t.status IN ('WAITING', 'ACTIVE'))`;

/** $1 concert */
export const FIND_HEAD = `SELECT concert_id, generation FROM queue_heads WHERE concert_id = $1`;

/** $1 concerts: those whose heads no other transaction has locked. */
export const FREE_HEADS = `
  SELECT concert_id FROM queue_heads WHERE concert_id = ANY($1::bigint[]) ORDER BY concert_id FOR NO KEY UPDATE SKIP LOCKED`;

/**
 * $1 concerts, $2 generations that their heads must be below, or nulls. No row comes back for a head that is not, nor for one that
 * is locked.
 */
export const TAKE_OVER_FREE = `
  WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS wanted (concert_id, below)),
  made AS (
    INSERT INTO queue_heads (concert_id, generation)
    SELECT concert_id, ${RAISES_PER_TAKE_OVER} FROM wanted
    WHERE NOT EXISTS (SELECT FROM queue_heads h WHERE h.concert_id = wanted.concert_id)
    ORDER BY concert_id ON CONFLICT DO NOTHING
    RETURNING concert_id, generation, next_no),
  free AS MATERIALIZED (
    SELECT h.concert_id FROM queue_heads h JOIN wanted USING (concert_id)
    WHERE wanted.below IS NULL OR h.generation < wanted.below
    ORDER BY h.concert_id FOR NO KEY UPDATE OF h SKIP LOCKED),
  taken AS (
    UPDATE queue_heads h SET generation = ${NEXT_TAKE_OVER}
    FROM free WHERE h.concert_id = free.concert_id
    RETURNING h.concert_id, h.generation, h.next_no)
  SELECT * FROM made UNION ALL SELECT * FROM taken`;

/** $1 concert, $2 a generation that the head must be below, or null */
export const TAKE_OVER = `
  INSERT INTO queue_heads AS h (concert_id, generation) VALUES ($1, ${RAISES_PER_TAKE_OVER})
  ON CONFLICT (concert_id) DO UPDATE SET generation = ${NEXT_TAKE_OVER} WHERE $2::bigint IS NULL OR h.generation < $2
  RETURNING concert_id, generation, next_no`;

/**
 * $1 concerts, $2 their generations. Repeating it changes nothing, so its own answer may be lost. No row comes back for a head that
 * another process has taken over; that of a locked one has no `raised`.
 */
export const RAISE = `
  WITH r AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS r(concert_id, generation)),
  own AS MATERIALIZED (
    SELECT h.concert_id, r.generation FROM queue_heads h JOIN r USING (concert_id)
    WHERE h.generation IN (r.generation, r.generation + 1)),
  free AS MATERIALIZED (
    SELECT h.concert_id, own.generation + 1 AS next FROM queue_heads h JOIN own USING (concert_id)
    WHERE h.generation IN (own.generation, own.generation + 1)
    ORDER BY h.concert_id FOR NO KEY UPDATE OF h SKIP LOCKED),
  raised AS (
    UPDATE queue_heads h SET generation = free.next
    FROM free WHERE h.concert_id = free.concert_id
    RETURNING h.concert_id, h.generation)
  SELECT own.concert_id, own.generation, raised.generation AS raised FROM own LEFT JOIN raised USING (concert_id)`;

/** $1 concert, $2 user id or null, $3 limit */
export const LIST_LIVE = `
  SELECT ${TOKEN_COLUMNS} FROM queue_tokens t
  WHERE t.concert_id = $1 AND t.status IN ('WAITING', 'ACTIVE')
    AND t.user_id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
  ORDER BY t.user_id LIMIT $3`;

/** $1 concerts, $2 limit for each */
export const LIST_FIRST_LIVE = `
  SELECT live.* FROM unnest($1::bigint[]) AS asked (concert_id) CROSS JOIN LATERAL (
    SELECT ${TOKEN_COLUMNS} FROM queue_tokens t
    WHERE t.concert_id = asked.concert_id AND t.status IN ('WAITING', 'ACTIVE')
    ORDER BY t.user_id LIMIT $2) AS live`;

/** $1 concert, $2 first and $3 last number */
export const LIST_NUMBERED = `
  SELECT ${TOKEN_COLUMNS} FROM queue_tokens t
  WHERE t.concert_id = $1 AND t.status IN ('WAITING', 'ACTIVE') AND t.no BETWEEN $2 AND $3`;

/** $1 concerts, $2 epoch milliseconds, $3 limits; oldest first. `asked` counts the three from 1. */
export const LIST_ADMISSIONS = `
  SELECT asked.nth::int AS asked, newest.token_id, ${milliseconds('newest.activated_at')} AS activated_ms
  FROM unnest($1::bigint[], $2::float8[], $3::int[]) WITH ORDINALITY AS asked (concert_id, after_ms, most, nth)
  CROSS JOIN LATERAL (
    SELECT token_id, activated_at FROM queue_tokens
    WHERE concert_id = asked.concert_id AND activated_at > ${instant('asked.after_ms')}
    ORDER BY activated_at DESC LIMIT asked.most) AS newest
  ORDER BY newest.activated_at`;

/**
 * $1 token ids, $2 concerts, $3 generations, $4 users, $5 epoch milliseconds of issue; in order of arrival.
 * One row per entry: `is_held` is false where the head is under another generation; else either `entered_no`, with the numbers
 * that the statement took in the line, or the columns of the user's live token are there, or neither when another writer entered
 * the user while this one waited. The number that such an entry took is recorded as unused, so that the audit can tell it from that
 * of a token that vanished.
 */
export const ENTER = `
  WITH e AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::float8[]) WITH ORDINALITY
      AS e(token_id, concert_id, generation, user_id, issued_ms, arrival)),
  patience AS MATERIALIZED (${PATIENCE}),
  held AS MATERIALIZED (
    SELECT h.concert_id, h.generation FROM patience, queue_heads h
    JOIN (SELECT DISTINCT concert_id, generation FROM e) AS g USING (concert_id, generation)
    ORDER BY h.concert_id FOR NO KEY UPDATE OF h),
  live AS MATERIALIZED (
    SELECT e.arrival, ${TOKEN_COLUMNS} FROM e
    JOIN held USING (concert_id, generation)
    JOIN queue_tokens t ON t.concert_id = e.concert_id AND t.user_id = e.user_id AND t.status IN ('WAITING', 'ACTIVE')),
  fresh AS MATERIALIZED (
    SELECT e.*, row_number() OVER (PARTITION BY e.concert_id ORDER BY e.arrival) AS nth FROM e
    JOIN held USING (concert_id, generation)
    WHERE e.arrival NOT IN (SELECT arrival FROM live)),
  numbered AS (
    UPDATE queue_heads h SET next_no = h.next_no + f.count
    FROM (SELECT concert_id, count(*) AS count FROM fresh GROUP BY concert_id) AS f
    WHERE h.concert_id = f.concert_id
    RETURNING h.concert_id, h.next_no - f.count AS first_no, h.next_no - 1 AS last_no),
  entered AS (
    INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at)
    SELECT f.token_id, f.concert_id, f.user_id, n.first_no + f.nth - 1, f.generation, 'WAITING', ${instant('f.issued_ms')}
    FROM fresh f JOIN numbered n USING (concert_id)
    ORDER BY f.concert_id, f.nth
    ON CONFLICT (concert_id, user_id) WHERE status IN ('WAITING', 'ACTIVE') DO NOTHING
    RETURNING token_id, no),
  unused AS (
    INSERT INTO queue_unused_numbers (concert_id, no)
    SELECT f.concert_id, n.first_no + f.nth - 1 FROM fresh f JOIN numbered n USING (concert_id)
    WHERE f.token_id NOT IN (SELECT token_id FROM entered))
  SELECT held.concert_id IS NOT NULL AS is_held, entered.no AS entered_no, n.first_no, n.last_no,
    l.token_id, l.concert_id, l.user_id, l.no, l.status, l.issued_ms, l.activated_ms, l.until_ms, l.ended_ms
  FROM e
  LEFT JOIN held USING (concert_id, generation)
  LEFT JOIN entered ON entered.token_id = e.token_id
  LEFT JOIN numbered n ON n.concert_id = e.concert_id
  LEFT JOIN live l ON l.arrival = e.arrival
  ORDER BY e.arrival`;

/** $1 token ids, $2 concerts, $3 generations, $4 and $5 epoch milliseconds of admission and of its end */
export const ADMIT = changeTokens({
  columns: '$1::uuid[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[]',
  names: 'token_id, concert_id, generation, activated_ms, until_ms',
  from: `'WAITING'`,
  set: `status = 'ACTIVE', activated_at = ${instant('c.activated_ms')}, active_until = ${instant('c.until_ms')}`,
});

/**
 * $1 token ids, $2 concerts, $3 generations, $4 statuses, $5 epoch milliseconds of the end, $6 whether a live hold of the
 * user in the concert keeps the token. A hold that commits at the same time may be missed: it stays payable all the same.
 */
const TO_END = {
  columns: '$1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::float8[], $6::boolean[]',
  names: 'token_id, concert_id, generation, status, ended_ms, unless_holding',
  from: `'WAITING', 'ACTIVE'`,
  set: `status = c.status, ended_at = ${instant('c.ended_ms')}`,
  // A scalar subquery, so that the planner looks at the reservations of each such user by the index, and of no others.
  keep: `CASE WHEN c.unless_holding THEN (
      SELECT coalesce(bool_or(r.status = 'HELD'), false) FROM reservations r
      WHERE r.user_id = t.user_id AND r.concert_id = t.concert_id) ELSE false END`,
};
export const END = changeTokens(TO_END);

/** The same without holding the heads, where other transactions have locked them. */
export const END_UNHELD = changeTokens(TO_END, '');

/**
 * One row per change: whether its head is held, whether the token's row was changed, whether `keep`, of the change `c` and the
 * token `t`, left it as it is, and whether it is locked. None of these: it was in no status to change from.
 */
function changeTokens(
  change: { columns: string; names: string; from: string; set: string; keep?: string },
  lock = 'FOR SHARE OF h',
): string {
  const kept = change.keep ?? 'false';
  return `
  WITH c AS MATERIALIZED (SELECT * FROM unnest(${change.columns}) AS c(${change.names})),
  patience AS MATERIALIZED (${PATIENCE}),
  held AS MATERIALIZED (
    SELECT h.concert_id, h.generation FROM patience, queue_heads h
    JOIN (SELECT DISTINCT concert_id, generation FROM c) AS g USING (concert_id, generation)
    ORDER BY h.concert_id ${lock}),
  due AS MATERIALIZED (
    SELECT t.token_id, ${kept} AS is_kept FROM c
    JOIN held USING (concert_id, generation)
    JOIN queue_tokens t ON t.token_id = c.token_id
    WHERE t.status IN (${change.from})),
  free AS MATERIALIZED (
    SELECT t.token_id FROM due
    JOIN queue_tokens t ON t.token_id = due.token_id
    WHERE t.status IN (${change.from}) AND NOT due.is_kept
    ORDER BY t.token_id FOR NO KEY UPDATE OF t SKIP LOCKED),
  changed AS (
    UPDATE queue_tokens t SET ${change.set}
    FROM c JOIN free USING (token_id)
    WHERE t.token_id = c.token_id AND t.status IN (${change.from})
    RETURNING t.token_id)
  SELECT c.token_id, c.concert_id, held.concert_id IS NOT NULL AS is_held, changed.token_id IS NOT NULL AS is_changed,
    coalesce(due.is_kept, false) AS is_kept,
    changed.token_id IS NULL AND NOT coalesce(due.is_kept, true) AS is_locked
  FROM c
  LEFT JOIN held USING (concert_id, generation)
  LEFT JOIN changed ON changed.token_id = c.token_id
  LEFT JOIN due ON due.token_id = c.token_id`;
}

/** $1 token ids */
export const FIND = `SELECT ${TOKEN_COLUMNS} FROM queue_tokens t WHERE t.token_id = ANY($1::uuid[])`;

/**
 * $1 token ids. One row at least, with `took_ms` so far. A token is complete by the payment that leaves its user no other hold in the concert. Payments of several
 * dates that commit at once do not see each other, and none of them ends the token; then the last one to end a hold does.
 * A hold that is released or expires later than the last payment completes nothing.
 * The aggregate keeps the look at the reservations one index scan per token, whatever the planner thinks of their number.
 */
export const REVIEW = `
  WITH found AS MATERIALIZED (SELECT ${TOKEN_COLUMNS}, t.status = 'ACTIVE' AS is_paid_up FROM queue_tokens t
  CROSS JOIN LATERAL (
    SELECT max(r.confirmed_at) AS paid_at,
      max(r.ended_at) FILTER (WHERE r.status IN ('EXPIRED', 'CANCELLED')) AS unpaid_end_at,
      coalesce(bool_or(r.status = 'HELD'), false) AS holds
    FROM reservations r WHERE r.user_id = t.user_id AND r.concert_id = t.concert_id) AS r
  WHERE t.token_id = ANY($1::uuid[])
    AND (t.status NOT IN ('WAITING', 'ACTIVE')
      OR (t.status = 'ACTIVE' AND r.paid_at >= t.activated_at AND NOT r.holds
        AND r.paid_at >= coalesce(r.unpaid_end_at, r.paid_at))))
  SELECT found.*, (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::float8 AS took_ms
  FROM (VALUES (1)) AS always LEFT JOIN found ON true`;
