import type { StatementInvariant } from './audit-finding.ts';
import { BALANCE_LIMIT_WON, CHARGE_LIMIT_WON } from '../../domain/wallet.ts';

/*
 * The invariants of schedules and money that one statement can judge.
 */

/**
 * The node that receives a hold checks the windows, and the schedule's owner dates the hold. Both know the database's time to
 * within a round trip, and the hold may wait in between, for no longer than the seconds that a request may take.
 */
const DATED_LATER = `interval '10 seconds'`;

/** Whether an organiser gave the reservation `r` away. */
export const IS_COMP = 'EXISTS (SELECT FROM payments p WHERE p.payment_id = r.payment_id AND p.comp)';

export const SCHEDULE_INVARIANTS: readonly StatementInvariant[] = [
  {
    invariant: 'schedule-complete',
    says: 'a schedule has its seats, numbered from 1 without a gap, and its head',
    violations: `
      SELECT s.schedule_id, s.total_seats, seats.n AS seats, seats.last AS last_seat, h.schedule_id IS NOT NULL AS has_head
      FROM schedules s
      LEFT JOIN schedule_heads h USING (schedule_id)
      LEFT JOIN (SELECT schedule_id, count(*) AS n, max(seat_number) AS last FROM seats GROUP BY schedule_id) seats USING (schedule_id)
      WHERE h.schedule_id IS NULL OR seats.n IS DISTINCT FROM s.total_seats OR seats.last IS DISTINCT FROM s.total_seats`,
  },
  {
    invariant: 'one-live-reservation-per-seat',
    says: 'a seat has at most one live reservation',
    violations: `
      SELECT schedule_id, seat_number, array_agg(reservation_id ORDER BY seq) AS reservations
      FROM reservations WHERE status IN ('HELD', 'CONFIRMED')
      GROUP BY schedule_id, seat_number HAVING count(*) > 1`,
  },
  {
    invariant: 'reservation-of-a-seat',
    says: "a live reservation is of a seat that exists, at its price unless an organiser moved it or gave it away; each is of its schedule's concert, by a known user",
    violations: `
      SELECT r.reservation_id, r.schedule_id, r.seat_number, r.price, seats.price AS price_of_seat, r.concert_id,
        s.concert_id AS concert_of_schedule, u.user_id IS NOT NULL AS is_user_known
      FROM reservations r
      LEFT JOIN schedules s USING (schedule_id)
      LEFT JOIN seats ON seats.schedule_id = r.schedule_id AND seats.seat_number = r.seat_number
      LEFT JOIN users u USING (user_id)
      WHERE (r.status IN ('HELD', 'CONFIRMED') AND (seats.price IS NULL OR (seats.price <> r.price AND r.moves = 0 AND NOT ${IS_COMP})))
        OR s.concert_id IS DISTINCT FROM r.concert_id OR u.user_id IS NULL`,
  },
  {
    invariant: 'hold-ends-by-the-start',
    says: 'no hold lasts beyond the start of its performance, as far as that has not changed since',
    violations: `
      SELECT r.reservation_id, r.schedule_id, r.seat_number, r.expires_at, s.starts_at
      FROM reservations r JOIN schedules s USING (schedule_id)
      WHERE r.status = 'HELD' AND r.expires_at > s.starts_at AND r.created_at > coalesce(s.times_changed_at, '-infinity')`,
  },
  {
    invariant: 'hold-within-windows',
    says: "a hold began within its concert's booking window and not before its schedule opened for reservation, by the times since their last change",
    violations: `
      SELECT r.reservation_id, r.schedule_id, r.created_at, c.booking_opens_at, c.booking_closes_at, s.reservation_opens_at
      FROM reservations r JOIN schedules s USING (schedule_id) JOIN concerts c ON c.concert_id = s.concert_id
      WHERE r.created_at > coalesce(greatest(c.times_changed_at, s.times_changed_at), '-infinity') + ${DATED_LATER}
        AND NOT ${IS_COMP} AND (r.created_at < greatest(c.booking_opens_at, s.reservation_opens_at) - ${DATED_LATER}
          OR r.created_at > c.booking_closes_at + ${DATED_LATER})`,
  },
  {
    invariant: 'sell-out-of-payment',
    says: 'a recorded sell-out is of the instant of a payment of its schedule, and of no more seats than it has',
    violations: `
      SELECT o.*, s.total_seats FROM sold_out_schedules o LEFT JOIN schedules s USING (schedule_id)
      WHERE o.seats > coalesce(s.total_seats, 0)
        OR NOT EXISTS (SELECT FROM payments p WHERE p.schedule_id = o.schedule_id AND p.paid_at = o.sold_out_at)`,
  },
];

