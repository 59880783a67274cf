import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg, { type Pool } from 'pg';
import t from 'tap';
import { type AuditOptions, runAudit } from '../../../src/persistence/audit/audit.ts';
import { startEmbeddedPostgres } from '../../../src/embedded-postgres/embedded-postgres.ts';
import { migrate } from '../../../src/persistence/migrate.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { silentLog as log } from '../../fixtures/silent-log.ts';
import { insertEntry } from '../small-history.ts';
import { AT, createLawfulDatabase, TTL_MS } from './lawful-database.ts';

const EVERYTHING: AuditOptions = { maxSeats: 2, isPolicyUnchanged: true };

async function brokenInvariants(pool: Pool, options: AuditOptions = EVERYTHING): Promise<string[]> {
  const { violations } = await runAudit(pool, options);
  return violations.map((finding) => finding.invariant).toSorted();
}

t.test('a lawful history is clean, and so is an empty database', async (t) => {
  const { pool } = await createLawfulDatabase(t, { isAnswered: true });
  const { findings, violations } = await runAudit(pool, EVERYTHING);
  t.same(violations, []);
  t.ok(findings.length >= 20);
  t.ok(findings.every((finding) => finding.skipped === null));
  t.same(await brokenInvariants((await createTestDatabase(t)).pool), []);
});

t.test('what cannot be judged without a word from the operator is skipped with a note', async (t) => {
  const { pool } = await createLawfulDatabase(t);
  const { findings } = await runAudit(pool);
  const skipped = findings.filter((finding) => finding.skipped !== null).map((finding) => finding.invariant);
  t.same(skipped.toSorted(), ['queue-capacity', 'queue-rate', 'queue-time-to-live', 'seat-limit']);
});

