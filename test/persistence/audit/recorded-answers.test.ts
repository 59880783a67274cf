import t from 'tap';
import { auditAnswers } from '../../../src/persistence/audit/audit-answers.ts';
import { runAudit } from '../../../src/persistence/audit/audit.ts';
import { createLawfulDatabase } from './lawful-database.ts';

/** Changes to one recorded answer, and the invariant that each breaks. */
const corruptions: { what: string; key: string; set?: string; isCopied?: true; breaks: string }[] = [
  {
    what: 'a charge that the ledger does not have',
    key: 'charge',
    set: `body = (body::jsonb || '{"entryId": 77}')::json`,
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: 'a payment in place of a charge',
    key: 'charge',
    set: `body = (body::jsonb || '{"entryId": 2}')::json`,
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: 'a charge to another balance',
    key: 'charge',
    set: `body = (body::jsonb || '{"currentBalance": 50001}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a charge of another amount',
    key: 'charge',
    set: `body = (body::jsonb || '{"previousBalance": 1}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a charge at another time',
    key: 'charge',
    set: `body = (body::jsonb || '{"createdAt": "2026-11-20T12:00:00.000Z"}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a charge with the balance of a payment',
    key: 'charge',
    set: 'balance = 50000',
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: "another user's charge",
    key: 'charge',
    set: 'user_id = $ben',
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold that does not exist',
    key: 'lapsed',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || jsonb_build_object('reservationId', gen_random_uuid()))::json`,
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: "another user's hold",
    key: 'lapsed',
    set: 'user_id = $ben',
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: 'a hold of another seat',
    key: 'held',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"seatNumber": 5}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold at another price',
    key: 'lapsed',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"price": 1}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold that ends later',
    key: 'lapsed',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"expiresAt": "2026-11-20T13:00:00.000Z"}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold as if it were confirmed',
    key: 'held',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"status": "CONFIRMED"}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold under another number',
    key: 'held',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"seq": 2}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold under a number later than its end',
    key: 'lapsed',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"seq": 12}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a hold of another concert',
    key: 'lapsed',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"concertId": 99}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'one of two holds at another price',
    key: 'two',
    set: `body = jsonb_set(body::jsonb, '{1,price}', '3')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a payment that does not exist',
    key: 'paid',
    set: `body = (body::jsonb || jsonb_build_object('paymentId', gen_random_uuid()))::json`,
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: "another user's payment",
    key: 'paid',
    set: 'user_id = $ann',
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: 'a payment of another amount',
    key: 'paid',
    set: `body = (body::jsonb || '{"amount": 1}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a payment of fewer seats',
    key: 'paid',
    set: `body = (body::jsonb #- '{reservations,1}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a payment at another time',
    key: 'paid',
    set: `body = (body::jsonb || '{"paidAt": "2026-11-20T13:00:00.000Z"}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a payment as if it were refunded',
    key: 'paid',
    set: `body = (body::jsonb || '{"status": "REFUNDED"}')::json`,
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: 'a payment that left another balance',
    key: 'paid',
    set: 'balance = balance + 1',
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a payment under another number',
    key: 'paid',
    set: 'first_seq = first_seq - 1',
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a refund that left another balance',
    key: 'refund',
    set: 'balance = balance - 1',
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a new payment as if it were an earlier one',
    key: 'paid',
    set: "type = 'PaymentFound'",
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'an earlier payment with a balance that the wallet never held',
    key: 'paid-before',
    set: `body = (body::jsonb || '{"remainingBalance": 12}')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'the same charge under another key',
    key: 'charge',
    isCopied: true,
    breaks: 'recorded-answers-of-effects',
  },
  {
    what: 'the same payment under another key',
    key: 'paid',
    isCopied: true,
    breaks: 'recorded-answers-of-effects',
  },
  { what: 'nothing', key: 'held', set: "body = '{}'", breaks: 'recorded-answers-readable' },
  { what: 'a text', key: 'held', set: `body = '"\\u0000"'`, breaks: 'recorded-answers-readable' },
  {
    what: 'an id that is none',
    key: 'held',
    set: `body = jsonb_set(body::jsonb, '{0}', body::jsonb -> 0 || '{"reservationId": "7"}')::json`,
    breaks: 'recorded-answers-readable',
  },
  { what: 'no holds', key: 'two', set: "body = '[]'", breaks: 'recorded-answers-readable' },
  { what: 'a hold, under no fingerprint', key: 'held', set: "fingerprint = ''", breaks: 'recorded-answers-readable' },
  { what: 'a hold, under no key', key: 'held', set: "key = ''", breaks: 'recorded-answers-readable' },
  { what: 'an unknown user', key: 'held', set: 'user_id = gen_random_uuid()', breaks: 'recorded-answers-of-effects' },
  { what: 'a grant of no type', key: 'held', set: "type = 'SeatGiven'", breaks: 'recorded-answers-readable' },
  {
    what: 'a hold as if it were a charge',
    key: 'held',
    set: "type = 'BalanceCharged'",
    breaks: 'recorded-answers-readable',
  },
  {
    what: 'a refusal in the form of former versions',
    key: 'held',
    set: 'type = NULL, status = 409',
    breaks: 'recorded-answers-readable',
  },
  {
    what: 'a hold of another start',
    key: 'held',
    set: `body = jsonb_set(body::jsonb, '{0,startsAt}', '"2026-12-01T00:00:00.000Z"')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
  {
    what: 'a payment of another start',
    key: 'paid',
    set: `body = jsonb_set(body::jsonb, '{reservations,0,startsAt}', '"2026-12-01T00:00:00.000Z"')::json`,
    breaks: 'recorded-answers-equal-rows',
  },
];

const COPY = `
  INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body, first_seq, balance)
  SELECT user_id, 'again', fingerprint, type, body, first_seq, balance FROM idempotency_keys WHERE key = $1`;

t.test('a recorded answer that does not say what was done is named by the invariant that it breaks', async (t) => {
  const { pool, ann, ben } = await createLawfulDatabase(t, { isAnswered: true });
  const withUsers = (set: string): string => set.replaceAll('$ann', `'${ann}'`).replaceAll('$ben', `'${ben}'`);
  for (const { what, key, set = '', isCopied = false, breaks } of corruptions) {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const reported = new Set<string>();
      await auditAnswers(client, (invariant) => reported.add(invariant));
      t.same([...reported], [], 'all is well before');
      await client.query('CLOSE audit_keys');
      await client.query(isCopied ? COPY : `UPDATE idempotency_keys SET ${withUsers(set)} WHERE key = $1`, [key]);
      await auditAnswers(client, (invariant) => reported.add(invariant));
      t.same([...reported], [breaks], what);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }
});

t.test('an answer in the form of former versions is judged by the same rules', async (t) => {
  const { pool } = await createLawfulDatabase(t, { isAnswered: true });
  await pool.query(`
    UPDATE idempotency_keys SET type = NULL, status = CASE WHEN type IN ('SeatsHeld', 'PaymentCompleted') THEN 201 ELSE 200 END,
      body = CASE WHEN type <> 'SeatsHeld' THEN body WHEN json_array_length(body) = 1 THEN body -> 0
        ELSE json_build_object('reservations', body) END`);
  t.same((await runAudit(pool)).violations, []);
  await pool.query(`UPDATE idempotency_keys SET body = (body::jsonb || '{"seatNumber": 5}')::json WHERE key = 'held'`);
  await pool.query(`UPDATE idempotency_keys SET body = (body::jsonb || '{"amount": 1}')::json WHERE key = 'paid'`);
  t.match((await runAudit(pool)).violations, [{ invariant: 'recorded-answers-equal-rows', total: 2 }]);
});

t.test(
  'answers that tell of what has changed since are lawful, and so are more than one look-up of them',
  async (t) => {
    const { pool, ann } = await createLawfulDatabase(t, { isAnswered: true });
    await pool.query(
      `WITH entry AS (
       INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, created_at)
       SELECT $1, w.entries + n, 'CHARGE', 1, w.balance + n, to_timestamp(1800000000 + n) FROM wallets w, generate_series(1, 1200) n WHERE w.user_id = $1
       RETURNING *
     ), key AS (
       INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body)
       SELECT user_id, 'n' || entry_no, repeat('0', 64), 'BalanceCharged', json_build_object('entryId', entry_no, 'previousBalance', balance_after - 1,
         'currentBalance', balance_after, 'createdAt', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) FROM entry
     ) UPDATE wallets SET balance = balance + 1200, entries = entries + 1200 WHERE user_id = $1`,
      [ann],
    );
    t.same((await runAudit(pool)).violations, []);
    await pool.query(
      "UPDATE idempotency_keys SET body = (body::jsonb || '{\"currentBalance\": 0}')::json WHERE key LIKE 'n%'",
    );
    const { violations } = await runAudit(pool);
    t.match(violations, [{ invariant: 'recorded-answers-equal-rows', total: 1_200 }]);
    t.equal(violations[0]?.rows.length, 10);
  },
);
