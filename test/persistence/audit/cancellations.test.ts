import type { Pool } from 'pg';
import t from 'tap';
import { runAudit } from '../../../src/persistence/audit/audit.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { createHistory, insertEntry, insertSale, insertUser } from '../small-history.ts';

const AT = Date.UTC(2026, 10, 20, 12);
const CANCELLATION = '01990000-0000-7000-8000-000000000000';

/** A date that was cancelled when two payments stood: one is refunded, the other parked. A third was refunded before. */
async function createCancelledDate(t: Parameters<typeof createTestDatabase>[0]): Promise<Pool> {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const { concertId, scheduleId } = sale;
  await pool.query(
    'UPDATE concerts SET created_at = to_timestamp($1), booking_opens_at = to_timestamp($1), booking_closes_at = to_timestamp($2)',
    [AT / 1000 - 3_600, AT / 1000 + 3_600],
  );
  const history = createHistory(pool, sale);
  const [ann, ben] = [await insertUser(pool), await insertUser(pool)];
  for (const user of [ann, ben]) await insertEntry(pool, user, 'CHARGE', 50_000);
  await history.raiseEpoch(1);
  const regretted = await history.pay([await history.hold(ann, 1, AT)], AT + 1);
  await history.refund(regretted, AT + 2);
  const paid = await history.pay([await history.hold(ann, 2, AT + 3)], AT + 4);
  const parked = await history.pay([await history.hold(ben, 3, AT + 5)], AT + 6);
  const open = await history.hold(ben, 4, AT + 7);
  await history.raiseEpoch(2);
  await pool.query(
    `INSERT INTO cancellations (cancellation_id, concert_id, schedule_id, reason, payments, amount, created_at, finished_at)
     SELECT $1, $2, $3, 'r', count(DISTINCT payment_id), sum(price), to_timestamp($4), to_timestamp($4) + interval '1 second'
     FROM reservations WHERE schedule_id = $3 AND status = 'CONFIRMED'`,
    [CANCELLATION, concertId, scheduleId, AT / 1000 + 1],
  );
  await pool.query('UPDATE schedules SET cancellation_id = $1 WHERE schedule_id = $2', [CANCELLATION, scheduleId]);
  await pool.query(
    `INSERT INTO admin_log (action, target, after, request_id)
     VALUES ('schedule.cancel', 'schedule:' || $1::bigint, json_build_object('cancellationId', $2::text), gen_random_uuid())`,
    [scheduleId, CANCELLATION],
  );
  await history.end(open, 'CANCELLED', AT + 1_001);
  await history.refund(paid, AT + 1_002);
  await pool.query("INSERT INTO parked_refunds (payment_id, cancellation_id, code) VALUES ($1, $2, 'BALANCE_LIMIT')", [
    parked,
    CANCELLATION,
  ]);
  return pool;
}

async function brokenInvariants(pool: Pool): Promise<string[]> {
  const { violations } = await runAudit(pool, { maxSeats: 4 });
  return violations.map((finding) => finding.invariant).toSorted();
}

t.test('a cancelled date whose payments are refunded or parked is clean', async (t) => {
  t.same(await brokenInvariants(await createCancelledDate(t)), []);
});

/** Changes to that database, and exactly the invariants that each must break. */
const corruptions: { what: string; sql: string[]; broken: string[] }[] = [
  {
    what: 'a payment that is neither refunded nor parked',
    sql: ['DELETE FROM parked_refunds'],
    broken: ['cancelled-is-refunded'],
  },
  {
    what: 'a hold that the cancellation has left',
    sql: [
      "UPDATE reservations SET status = 'HELD', ended_at = NULL WHERE status = 'CANCELLED'",
      "UPDATE schedule_heads SET next_expiry_at = 'epoch'",
    ],
    broken: ['cancelled-is-refunded', 'log-equals-rows'],
  },
  {
    what: 'a refund that reached no wallet',
    sql: [
      `WITH gone AS (
         DELETE FROM wallet_entries e WHERE type = 'REFUND' AND entry_no = (SELECT max(entry_no) FROM wallet_entries o WHERE o.user_id = e.user_id)
         RETURNING *
       ) UPDATE wallets w SET balance = balance - gone.amount, entries = entries - 1 FROM gone WHERE gone.user_id = w.user_id`,
    ],
    broken: ['cancelled-sums', 'payment-in-ledger'],
  },
  {
    what: 'a cancellation that counts more than was ever paid',
    sql: ['UPDATE cancellations SET payments = 9'],
    broken: ['cancelled-sums'],
  },
  {
    what: 'a hold after the cancellation',
    sql: ["UPDATE cancellations SET created_at = created_at - interval '1 hour'"],
    broken: ['cancelled-is-closed'],
  },
  {
    what: 'a cancellation that nobody ordered',
    sql: ['DELETE FROM admin_log'],
    broken: ['cancellation-in-log'],
  },
  {
    what: 'a date that names the cancellation of another concert',
    sql: ['UPDATE cancellations SET concert_id = concert_id + 1'],
    broken: ['cancellation-in-log'],
  },
  {
    what: 'a parked payment of another date',
    sql: ['UPDATE schedules SET cancellation_id = NULL'],
    broken: ['cancelled-sums', 'parked-is-paid'],
  },
];

for (const { what, sql, broken } of corruptions) {
  t.test(`the audit finds ${what}`, async (t) => {
    const pool = await createCancelledDate(t);
    for (const statement of sql) await pool.query(statement);
    t.same(await brokenInvariants(pool), broken);
  });
}