/** Changes to the lawful database, and exactly the invariants that each must break. */
const corruptions: { what: string; sql: string[]; broken: string[] }[] = [
  {
    what: 'a seat sold twice',
    sql: [
      'DROP INDEX reservations_live_seat',
      `INSERT INTO reservations SELECT gen_random_uuid(), schedule_id, concert_id, user_id, seat_number, price, 'HELD', created_at, expires_at,
         NULL, NULL, NULL, epoch, 99 FROM reservations WHERE status = 'CONFIRMED' AND seat_number = 1`,
    ],
    broken: ['alarm-covers-holds', 'log-equals-rows', 'one-live-reservation-per-seat', 'schema-as-migrated'],
  },
  {
    what: 'a key that nobody created',
    sql: [
      "INSERT INTO admin_keys (key_id, name, role, secret_hash) VALUES ('01990000-0000-7000-8000-000000000000', 'k', 'OWNER', sha256('s'))",
    ],
    broken: ['key-in-log'],
  },
  {
    what: 'a change by a key that does not exist',
    sql: [
      "INSERT INTO admin_log (key_id, action, target, request_id) VALUES (gen_random_uuid(), 'concert.create', 'concert:1', gen_random_uuid())",
    ],
    broken: ['change-by-known-key'],
  },
  {
    what: 'a change by a key that was revoked before',
    sql: [
      "INSERT INTO admin_keys (key_id, name, role, secret_hash) VALUES ('01990000-0000-7000-8000-000000000000', 'k', 'OWNER', sha256('s'))",
      "UPDATE admin_keys SET created_at = now() - interval '2 hours', revoked_at = now() - interval '1 hour'",
      `INSERT INTO admin_log (key_id, action, target, request_id) SELECT v.key_id, action, 'key:' || k.key_id, gen_random_uuid()
         FROM admin_keys k, (VALUES (NULL, 'key.create'), (NULL, 'key.revoke'), ('01990000-0000-7000-8000-000000000000'::uuid, 'queue.change')) AS v (key_id, action)`,
    ],
    broken: ['change-by-known-key'],
  },
  {
    what: 'a reservation at a price that its seat does not have',
    sql: ["UPDATE reservations SET price = price - 1 WHERE status = 'CANCELLED'"],
    broken: ['log-equals-rows'],
  },
  {
    what: 'a hold that lasts beyond the start of its performance',
    sql: [
      `UPDATE schedules SET starts_at = r.expires_at - interval '1 millisecond'
         FROM reservations r WHERE r.schedule_id = schedules.schedule_id AND r.status = 'HELD'`,
    ],
    broken: ['hold-ends-by-the-start'],
  },
  {
    what: 'a hold of a seat that does not exist',
    sql: [
      "DELETE FROM seats USING reservations r WHERE r.status = 'HELD' AND seats.schedule_id = r.schedule_id AND seats.seat_number = r.seat_number",
    ],
    broken: ['reservation-of-a-seat', 'schedule-complete'],
  },
  {
    what: 'an acknowledged hold that vanished from the rows',
    sql: ["DELETE FROM reservations WHERE status = 'HELD'"],
    broken: ['log-equals-rows'],
  },
  {
    what: 'a row of which the log knows nothing',
    sql: [
      `INSERT INTO reservations SELECT gen_random_uuid(), schedule_id, concert_id, user_id, 6, 6000, 'EXPIRED', created_at, expires_at,
         NULL, expires_at, NULL, epoch, seq FROM reservations LIMIT 1`,
    ],
    broken: ['log-equals-rows'],
  },
  {
    what: 'a flush that vanished from the log',
    sql: ['DELETE FROM seat_log_flushes WHERE events[1]::jsonb @> \'[{"type": "CANCELLED"}]\''],
    broken: ['log-equals-rows', 'log-gapless'],
  },
  {
    what: 'the last flush that vanished from the log and the rows, but not from the head',
    sql: [
      'DELETE FROM seat_log_flushes WHERE last_seqs[1] = (SELECT max(last_seq) FROM seat_log)',
      "DELETE FROM reservations WHERE status = 'HELD'",
    ],
    broken: ['log-gapless'],
  },
  {
    what: 'a log row with fewer events than numbers',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = (events[1]::jsonb - 0)::json
         WHERE json_array_length(events[1]) = 2 AND events[1]::jsonb @> '[{"type": "CONFIRMED"}]'`,
    ],
    broken: ['log-equals-rows', 'log-gapless'],
  },
  {
    what: 'an epoch that falls',
    sql: ['UPDATE seat_log_flushes SET epochs[1] = 3 WHERE first_seqs[1] = 1'],
    broken: ['log-epochs'],
  },
  {
    what: 'a flush of a later epoch than the head',
    sql: ['UPDATE schedule_heads SET epoch = 1 WHERE schedule_id = $schedule'],
    broken: ['log-epochs'],
  },
  {
    what: 'a hold that was ended before its time',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{0,at}', to_jsonb((events[1]->0->>'at')::bigint - 1))::json
         WHERE events[1]::jsonb @> '[{"type": "EXPIRED"}]'`,
    ],
    broken: ['log-equals-rows', 'no-early-expiry'],
  },
  {
    what: 'an expiry of a hold that was confirmed',
    sql: [
      `UPDATE seat_log_flushes l SET events[1] = jsonb_set(l.events[1]::jsonb, '{0,reservationId}', c.events->0->'reservationId')::json
         FROM seat_log c WHERE l.events[1]::jsonb @> '[{"type": "CANCELLED"}]' AND c.events @> '[{"type": "CONFIRMED"}]' AND jsonb_array_length(c.events) = 2`,
    ],
    broken: ['log-equals-rows', 'log-legal'],
  },
  {
    what: 'a hold that began earlier than it was logged',
    sql: ["UPDATE reservations SET created_at = created_at - interval '1 millisecond' WHERE status = 'HELD'"],
    broken: ['log-equals-rows'],
  },
  {
    what: 'a seat that was confirmed later than it was logged',
    sql: [
      "UPDATE reservations SET confirmed_at = confirmed_at + interval '1 millisecond' WHERE status = 'CONFIRMED' AND seat_number = 1",
    ],
    broken: ['log-equals-rows', 'payment-times'],
  },
  {
    what: 'a hold that ended later than it was logged',
    sql: ["UPDATE reservations SET ended_at = ended_at + interval '1 millisecond' WHERE status = 'CANCELLED'"],
    broken: ['log-equals-rows'],
  },
  {
    what: 'an end without an instant',
    sql: ["UPDATE reservations SET ended_at = NULL WHERE status = 'EXPIRED'"],
    broken: ['log-equals-rows'],
  },
  {
    what: 'a payment that was made later than its seats were confirmed',
    sql: ["UPDATE payments SET paid_at = paid_at + interval '1 millisecond' WHERE user_id = $ben"],
    broken: ['payment-times'],
  },
  {
    what: 'a refund at another time than its seats were returned',
    sql: ["UPDATE payments SET refunded_at = refunded_at + interval '1 millisecond' WHERE status = 'REFUNDED'"],
    broken: ['payment-times'],
  },
  {
    what: 'a log and a row whose time falls by an hour',
    sql: [
      `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{0,at}', to_jsonb((events[1]->0->>'at')::bigint - 3000000))::json
         WHERE events[1]::jsonb @> '[{"type": "CANCELLED"}]'`,
      "UPDATE reservations SET ended_at = ended_at - interval '3000 seconds' WHERE status = 'CANCELLED'",
    ],
    broken: ['log-times'],
  },
  {
    what: 'a hold before the booking window',
    sql: ['UPDATE concerts SET booking_opens_at = to_timestamp($at + 11)'],
    broken: ['hold-within-windows'],
  },
  {
    what: 'a hold after the booking window',
    sql: [
      `UPDATE concerts SET booking_closes_at = to_timestamp($at + 285)
         WHERE concert_id = (SELECT concert_id FROM schedules WHERE schedule_id = $schedule)`,
    ],
    broken: ['hold-within-windows'],
  },
  {
    what: 'a hold before its schedule opened for reservation',
    sql: ['UPDATE schedules SET reservation_opens_at = to_timestamp($at + 11) WHERE schedule_id = $schedule'],
    broken: ['hold-within-windows'],
  },
  {
    what: 'a sell-out at an instant without a payment',
    sql: ["INSERT INTO sold_out_schedules VALUES ($schedule, '-infinity', to_timestamp($at + 1), 1)"],
    broken: ['sell-out-of-payment'],
  },
  {
    what: 'a charge above the limit',
    sql: [
      'UPDATE wallet_entries SET amount = amount + 10000000 WHERE user_id = $ann AND entry_no = 1',
      'UPDATE wallet_entries SET balance_after = balance_after + 10000000 WHERE user_id = $ann',
      'UPDATE wallets SET balance = balance + 10000000 WHERE user_id = $ann',
    ],
    broken: ['ledger-limits'],
  },
  {
    what: 'a charge that takes a balance above the limit',
    sql: [
      `INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after)
         SELECT w.user_id, w.entries + n, 'CHARGE', 10000000, w.balance + n * 10000000 FROM wallets w, generate_series(1, 100000::bigint) n WHERE user_id = $ann`,
      'UPDATE wallets SET balance = balance + 1000000000000, entries = entries + 100000 WHERE user_id = $ann',
    ],
    broken: ['ledger-limits'],
  },
  {
    what: 'a deadline that the alarm does not know',
    sql: ['UPDATE schedule_heads SET next_expiry_at = NULL WHERE schedule_id = $schedule'],
    broken: ['alarm-covers-holds'],
  },
  {
    what: 'a deadline that the alarm knows too late',
    sql: [
      "UPDATE schedule_heads SET next_expiry_at = next_expiry_at + interval '1 millisecond' WHERE schedule_id = $schedule",
    ],
    broken: ['alarm-covers-holds'],
  },
  {
    what: 'a schedule without a head',
    sql: ['DELETE FROM schedule_heads WHERE schedule_id = $schedule'],
    broken: ['log-gapless', 'schedule-complete'],
  },
  {
    what: 'a balance that its ledger does not explain',
    sql: ['UPDATE wallets SET balance = balance + 1 WHERE user_id = $ann'],
    broken: ['wallet-equals-ledger'],
  },
  {
    what: 'a user without a wallet',
    sql: ['DELETE FROM wallet_entries WHERE user_id = $ben', 'DELETE FROM wallets WHERE user_id = $ben'],
    broken: ['payment-in-ledger', 'wallet-equals-ledger'],
  },
  {
    what: 'an entry that vanished from the middle of a ledger',
    sql: ["DELETE FROM wallet_entries WHERE type = 'PAYMENT' AND user_id = $ann"],
    broken: ['ledger-runs', 'payment-in-ledger', 'wallet-equals-ledger'],
  },
  {
    what: 'a running balance that does not run',
    sql: ['UPDATE wallet_entries SET balance_after = balance_after + 1 WHERE user_id = $ann AND entry_no = 1'],
    broken: ['ledger-runs'],
  },
  {
    what: 'a debit of another amount than the payment',
    sql: ['UPDATE payments SET amount = amount + 1 WHERE user_id = $ben'],
    broken: ['payment-in-ledger', 'payment-of-reservations'],
  },
  {
    what: "a payment that was taken from another user's wallet",
    sql: ['UPDATE payments SET user_id = $ann WHERE user_id = $ben'],
    broken: ['payment-in-ledger', 'payment-of-reservations'],
  },
  {
    what: 'a debit without a payment',
    sql: ["DELETE FROM payments WHERE status = 'REFUNDED'"],
    broken: ['confirmed-is-paid', 'payment-in-ledger'],
  },
  {
    what: 'a refund that gave the money back and kept the payment',
    sql: ["UPDATE payments SET status = 'COMPLETED', refunded_at = NULL WHERE status = 'REFUNDED'"],
    broken: ['payment-in-ledger', 'payment-of-reservations'],
  },
  {
    what: 'a payment of fewer seats than it cost',
    sql: ['DELETE FROM payment_items WHERE item_no = 2'],
    broken: ['confirmed-is-paid', 'payment-of-reservations'],
  },
  {
    what: 'a confirmed seat that two payments claim',
    sql: [
      `INSERT INTO payment_items SELECT p.payment_id, 9, r.reservation_id FROM payments p, reservations r
         WHERE p.status = 'REFUNDED' AND r.status = 'CONFIRMED' AND r.seat_number = 1`,
    ],
    broken: ['confirmed-is-paid', 'payment-of-reservations'],
  },
  {
    what: 'a confirmed seat that names no payment',
    sql: ["UPDATE reservations SET payment_id = NULL WHERE status = 'CONFIRMED' AND seat_number = 1"],
    broken: ['confirmed-is-paid', 'log-equals-rows', 'payment-of-reservations'],
  },
  {
    what: 'a user with two live tokens',
    sql: ['DROP INDEX queue_tokens_live', 'UPDATE queue_tokens SET user_id = $ann WHERE no IN (2, 6)'],
    broken: ['one-live-token-per-user', 'schema-as-migrated'],
  },
  {
    what: 'two tokens with one number',
    sql: [
      'ALTER TABLE queue_tokens DROP CONSTRAINT queue_tokens_concert_id_no_key',
      'UPDATE queue_tokens SET no = 5 WHERE no = 4',
    ],
    broken: ['queue-numbers', 'schema-as-migrated'],
  },
  {
    what: 'a number that would be given out again',
    sql: ['UPDATE queue_heads SET next_no = 6'],
    broken: ['queue-numbers'],
  },
  {
    what: 'an ended token without an end',
    sql: ["UPDATE queue_tokens SET ended_at = NULL WHERE status = 'CANCELLED'"],
    broken: ['queue-capacity', 'queue-lives'],
  },
  {
    what: 'a token that was passed over',
    sql: [
      'UPDATE queue_heads SET next_no = 9',
      'UPDATE queue_tokens SET no = 8 WHERE no = 5',
      'UPDATE queue_tokens SET no = 7 WHERE no = 8',
      'UPDATE queue_tokens SET no = 5 WHERE no = 6',
    ],
    broken: ['queue-order'],
  },
  {
    what: 'tokens that were admitted in the wrong order',
    sql: [
      "UPDATE queue_tokens SET activated_at = activated_at + interval '1 second', active_until = active_until + interval '1 second' WHERE no = 4",
    ],
    broken: ['queue-order'],
  },
  {
    what: 'somebody who had stood in the line, and was passed over there by one of several nodes',
    sql: [
      "INSERT INTO nodes (node, address) VALUES ('a:1', ''), ('b:1', '')",
      "UPDATE queue_tokens SET activated_at = activated_at + interval '1 second', active_until = active_until + interval '1 second', issued_at = issued_at - interval '1 minute' WHERE no = 4",
    ],
    broken: ['queue-order'],
  },
  {
    what: 'nothing, where two entered at two nodes at once and the later number was the first in the line',
    sql: [
      "INSERT INTO nodes (node, address) VALUES ('a:1', ''), ('b:1', '')",
      "UPDATE queue_tokens SET issued_at = activated_at - interval '1 millisecond' WHERE no IN (4, 5)",
      "UPDATE queue_tokens SET activated_at = activated_at + interval '1 second', active_until = active_until + interval '1 second' WHERE no = 4",
    ],
    broken: [],
  },
  {
    what: 'an admission that came too soon after the ones before',
    sql: [
      "UPDATE queue_tokens SET activated_at = activated_at - interval '2 milliseconds', active_until = active_until - interval '2 milliseconds' WHERE no IN (4, 5)",
    ],
    broken: ['queue-rate'],
  },
  {
    what: 'more active tokens than allowed',
    sql: ["UPDATE queue_tokens SET ended_at = activated_at + interval '12 seconds' WHERE no = 1"],
    broken: ['queue-capacity'],
  },
];

