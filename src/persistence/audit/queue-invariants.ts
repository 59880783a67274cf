/*
 * The invariants of the waiting room.
 *
 * Its instants come from the clocks of its processes, which know the database's time to within their round trip, and from
 * the database itself; and a request that carries an instant may wait before it is recorded. Each comparison allows for what
 * that explains, so that a database of a living service, of one that crashed, or of several nodes is never accused.
 *
 * Many ends are no evidence by themselves: a token may end early for reasons that are not recorded (its holder left, showed no
 * sign of life, never came), and late because no process was there to end it.
 */
import { IS_COMP } from './audit-statements.ts';
import type { StatementInvariant } from './audit-finding.ts';

/** Where an end by one clock is compared with an admission by another, ends count this much early. */
const CLOCKS_APART = `interval '1 second'`;

/**
 * How far an instant that a process chose may be from the one at which PostgreSQL recorded what belongs to it: an entry waits
 * for its turn, a hold may be 15 s old when its owner decides, a settlement waits for locks.
 */
const RECORDED_LATER = `interval '30 seconds'`;

/** An entry keeps its instant while its line is rebuilt in Redis, which takes a minute at most, and then again. */
const ENTERED_LATER = `interval '5 minutes'`;

/** Instants are stored in whole microseconds, which may round a window down. */
const ROUNDING = `interval '1 millisecond'`;

/**
 * Of two who enter at two nodes at once, the later number may reach the line first, and one whose node dies in between does
 * so when another node notices. Nobody was told a number by then; through one node all come in order.
 */
const ENTERING = `interval '3 seconds'`;

/** The longest `activeTtlMs` that a policy can have. */
const LONGEST_ACTIVE = `interval '1 day'`;

/** Tokens are deleted 7 days after their end; a day less, so that none of those that count here can have been. */
const STILL_KEPT = `interval '6 days'`;

