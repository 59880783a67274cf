import t from 'tap';
import { runAudit } from '../../../src/persistence/audit/audit.ts';
import { createLawfulDatabase } from './lawful-database.ts';

const eventOf = (type: string) => `events[1]::jsonb @> '[{"type": "${type}"}]'`;

/** Changes to what the box office did in the lawful database, and exactly the invariants that each must break. */
const corruptions: { what: string; sql: string[]; broken: string[] }[] = [
  {
    what: 'a blocked seat that nobody blocked',
    sql: ['INSERT INTO blocked_seats (schedule_id, seat_number, epoch, seq) VALUES ($schedule, 6, 2, 1)'],
    broken: ['blocks-equal-log', 'box-office-in-log'],
  },
  {
    what: 'a seat that stayed blocked when it was unblocked',
    sql: ['INSERT INTO blocked_seats (schedule_id, seat_number, epoch, seq) VALUES ($schedule, 9, 2, 1)'],
    broken: ['blocks-equal-log'],
  },
  {
    what: 'a blocked seat that lost its row',
    sql: ['DELETE FROM blocked_seats'],
    broken: ['blocks-equal-log'],
  },
  {
    what: 'a blocked seat that names another change than the one that blocked it',
    sql: ['UPDATE blocked_seats SET seq = seq - 1'],
    broken: ['blocks-equal-log'],
  },
  {
    what: 'a blocked seat that names another epoch',
    sql: ['UPDATE blocked_seats SET epoch = epoch - 1'],
    broken: ['blocks-equal-log'],
  },
  {
    what: 'a block that the log of changes lacks',
    sql: ["DELETE FROM admin_log WHERE action = 'seats.block'"],
    broken: ['box-office-in-log'],
  },
  {
    what: 'a block that the log of changes has of another seat',
    sql: [`UPDATE admin_log SET after = '{"seatNumbers": [6]}' WHERE action = 'seats.block'`],
    broken: ['box-office-in-log'],
  },
  {
    what: 'a seat that was unblocked and never blocked',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{0,seatNumber}', '6')::json WHERE ${eventOf('UNBLOCKED')}`,
    ],
    broken: ['blocks-equal-log', 'log-legal'],
  },
  {
    what: 'a ticket that was given away and that the log of changes lacks',
    sql: ["DELETE FROM admin_log WHERE action = 'seat.comp'"],
    broken: ['box-office-in-log'],
  },
  {
    what: 'a ticket that was given away and cost something',
    sql: ['UPDATE payments SET amount = 1000 WHERE comp'],
    broken: ['payment-in-ledger', 'payment-of-reservations'],
  },
  {
    what: 'a ticket that was given away, its amount and its price alike',
    sql: [
      'UPDATE payments SET amount = 1000 WHERE comp',
      'UPDATE reservations SET price = 1000 WHERE payment_id IN (SELECT payment_id FROM payments WHERE comp)',
    ],
    broken: ['log-equals-rows', 'payment-in-ledger'],
  },
  {
    what: 'a ticket that was given away and debited',
    sql: [
      `WITH entry AS (
         INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, payment_id)
         SELECT user_id, entries + 1, 'PAYMENT', 0, balance, payment_id FROM wallets JOIN payments USING (user_id) WHERE comp
         RETURNING user_id
       ) UPDATE wallets w SET entries = entries + 1 FROM entry WHERE entry.user_id = w.user_id`,
    ],
    broken: ['payment-in-ledger'],
  },
  {
    what: 'a ticket of 0 won that nobody gave away',
    sql: ['UPDATE payments SET comp = false WHERE comp'],
    broken: ['payment-in-ledger', 'reservation-of-a-seat'],
  },
  {
    what: 'a paid ticket that passes for one that was given away',
    sql: ['UPDATE payments SET comp = true WHERE user_id = $ben'],
    broken: ['box-office-in-log', 'payment-in-ledger'],
  },
  {
    what: 'a ticket that was given away for a blocked seat',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{0,seatNumber}', '7')::json WHERE ${eventOf('COMPED')}`,
    ],
    broken: ['log-equals-rows', 'log-legal'],
  },
  {
    what: 'a moved reservation whose row names another seat',
    sql: ['UPDATE reservations SET seat_number = 6 WHERE moves = 1'],
    broken: ['log-equals-rows'],
  },
  {
    what: 'a moved reservation whose row knows of no move',
    sql: ['UPDATE reservations SET moves = 0 WHERE moves = 1'],
    broken: ['log-equals-rows', 'reservation-of-a-seat'],
  },
  {
    what: 'a moved reservation that the log of changes lacks',
    sql: ["DELETE FROM admin_log WHERE action = 'reservation.move'"],
    broken: ['box-office-in-log'],
  },
  {
    what: 'a move that the log of changes has twice',
    sql: [
      `INSERT INTO admin_log (action, target, after, request_id)
         SELECT action, target, after, gen_random_uuid() FROM admin_log WHERE action = 'reservation.move'`,
    ],
    broken: ['box-office-in-log'],
  },
  {
    what: 'a reservation that left for another seat than it came to',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{0,toSeatNumber}', '6')::json WHERE ${eventOf('MOVED_HERE')}`,
    ],
    broken: ['log-legal'],
  },
  {
    what: 'a reservation that came to a seat from another one than it left',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{1,fromSeatNumber}', '6')::json WHERE ${eventOf('MOVED_HERE')}`,
    ],
    broken: ['log-legal'],
  },
  {
    what: 'a reservation that moved to a blocked seat',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(jsonb_set(events[1]::jsonb, '{0,toSeatNumber}', '7'), '{1,seatNumber}', '7')::json
         WHERE ${eventOf('MOVED_HERE')}`,
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{0,seatNumber}', '7')::json
         WHERE events[1]::jsonb @> '[{"type": "CONFIRMED", "seatNumber": 9}]'`,
      'UPDATE reservations SET seat_number = 7 WHERE moves = 1',
    ],
    broken: ['log-legal'],
  },
];

for (const { what, sql, broken } of corruptions) {
  t.test(`the audit finds ${what}`, async (t) => {
    const { pool, ben, scheduleId } = await createLawfulDatabase(t);
    for (const statement of sql) {
      const changed = await pool.query(
        statement.replaceAll('$ben', `'${ben}'`).replaceAll('$schedule', `${scheduleId}`),
      );
      t.ok((changed.rowCount ?? 0) > 0, 'the statement changes something');
    }
    const { violations } = await runAudit(pool, { maxSeats: 2 });
    t.same(violations.map((finding) => finding.invariant).toSorted(), broken);
  });
}