for (const { what, sql, broken } of corruptions) {
  t.test(`the audit names what ${what} breaks, and nothing else`, async (t) => {
    const { pool, ann, ben, scheduleId } = await createLawfulDatabase(t);
    for (const statement of sql) {
      await pool.query(
        statement
          .replaceAll('$ann', `'${ann}'`)
          .replaceAll('$ben', `'${ben}'`)
          .replaceAll('$at', `${AT / 1000}`)
          .replaceAll('$schedule', `${scheduleId}`),
      );
    }
    t.same(await brokenInvariants(pool), broken);
  });
}

t.test('a user who ever had more live seats than allowed is named', async (t) => {
  const { pool, ben } = await createLawfulDatabase(t);
  t.same(await brokenInvariants(pool, { maxSeats: 1 }), ['seat-limit']);
  const { violations } = await runAudit(pool, { maxSeats: 1 });
  t.match(violations[0]?.rows, [{ userId: ben, seats: 2, limit: 1 }]);
});

t.test('of many violations the first are shown and all are counted', async (t) => {
  const { pool, ann } = await createLawfulDatabase(t);
  await pool.query(
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body) SELECT $1, n::text, 'f', 500, '{}' FROM generate_series(1, 1000) n",
    [ann],
  );
  const { violations } = await runAudit(pool);
  t.equal(violations[0]?.total, 1_000);
  t.equal(violations[0]?.rows.length, 10);
});