export const MONEY_INVARIANTS: readonly StatementInvariant[] = [
  {
    invariant: 'ledger-runs',
    says: 'entries of a wallet are numbered from 1 without a gap, each balance is the last one plus the amount, none is negative',
    violations: `
      SELECT * FROM (
        SELECT user_id, entry_no, type, amount, balance_after,
          lag(entry_no, 1, 0::bigint) OVER ledger AS entry_before, lag(balance_after, 1, 0::bigint) OVER ledger AS balance_before
        FROM wallet_entries WINDOW ledger AS (PARTITION BY user_id ORDER BY entry_no)
      ) e
      WHERE entry_no <> entry_before + 1 OR balance_after <> balance_before + amount OR balance_after < 0
        OR CASE type WHEN 'CHARGE' THEN amount <= 0 WHEN 'PAYMENT' THEN amount > 0 ELSE amount < 0 END`,
  },
  {
    invariant: 'ledger-limits',
    says: 'no charge is above the limit of a charge or takes a balance above the limit of a balance; a refund may',
    violations: `
      SELECT user_id, entry_no, amount, balance_after FROM wallet_entries
      WHERE type = 'CHARGE' AND (amount > ${CHARGE_LIMIT_WON} OR balance_after > ${BALANCE_LIMIT_WON})`,
  },
  {
    invariant: 'wallet-equals-ledger',
    says: "every user has a wallet; its balance is the sum of its entries and the last one's, and it counts them",
    violations: `
      SELECT user_id, w.balance, w.entries, e.total, e.n, e.last_balance
      FROM users FULL JOIN wallets w USING (user_id) FULL JOIN (
        SELECT user_id, sum(amount) AS total, count(*) AS n, (array_agg(balance_after ORDER BY entry_no DESC))[1] AS last_balance
        FROM wallet_entries GROUP BY user_id
      ) e USING (user_id)
      WHERE w.balance IS NULL OR w.balance < 0 OR w.balance <> coalesce(e.total, 0)
        OR w.balance <> coalesce(e.last_balance, 0) OR w.entries <> coalesce(e.n, 0)`,
  },
  {
    invariant: 'payment-in-ledger',
    says: 'a payment has one entry of minus its amount unless it was given away, a refunded one also one of its amount, and no other entry names a payment',
    violations: `
      SELECT coalesce(p.payment_id, e.payment_id) AS payment_id, p.user_id, p.status, p.amount, p.comp, e.debits, e.credits, e.user_ids
      FROM payments p FULL JOIN (
        SELECT payment_id, array_agg(DISTINCT user_id) AS user_ids,
          coalesce(array_agg(amount) FILTER (WHERE type = 'PAYMENT'), '{}') AS debits,
          coalesce(array_agg(amount) FILTER (WHERE type = 'REFUND'), '{}') AS credits,
          count(*) FILTER (WHERE type = 'CHARGE') AS charges
        FROM wallet_entries WHERE payment_id IS NOT NULL OR type <> 'CHARGE' GROUP BY payment_id
      ) e ON e.payment_id = p.payment_id
      WHERE p.payment_id IS NULL OR (e.payment_id IS NULL AND (NOT p.comp OR p.status = 'REFUNDED')) OR e.charges > 0
        OR e.user_ids <> ARRAY[p.user_id] OR e.debits <> CASE WHEN p.comp THEN '{}'::bigint[] ELSE ARRAY[-p.amount] END
        OR (p.comp AND p.amount <> 0)
        OR e.credits <> CASE p.status WHEN 'REFUNDED' THEN ARRAY[p.amount] ELSE '{}'::bigint[] END
        OR (p.status = 'REFUNDED') <> (p.refunded_at IS NOT NULL)`,
  },
  {
    invariant: 'payment-of-reservations',
    says: 'the items of a payment are reservations of its user and schedule that name it, in its status, and cost its amount together',
    violations: `
      SELECT p.payment_id, p.status, p.amount, count(i.item_no) AS items, sum(r.price) AS prices,
        array_agg(i.reservation_id ORDER BY i.item_no) FILTER (WHERE r.reservation_id IS NULL) AS not_of_this_payment
      FROM payments p
      LEFT JOIN payment_items i USING (payment_id)
      LEFT JOIN reservations r ON r.reservation_id = i.reservation_id AND r.payment_id = p.payment_id AND r.user_id = p.user_id
        AND r.schedule_id = p.schedule_id AND r.concert_id = p.concert_id AND r.confirmed_at IS NOT NULL
        AND r.status = CASE p.status WHEN 'COMPLETED' THEN 'CONFIRMED' ELSE 'REFUNDED' END
      GROUP BY p.payment_id
      HAVING count(i.item_no) = 0 OR count(r.reservation_id) <> count(i.item_no) OR sum(r.price) IS DISTINCT FROM p.amount`,
  },
  {
    invariant: 'payment-times',
    says: 'a payment was made when its reservations were confirmed, and refunded when they ended',
    violations: `
      SELECT p.payment_id, r.reservation_id, p.paid_at, r.confirmed_at, p.refunded_at, r.ended_at
      FROM payments p JOIN reservations r USING (payment_id)
      WHERE r.confirmed_at <> p.paid_at OR r.ended_at <> p.refunded_at`,
  },
  {
    invariant: 'confirmed-is-paid',
    says: 'a confirmed or refunded reservation is an item of exactly one payment, the one that it names; no other names or is one',
    violations: `
      SELECT r.reservation_id, r.status, r.payment_id, i.payments
      FROM reservations r FULL JOIN (
        SELECT reservation_id, array_agg(payment_id) AS payments FROM payment_items GROUP BY reservation_id
      ) i USING (reservation_id)
      WHERE CASE WHEN r.status IN ('CONFIRMED', 'REFUNDED') THEN i.payments IS NULL OR i.payments <> ARRAY[r.payment_id]
          OR NOT EXISTS (SELECT FROM payments p WHERE p.payment_id = r.payment_id)
        ELSE r.reservation_id IS NULL OR i.payments IS NOT NULL OR r.payment_id IS NOT NULL END`,
  },
];

