/** A small database in which everything that can happen has happened once, lawfully, written by the tests' own statements. */
import type { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import { createHistory, type History, insertEntry, insertSale, insertUser } from '../small-history.ts';

export const AT = Date.UTC(2026, 10, 20, 12);
export const TTL_MS = 300_000;

interface Token {
  concertId: number;
  no: number;
  status: string;
  admittedAt?: number;
  endedAt?: number;
  userId?: string;
}

async function insertToken(pool: Pool, { concertId, no, status, admittedAt, endedAt, userId }: Token): Promise<void> {
  const seconds = (ms: number | undefined) => (ms === undefined ? null : ms / 1000);
  await pool.query(
    `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, activated_at, active_until, ended_at)
     VALUES (gen_random_uuid(), $1, $2, $3, 1, $4, to_timestamp($5), to_timestamp($6), to_timestamp($6) + interval '1 hour', to_timestamp($7))`,
    [concertId, userId ?? (await insertUser(pool)), no, status, AT / 1000, seconds(admittedAt), seconds(endedAt)],
  );
}

const TEXT_OF = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const SHOWN = `json_build_object('reservationId', r.reservation_id, 'concertId', r.concert_id, 'scheduleId', r.schedule_id,
  'startsAt', ${TEXT_OF('s.starts_at')}, 'seatNumber', r.seat_number, 'price', r.price, 'status', r.status, 'createdAt', ${TEXT_OF('r.created_at')},
  'expiresAt', CASE WHEN r.confirmed_at IS NULL THEN ${TEXT_OF('r.expires_at')} END, 'confirmedAt', ${TEXT_OF('r.confirmed_at')},
  'paymentId', r.payment_id, 'epoch', r.epoch, 'seq', r.seq)`;

const RECORD = 'INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body, first_seq, balance) SELECT';

/** Records what a request was granted, as of now. */
function createAnswers(pool: Pool) {
  return {
    async charge(userId: string, key: string): Promise<void> {
      await pool.query(
        `${RECORD} user_id, $2, repeat('a', 64), 'BalanceCharged', json_build_object('entryId', entry_no, 'previousBalance', balance_after - amount,
           'currentBalance', balance_after, 'createdAt', ${TEXT_OF("date_trunc('milliseconds', created_at)")}), NULL, NULL
         FROM wallet_entries WHERE user_id = $1 AND type = 'CHARGE' ORDER BY entry_no DESC LIMIT 1`,
        [userId, key],
      );
    },

    async holds(key: string, reservationIds: readonly string[]): Promise<void> {
      await pool.query(
        `${RECORD} r.user_id, $1, repeat('b', 64), 'SeatsHeld', json_agg(${SHOWN} ORDER BY r.seat_number), NULL, NULL
         FROM reservations r JOIN schedules s USING (schedule_id) WHERE reservation_id = ANY($2) GROUP BY r.user_id`,
        [key, reservationIds],
      );
    },

    /** The grant of a payment or of its refund; `isFound` when it tells of what an earlier request did. */
    async payment(key: string, paymentId: string, isFound = false): Promise<void> {
      await pool.query(
        `${RECORD} p.user_id, $1, repeat('c', 64), CASE WHEN $3 THEN 'PaymentFound' WHEN p.status = 'COMPLETED' THEN 'PaymentCompleted' ELSE 'PaymentRefunded' END,
           json_build_object('paymentId', p.payment_id, 'status', p.status, 'concertId', p.concert_id, 'scheduleId', p.schedule_id, 'amount', p.amount,
             'reservations', json_agg(${SHOWN} ORDER BY i.item_no), 'paidAt', ${TEXT_OF('p.paid_at')}, 'refundedAt', ${TEXT_OF('p.refunded_at')},
             'remainingBalance', CASE WHEN $3 THEN w.balance ELSE 0 END),
           CASE WHEN NOT $3 THEN min(r.seq) END, CASE WHEN NOT $3 THEN w.balance END
         FROM payments p JOIN payment_items i USING (payment_id) JOIN reservations r USING (reservation_id)
           JOIN schedules s ON s.schedule_id = r.schedule_id JOIN wallets w ON w.user_id = p.user_id
         WHERE p.payment_id = $2 GROUP BY p.payment_id, w.balance`,
        [key, paymentId, isFound],
      );
    },
  };
}

export interface Corpus extends TestDatabase {
  readonly ann: string;
  readonly ben: string;
  readonly concertId: number;
  readonly scheduleId: number;
}

/** Seat 7 is blocked and seat 8 given away; a hold of seat 10 moves to seat 9, which was blocked before, and is paid there. */
async function atTheBoxOffice(pool: Pool, history: History): Promise<void> {
  const at = AT + TTL_MS + 6;
  const [guest, mover] = [await insertUser(pool), await insertUser(pool)];
  await insertEntry(pool, mover, 'CHARGE', 10_000);
  await history.block(7, at);
  await history.block(9, at);
  await history.block(9, at, false);
  await history.comp(guest, 8, at);
  const moved = await history.hold(mover, 10, at);
  await history.move(moved, 9, at);
  await history.pay([moved], at);
}

/**
 * A small database in which everything that can happen has happened once, lawfully. With `isAnswered` the requests for it
 * carried keys, so that their answers are recorded.
 */
export async function createLawfulDatabase(
  t: Parameters<typeof createTestDatabase>[0],
  { isAnswered = false }: { isAnswered?: boolean } = {},
): Promise<Corpus> {
  const database = await createTestDatabase(t);
  const { pool } = database;
  const sale = await insertSale(pool, 10);
  await pool.query(
    'UPDATE concerts SET created_at = to_timestamp($1), booking_opens_at = to_timestamp($1), booking_closes_at = to_timestamp($2)',
    [AT / 1000 - 3_600, AT / 1000 + 3_600],
  );
  // A schedule that nobody has touched yet.
  await insertSale(pool);
  const history = createHistory(pool, sale);
  const answers = isAnswered ? createAnswers(pool) : null;
  const [ann, ben] = [await insertUser(pool), await insertUser(pool)];
  await insertEntry(pool, ann, 'CHARGE', 50_000);
  await insertEntry(pool, ben, 'CHARGE', 50_000);
  await answers?.charge(ann, 'charge');

  await history.raiseEpoch(1);
  const lapsed = await history.hold(ann, 1, AT);
  await answers?.holds('lapsed', [lapsed]);
  await history.end(lapsed, 'EXPIRED', AT + TTL_MS);
  await history.raiseEpoch(2);
  const again = await history.hold(ben, 1, AT + TTL_MS + 1);
  const beside = await history.hold(ben, 2, AT + TTL_MS + 1);
  await answers?.holds('two', [again, beside]);
  const paid = await history.pay([again, beside], AT + TTL_MS + 2);
  await answers?.payment('paid', paid);
  await answers?.payment('paid-before', paid, true);
  const regretted = await history.hold(ann, 3, AT + TTL_MS);
  await history.end(regretted, 'CANCELLED', AT + TTL_MS + 3);
  const returned = await history.hold(ann, 4, AT + TTL_MS);
  await answers?.holds('returned', [returned]);
  const refunded = await history.pay([returned], AT + TTL_MS + 4);
  await answers?.payment('paid-and-refunded', refunded);
  await history.refund(refunded, AT + TTL_MS + 5);
  await answers?.payment('refund', refunded);
  await answers?.payment('refunded-before', refunded, true);
  await atTheBoxOffice(pool, history);
  const held = await history.hold(ann, 4, AT + TTL_MS + 6);
  await answers?.holds('held', [held]);
  // A node took over since, and wrote nothing yet.
  await pool.query('UPDATE schedule_heads SET epoch = 3 WHERE schedule_id = $1', [sale.scheduleId]);

  const { concertId } = sale;
  await pool.query('INSERT INTO queue_heads (concert_id, generation, next_no) VALUES ($1, 1, 7)', [concertId]);
  await insertToken(pool, { concertId, no: 1, status: 'CANCELLED', admittedAt: AT, endedAt: AT + 5_000 });
  await insertToken(pool, { concertId, no: 2, status: 'ACTIVE', admittedAt: AT });
  await insertToken(pool, { concertId, no: 3, status: 'EXPIRED', endedAt: AT + 9_000 });
  await insertToken(pool, { concertId, no: 4, status: 'ACTIVE', admittedAt: AT + 10_000 });
  await insertToken(pool, { concertId, no: 5, status: 'ACTIVE', admittedAt: AT + 10_000 });
  await insertToken(pool, { concertId, no: 6, status: 'WAITING' });
  return { ...database, ...sale, ann, ben };
}
