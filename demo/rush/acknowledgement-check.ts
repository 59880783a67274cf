import { withClient } from '../../harness/service/database.ts';
import type { Acknowledgement } from './acknowledgement.ts';

/** One statement looks for this many acknowledgements. */
const PORTION = 5_000;

/** Looks for each kind of acknowledgement; `a` is an acknowledgement as JSON, and the statement selects the missing ones. */
const MISSING: readonly (readonly [kinds: readonly Acknowledgement['kind'][], statement: string])[] = [
  [
    ['hold'],
    `SELECT a FROM acknowledged, jsonb_array_elements(a -> 'seats') seat
     WHERE NOT EXISTS (
       SELECT FROM reservations r
       WHERE r.reservation_id = (seat ->> 'reservationId')::uuid AND r.user_id = (a ->> 'userId')::uuid
         AND r.schedule_id = (a ->> 'scheduleId')::bigint AND r.seat_number = (seat ->> 'seatNumber')::int
         AND r.seq >= (seat ->> 'seq')::bigint)`,
  ],
  [
    ['release'],
    `SELECT a FROM acknowledged, jsonb_array_elements(a -> 'seats') seat
     WHERE NOT EXISTS (
       SELECT FROM reservations r
       WHERE r.reservation_id = (seat ->> 'reservationId')::uuid AND r.user_id = (a ->> 'userId')::uuid
         AND r.status = 'CANCELLED' AND r.seq = (seat ->> 'seq')::bigint)`,
  ],
  [
    ['charge'],
    `SELECT a FROM acknowledged
     WHERE NOT EXISTS (
       SELECT FROM wallet_entries e
       WHERE e.user_id = (a ->> 'userId')::uuid AND e.entry_no = (a ->> 'entryId')::bigint AND e.type = 'CHARGE'
         AND e.amount = (a ->> 'amount')::bigint AND e.balance_after = (a ->> 'currentBalance')::bigint)`,
  ],
  [
    ['payment', 'refund'],
    `SELECT a FROM acknowledged
     WHERE NOT EXISTS (
       SELECT FROM payments p
       WHERE p.payment_id = (a ->> 'paymentId')::uuid AND p.user_id = (a ->> 'userId')::uuid
         AND p.schedule_id = (a ->> 'scheduleId')::bigint AND p.amount = (a ->> 'amount')::bigint
         AND (p.status = 'REFUNDED' OR a ->> 'kind' = 'payment'))
       OR EXISTS (
         SELECT FROM jsonb_array_elements(a -> 'seats') seat
         WHERE NOT EXISTS (
           SELECT FROM payment_items i JOIN reservations r USING (reservation_id)
           WHERE i.payment_id = (a ->> 'paymentId')::uuid AND i.reservation_id = (seat ->> 'reservationId')::uuid
             AND r.seat_number = (seat ->> 'seatNumber')::int AND r.status IN ('CONFIRMED', 'REFUNDED')
             AND r.seq >= (seat ->> 'seq')::bigint))`,
  ],
];

/** The acknowledged changes that the database does not have. There must be none, even after a crash. */
export async function findMissing(
  databaseUrl: string,
  acknowledgements: readonly Acknowledgement[],
): Promise<Acknowledgement[]> {
  return withClient(databaseUrl, async (client) => {
    const missing: Acknowledgement[] = [];
    for (const [kinds, statement] of MISSING) {
      const looked = acknowledgements.filter(({ kind }) => kinds.includes(kind));
      for (let first = 0; first < looked.length; first += PORTION) {
        const { rows } = await client.query<{ a: Acknowledgement }>(
          `WITH acknowledged AS (SELECT a FROM jsonb_array_elements($1::jsonb) a) ${statement}`,
          [JSON.stringify(looked.slice(first, first + PORTION))],
        );
        missing.push(...rows.map((row) => row.a));
      }
    }
    return missing;
  });
}