export const CANCELLATION_INVARIANTS: readonly StatementInvariant[] = [
  {
    invariant: 'cancelled-is-closed',
    says: 'no hold of a cancelled date began after its cancellation',
    violations: `
      SELECT r.reservation_id, r.schedule_id, r.created_at, c.created_at AS cancelled_at
      FROM cancellations c JOIN schedules s USING (cancellation_id) JOIN reservations r ON r.schedule_id = s.schedule_id
      WHERE r.created_at > c.created_at + ${DATED_LATER}`,
  },
  {
    invariant: 'cancelled-is-refunded',
    says: 'a date whose cancellation is done has no hold, and no paid reservation but of parked payments',
    violations: `
      SELECT c.cancellation_id, r.schedule_id, r.reservation_id, r.status, r.payment_id
      FROM cancellations c JOIN schedules s USING (cancellation_id) JOIN reservations r ON r.schedule_id = s.schedule_id
      WHERE c.finished_at IS NOT NULL AND (r.status = 'HELD' OR r.status = 'CONFIRMED'
        AND NOT EXISTS (SELECT FROM parked_refunds p WHERE p.payment_id = r.payment_id AND p.cancellation_id = c.cancellation_id))`,
  },
  {
    invariant: 'cancelled-sums',
    says: 'what was paid for a date whose cancellation is done was returned, except for parked payments; the cancellation counts its payments',
    violations: `
      SELECT c.cancellation_id, c.payments, c.amount, sums.* FROM cancellations c CROSS JOIN LATERAL (
        SELECT coalesce(-sum(e.amount) FILTER (WHERE e.type = 'PAYMENT'), 0) AS paid,
          coalesce(sum(e.amount) FILTER (WHERE e.type = 'REFUND'), 0) AS returned,
          coalesce(-sum(e.amount) FILTER (WHERE e.type = 'PAYMENT' AND p.status = 'COMPLETED'), 0) AS parked,
          count(DISTINCT p.payment_id) AS all_payments
        FROM schedules s JOIN payments p USING (schedule_id) LEFT JOIN wallet_entries e USING (payment_id)
        WHERE s.cancellation_id = c.cancellation_id
      ) sums
      WHERE c.finished_at IS NOT NULL AND (paid <> returned + parked OR c.amount > paid OR c.payments > all_payments)`,
  },
  {
    invariant: 'parked-is-paid',
    says: 'a parked payment is one of its cancellation',
    violations: `
      SELECT parked.* FROM parked_refunds parked LEFT JOIN payments p USING (payment_id) LEFT JOIN schedules s USING (schedule_id)
      WHERE s.cancellation_id IS DISTINCT FROM parked.cancellation_id`,
  },
  {
    invariant: 'cancellation-in-log',
    says: 'a cancellation is in the log of changes, and of the concert that it names',
    violations: `
      SELECT c.cancellation_id, c.concert_id, c.schedule_id FROM cancellations c
      WHERE NOT EXISTS (
          SELECT FROM admin_log l WHERE l.after->>'cancellationId' = c.cancellation_id::text
            AND l.action = CASE WHEN c.schedule_id IS NULL THEN 'concert.cancel' ELSE 'schedule.cancel' END)
        OR EXISTS (SELECT FROM schedules s WHERE s.cancellation_id = c.cancellation_id AND s.concert_id <> c.concert_id)`,
  },
];