export const QUEUE_INVARIANTS: readonly StatementInvariant[] = [
  {
    invariant: 'one-live-token-per-user',
    says: 'a user has at most one live queue token of a concert, and got the next one when the one before had ended',
    violations: `
      SELECT concert_id, user_id, token_id, no, status, ended_at, next_token_id, next_issued_at FROM (
        SELECT *, lead(token_id) OVER own AS next_token_id, lead(issued_at) OVER own AS next_issued_at
        FROM queue_tokens WINDOW own AS (PARTITION BY concert_id, user_id ORDER BY no)
      ) t WHERE next_token_id IS NOT NULL AND (status IN ('WAITING', 'ACTIVE') OR next_issued_at < ended_at - ${ENTERED_LATER})`,
  },
  {
    invariant: 'token-of-user-and-concert',
    says: 'a token is of a known user and a known concert',
    violations: `
      SELECT t.token_id, t.concert_id, t.user_id, c.concert_id IS NOT NULL AS is_concert_known, u.user_id IS NOT NULL AS is_user_known
      FROM queue_tokens t LEFT JOIN users u USING (user_id) LEFT JOIN concerts c ON c.concert_id = t.concert_id
      WHERE u.user_id IS NULL OR c.concert_id IS NULL`,
  },
  {
    invariant: 'queue-numbers',
    says: "queue numbers of a concert are different, from 1, and below its head's next one",
    violations: `
      SELECT t.token_id, t.concert_id, t.no, h.next_no FROM (
        SELECT *, count(*) OVER (PARTITION BY concert_id, no) AS holders FROM queue_tokens
      ) t LEFT JOIN queue_heads h USING (concert_id)
      WHERE t.holders > 1 OR t.no < 1 OR h.next_no IS NULL OR t.no >= h.next_no`,
  },
  {
    invariant: 'queue-numbers-accounted',
    says: 'a number that was given out is that of one token, or recorded as unused (of the last 6 days: both are kept for 7)',
    violations: `
      SELECT concert_id, greatest(no + 1, accounted_from) AS first_missing, next_known - 1 AS last_missing, is_unused AND next_known = no AS is_both
      FROM (
        SELECT k.concert_id, k.no, k.is_unused, h.accounted_from,
          coalesce(lead(k.no) OVER line, h.next_no) AS next_known, max(k.issued_at) OVER line AS issued_by
        FROM (
          SELECT concert_id, no, issued_at, false AS is_unused FROM queue_tokens
          UNION ALL SELECT concert_id, no, NULL, true FROM queue_unused_numbers
          UNION ALL SELECT concert_id, 0, created_at, false FROM concerts
        ) k JOIN queue_heads h USING (concert_id)
        WINDOW line AS (PARTITION BY k.concert_id ORDER BY k.no, k.is_unused DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
      ) n
      WHERE (next_known > greatest(no + 1, accounted_from) AND issued_by > now() - ${STILL_KEPT}) OR (is_unused AND next_known <= no)`,
  },
  {
    invariant: 'queue-generations',
    says: "generations never fall in order of entry, and none is above its head's",
    violations: `
      SELECT t.token_id, t.concert_id, t.no, t.generation, t.generation_before, h.generation AS generation_of_head FROM (
        SELECT *, lag(generation) OVER (PARTITION BY concert_id ORDER BY no) AS generation_before FROM queue_tokens
      ) t JOIN queue_heads h USING (concert_id)
      WHERE t.generation < t.generation_before OR t.generation > h.generation`,
  },
  {
    invariant: 'queue-times',
    says: 'tokens were issued in order of their numbers, admitted after that, and ended last; nothing of it is in the future',
    violations: `
      SELECT token_id, concert_id, no, status, issued_at, activated_at, ended_at, issued_before FROM (
        SELECT *, max(issued_at) OVER (
          PARTITION BY concert_id ORDER BY no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS issued_before
        FROM queue_tokens
      ) t WHERE issued_at < issued_before - ${ENTERED_LATER} OR activated_at < issued_at - ${RECORDED_LATER}
        OR ended_at < greatest(issued_at, activated_at) - ${RECORDED_LATER}
        OR greatest(issued_at, activated_at, ended_at) > now() + ${RECORDED_LATER}`,
  },
  {
    invariant: 'queue-within-windows',
    says: "tokens were issued and admitted within their concert's booking window, as far as that has not changed since",
    violations: `
      SELECT t.token_id, t.concert_id, t.no, t.issued_at, t.activated_at, c.booking_opens_at, c.booking_closes_at
      FROM queue_tokens t JOIN concerts c USING (concert_id)
      WHERE t.issued_at > coalesce(c.times_changed_at, '-infinity') + ${RECORDED_LATER}
        AND (t.issued_at < c.booking_opens_at - ${RECORDED_LATER}
          OR greatest(t.issued_at, t.activated_at) > c.booking_closes_at + ${RECORDED_LATER})`,
  },
  {
    invariant: 'queue-lives',
    says: 'a waiting token was not admitted, an active or completed one was, for a day at most, and exactly those that ended have an end',
    violations: `
      SELECT token_id, concert_id, no, status, activated_at, active_until, ended_at FROM queue_tokens
      WHERE (status = 'WAITING' AND activated_at IS NOT NULL) OR (status IN ('ACTIVE', 'COMPLETED') AND activated_at IS NULL)
        OR (activated_at IS NULL) <> (active_until IS NULL) OR active_until < activated_at
        OR active_until > activated_at + ${LONGEST_ACTIVE} + ${ROUNDING}
        OR (status IN ('WAITING', 'ACTIVE')) <> (ended_at IS NULL)`,
  },
  {
    invariant: 'queue-order',
    says: 'when a token was admitted, every token with a lower number had been admitted or had left the line',
    violations: `
      SELECT concert_id, token_id, no, status, activated_at, ended_at, later_admitted_at FROM (
        SELECT *, min(activated_at) OVER (
          PARTITION BY concert_id ORDER BY no DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later_admitted_at
        FROM queue_tokens
      ) t WHERE later_admitted_at < coalesce(activated_at, ended_at - ${CLOCKS_APART}, 'infinity')
        AND (later_admitted_at > issued_at + ${ENTERING} OR (SELECT count(DISTINCT split_part(node, ':', 1)) < 2 FROM nodes))`,
  },
  {
    invariant: 'completed-by-payment',
    says: 'a completed token was ended by a payment of its user in its concert, made while it was active',
    violations: `
      SELECT t.token_id, t.concert_id, t.user_id, t.activated_at, t.ended_at FROM queue_tokens t
      WHERE t.status = 'COMPLETED' AND NOT EXISTS (
        SELECT FROM payments p WHERE p.user_id = t.user_id AND p.concert_id = t.concert_id
          AND p.paid_at BETWEEN t.activated_at - ${RECORDED_LATER} AND t.ended_at + ${RECORDED_LATER})`,
  },
  {
    invariant: 'hold-under-token',
    says: 'a hold, unless an organiser gave the seat away, began while its user had an active token of its concert (of the last 6 days: tokens are kept for 7 days after their end)',
    violations: `
      SELECT r.reservation_id, r.schedule_id, r.concert_id, r.user_id, r.created_at FROM reservations r
      WHERE r.created_at > now() - ${STILL_KEPT} AND NOT ${IS_COMP} AND NOT EXISTS (
        SELECT FROM queue_tokens t WHERE t.concert_id = r.concert_id AND t.user_id = r.user_id
          AND t.activated_at <= r.created_at + ${RECORDED_LATER}
          AND least(t.ended_at, t.active_until) >= r.created_at - ${RECORDED_LATER})`,
  },
  {
    invariant: 'queue-rate',
    says: "no window of the policy's interval holds more admissions than its batch",
    needsUnchangedPolicy: true,
    violations: `
      SELECT concert_id, token_id, no, activated_at, batch_before, queue_batch, queue_interval_ms FROM (
        SELECT t.*, c.queue_batch, c.queue_interval_ms,
          lag(t.activated_at, c.queue_batch) OVER (PARTITION BY t.concert_id ORDER BY t.activated_at, t.no) AS batch_before
        FROM queue_tokens t JOIN concerts c USING (concert_id) WHERE t.activated_at IS NOT NULL AND c.queue_batch > 0
      ) t WHERE activated_at - batch_before < queue_interval_ms * interval '1 millisecond' - ${ROUNDING}`,
  },
  {
    invariant: 'queue-time-to-live',
    says: 'an admitted token is active for as long as the policy says, unless it ends before',
    needsUnchangedPolicy: true,
    violations: `
      SELECT t.token_id, t.concert_id, t.no, t.activated_at, t.active_until, c.queue_active_ttl_ms
      FROM queue_tokens t JOIN concerts c USING (concert_id)
      WHERE t.active_until - t.activated_at NOT BETWEEN c.queue_active_ttl_ms * interval '1 millisecond' - ${ROUNDING}
        AND c.queue_active_ttl_ms * interval '1 millisecond' + ${ROUNDING}`,
  },
  {
    invariant: 'queue-capacity',
    says: "never more tokens are active at once than the policy's maximum",
    needsUnchangedPolicy: true,
    violations: `
      WITH span AS (
        SELECT concert_id, activated_at AS began,
          greatest(activated_at, least(coalesce(ended_at, 'infinity'), active_until) - ${CLOCKS_APART}) AS ended
        FROM queue_tokens WHERE activated_at IS NOT NULL
      ), step AS (
        SELECT concert_id, began AS at, 1 AS change FROM span
        UNION ALL SELECT concert_id, ended, -1 FROM span
      )
      SELECT concert_id, at, active, queue_max_active FROM (
        SELECT concert_id, at, change, sum(change) OVER (PARTITION BY concert_id ORDER BY at, change) AS active FROM step
      ) s JOIN concerts c USING (concert_id) WHERE change > 0 AND active > queue_max_active`,
  },
];