t.test('a database is audited as of one moment, while others write to it', async (t) => {
  const { pool, ben } = await createLawfulDatabase(t);
  let writing = true;
  const writer = (async () => {
    while (writing) await insertEntry(pool, ben, 'CHARGE', 1);
  })();
  for (let i = 0; i < 10; i += 1) t.same(await brokenInvariants(pool), []);
  writing = false;
  await writer;
});

t.test('a log that is longer than one fetch is folded to its end', async (t) => {
  const { pool, scheduleId, ann, concertId } = await createLawfulDatabase(t);
  const { rows } = await pool.query<{ seq: number }>('SELECT seq FROM schedule_heads WHERE schedule_id = $1', [
    scheduleId,
  ]);
  const before = rows[0]?.seq ?? 0;
  await pool.query(
    `WITH pair AS (SELECT n, gen_random_uuid() AS id, $1::bigint + 2 * n - 1 AS first FROM generate_series(1, 3000) n),
     log AS (INSERT INTO seat_log_flushes (batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
       SELECT gen_random_uuid(), ARRAY[$2::bigint], ARRAY[first], ARRAY[first + 1], ARRAY[3::bigint], ARRAY[json_build_array(
       jsonb_build_object('type', 'HELD', 'seatNumber', 6, 'reservationId', id, 'userId', $3::uuid, 'at', $4::bigint, 'expiresAt', $4::bigint + 1000, 'price', 6000),
       jsonb_build_object('type', 'CANCELLED', 'seatNumber', 6, 'reservationId', id, 'at', $4::bigint))] FROM pair),
     row AS (INSERT INTO reservations SELECT id, $2, $5, $3, 6, 6000, 'CANCELLED', to_timestamp($4 / 1000.0), to_timestamp($4 / 1000.0 + 1),
       NULL, to_timestamp($4 / 1000.0), NULL, 3, first + 1 FROM pair)
     UPDATE schedule_heads SET seq = $1 + 6000 WHERE schedule_id = $2`,
    [before, scheduleId, ann, AT + TTL_MS + 10, concertId],
  );
  t.same(await brokenInvariants(pool), []);
  await pool.query(
    `UPDATE seat_log_flushes SET events[1] = jsonb_set(events[1]::jsonb, '{1,seatNumber}', '5')::json
     WHERE first_seqs[1] = (SELECT max(first_seq) FROM seat_log)`,
  );
  t.same(await brokenInvariants(pool), ['log-legal']);
});