export const ADMIN_INVARIANTS: readonly StatementInvariant[] = [
  {
    invariant: 'box-office-in-log',
    says: 'an organiser blocked each blocked seat, gave away each ticket of 0 won and made each move, as the log of changes says',
    violations: `
      SELECT 'seats.block' AS action, b.schedule_id, b.seat_number, NULL::uuid AS reservation_id FROM blocked_seats b
      WHERE NOT EXISTS (
        SELECT FROM admin_log l WHERE l.action = 'seats.block' AND l.target = 'schedule:' || b.schedule_id
          AND l.after->'seatNumbers' @> to_jsonb(b.seat_number))
      UNION ALL
      SELECT 'seat.comp', r.schedule_id, r.seat_number, r.reservation_id FROM reservations r
      WHERE ${IS_COMP} AND NOT EXISTS (
        SELECT FROM admin_log l WHERE l.action = 'seat.comp' AND l.target = 'reservation:' || r.reservation_id)
      UNION ALL
      SELECT 'reservation.move', r.schedule_id, r.seat_number, r.reservation_id FROM reservations r
      WHERE r.moves > 0 AND r.moves <> (
        SELECT count(*) FROM admin_log l WHERE l.action = 'reservation.move' AND l.target = 'reservation:' || r.reservation_id)`,
  },
  {
    invariant: 'change-by-known-key',
    says: 'a change by an organiser was made by a known key, after its creation and before its end',
    violations: `
      SELECT l.entry_no, l.at, l.key_id, l.action, k.created_at, k.expires_at, k.revoked_at
      FROM admin_log l LEFT JOIN admin_keys k USING (key_id)
      WHERE l.key_id IS NOT NULL AND (k.key_id IS NULL OR l.at < k.created_at
        OR l.at > least(k.expires_at, k.revoked_at) + ${DATED_LATER})`,
  },
  {
    invariant: 'key-in-log',
    says: 'the creation and the revocation of each key are in the log',
    violations: `
      SELECT k.key_id, k.created_at, k.revoked_at FROM admin_keys k
      WHERE NOT EXISTS (SELECT FROM admin_log l WHERE l.action = 'key.create' AND l.target = 'key:' || k.key_id)
        OR (k.revoked_at IS NULL) = EXISTS (SELECT FROM admin_log l WHERE l.action = 'key.revoke' AND l.target = 'key:' || k.key_id)`,
  },
];