async function runEntryPoint(
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const entry = fileURLToPath(new URL('../../../src/audit.ts', import.meta.url));
  const { DATABASE_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout.on('data', (chunk) => output.push(String(chunk)));
  child.stderr.on('data', (chunk) => output.push(String(chunk)));
  const [code] = await once(child, 'close');
  return { code, output: output.join('') };
}

t.test('a pool whose numbers arrive as text is refused, and stays usable', async (t) => {
  const { pool, url } = await createLawfulDatabase(t);
  const plain = new pg.Pool({ connectionString: url, max: 1 });
  t.teardown(() => plain.end());
  await t.rejects(runAudit(plain, EVERYTHING), {
    name: 'TypeError',
    message: 'The audit needs the connections of createPool: a bigint arrived as a string.',
  });
  t.match((await plain.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
  t.match(await runAudit(pool, EVERYTHING), { violations: [] });
});

t.test('the command says in words and by its exit code whether a database is clean', async (t) => {
  const { pool, url } = await createLawfulDatabase(t);
  const clean = await runEntryPoint(['--max-seats', '2', '--policy-unchanged'], { DATABASE_URL: url });
  t.equal(clean.code, 0, clean.output);
  t.match(clean.output, /OK {4}ledger-runs: .+\n/);
  t.match(clean.output, /clean: \d+ invariants hold\n$/);
  await pool.query('UPDATE wallets SET balance = balance + 1');
  const broken = await runEntryPoint(['--database-url', url]);
  t.equal(broken.code, 1, broken.output);
  t.match(broken.output, /BROKEN {2}wallet-equals-ledger: .+\n.+"balance":/);
  t.match(broken.output, /-- {4}seat-limit: .+not checked/);
});

t.test('the command tells a database that it cannot audit from one that is clean', async (t) => {
  const away = await runEntryPoint(['--database-url', 'postgres://nobody@127.0.0.1:1/none']);
  t.equal(away.code, 2, away.output);
  t.equal((await runEntryPoint(['--max-seats', 'many'])).code, 2);
  const nothing = await runEntryPoint([], { DATA_DIR: t.testdir() });
  t.equal(nothing.code, 2);
  t.match(nothing.output, /there is no database under/);
});

t.test(
  'the command runs the embedded database for the time of the audit, and leaves one that runs running',
  async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'frontrow-audit-'));
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
    const isRunning = () => existsSync(join(dataDir, 'postgres', 'postmaster.pid'));
    const server = await startEmbeddedPostgres({ dataDir, log });
    t.teardown(() => server.stop());
    await migrate({ databaseUrl: server.databaseUrl, log });
    const beside = await runEntryPoint([], { DATA_DIR: dataDir });
    t.equal(beside.code, 0, beside.output);
    t.ok(isRunning());
    await server.stop();
    const alone = await runEntryPoint([], { DATA_DIR: dataDir });
    t.equal(alone.code, 0, alone.output);
    t.notOk(isRunning());
  },
);
