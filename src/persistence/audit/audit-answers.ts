import type { PoolClient } from 'pg';
import {
  type ChargedEntry,
  type Effects,
  judgeAnswer,
  type MadePayment,
  type ReportAnswer,
  type ReservedSeat,
} from './answer-rules.ts';
import { readOrdered } from './audit-reader.ts';
import { type KeptAnswer, type ReadAnswer, readAnswer } from './kept-answer.ts';

/** Answers whose rows are looked up together; an answer may name 50 reservations. */
const ANSWERS_PER_LOOK_UP = 500;

const KEYS = `
  SELECT k.user_id, k.key, k.fingerprint, k.type, k.status, k.body, k.first_seq, k.balance, u.user_id IS NOT NULL AS is_user_known
  FROM idempotency_keys k LEFT JOIN users u USING (user_id) ORDER BY k.user_id, k.key`;

const ENTRIES = `
  SELECT e.user_id, e.entry_no, e.type, e.amount, e.balance_after, floor(extract(epoch FROM e.created_at) * 1000)::bigint AS created_ms
  FROM unnest($1::uuid[], $2::bigint[]) AS named (user_id, entry_no) JOIN wallet_entries e USING (user_id, entry_no)`;

const RESERVATIONS = `
  SELECT r.reservation_id, r.user_id, r.concert_id, r.schedule_id, r.seat_number, r.price, r.status,
    floor(extract(epoch FROM s.starts_at) * 1000)::bigint AS starts_ms,
    s.times_changed_at IS NOT NULL AS has_moved, round(extract(epoch FROM r.created_at) * 1000)::bigint AS created_ms,
    round(extract(epoch FROM r.expires_at) * 1000)::bigint AS expires_ms, round(extract(epoch FROM r.confirmed_at) * 1000)::bigint AS confirmed_ms,
    r.extensions, r.moves, r.payment_id, r.epoch, r.seq
  FROM reservations r LEFT JOIN schedules s USING (schedule_id) WHERE r.reservation_id = ANY($1::uuid[])`;

const PAYMENTS = `
  SELECT p.payment_id, p.user_id, p.concert_id, p.schedule_id, p.amount, p.status,
    round(extract(epoch FROM p.paid_at) * 1000)::bigint AS paid_ms, round(extract(epoch FROM p.refunded_at) * 1000)::bigint AS refunded_ms,
    coalesce((SELECT array_agg(i.reservation_id::text) FROM payment_items i WHERE i.payment_id = p.payment_id), '{}') AS reservation_ids,
    (SELECT max(balance_after) FROM wallet_entries e
     WHERE e.user_id = p.user_id AND e.payment_id = p.payment_id AND e.type = 'PAYMENT') AS balance_paid,
    (SELECT max(balance_after) FROM wallet_entries e
     WHERE e.user_id = p.user_id AND e.payment_id = p.payment_id AND e.type = 'REFUND') AS balance_refunded
  FROM payments p WHERE p.payment_id = ANY($1::uuid[])`;

const BALANCES = `
  SELECT DISTINCT user_id, balance FROM unnest($1::uuid[], $2::bigint[]) AS named (user_id, balance)
  WHERE EXISTS (SELECT FROM wallet_entries e WHERE e.user_id = named.user_id AND e.balance_after = named.balance)`;

/** The balance that an answer shows by itself: that of an earlier payment, as it was found. */
function balanceShown({ shown: { remainingBalance } }: ReadAnswer): number | null {
  return Number.isSafeInteger(remainingBalance) ? Number(remainingBalance) : null;
}

async function lookUp(client: PoolClient, answers: readonly ReadAnswer[]): Promise<Effects> {
  async function select<R extends object>(text: string, ...values: unknown[][]): Promise<R[]> {
    return values[0]?.length === 0 ? [] : (await client.query<R>(text, values)).rows;
  }
  const charges = answers.flatMap(({ recorded, named }) =>
    named?.kind === 'charge' ? { userId: recorded.user_id, entryNo: named.entryNo } : [],
  );
  const entries = await select<ChargedEntry & { user_id: string; entry_no: number }>(
    ENTRIES,
    charges.map(({ userId }) => userId),
    charges.map(({ entryNo }) => entryNo),
  );
  const reservationIds = answers.flatMap(({ named }) =>
    named === null || named.kind === 'charge' ? [] : named.reservations.map(({ reservationId }) => reservationId),
  );
  const reservations = await select<ReservedSeat>(RESERVATIONS, [...new Set(reservationIds)]);
  const paymentIds = answers.flatMap(({ named }) => (named?.kind === 'payment' ? named.paymentId : []));
  const payments = await select<MadePayment>(PAYMENTS, [...new Set(paymentIds)]);
  const shown = answers.flatMap((answer) => {
    const balance = balanceShown(answer);
    return balance === null ? [] : { userId: answer.recorded.user_id, balance };
  });
  const balances = await select<{ user_id: string; balance: number }>(
    BALANCES,
    shown.map(({ userId }) => userId),
    shown.map(({ balance }) => balance),
  );

  const entryByKey = new Map(entries.map((row) => [`${row.user_id} ${row.entry_no}`, row]));
  const reservationById = new Map(reservations.map((row) => [row.reservation_id, row]));
  const paymentById = new Map(payments.map((row) => [row.payment_id, row]));
  const known = new Set(balances.map((row) => `${row.user_id} ${row.balance}`));
  return {
    entryOf: (userId, entryNo) => entryByKey.get(`${userId} ${entryNo}`),
    reservationOf: (reservationId) => reservationById.get(reservationId),
    paymentOf: (paymentId) => paymentById.get(paymentId),
    hadBalance: (userId, balance) => known.has(`${userId} ${balance}`),
  };
}

/**
 * Compares every recorded answer with the rows that it names. The client is in the audit's transaction; memory is bounded by
 * one look-up and the answers of one user.
 */
export async function auditAnswers(client: PoolClient, report: ReportAnswer): Promise<void> {
  const keys = await readOrdered<KeptAnswer>(client, 'audit_keys', KEYS);
  let userId: string | null = null;
  let recordedOnce = new Set<string>();
  while (keys.peek() !== undefined) {
    const answers: ReadAnswer[] = [];
    for (let row = keys.peek(); row !== undefined && answers.length < ANSWERS_PER_LOOK_UP; row = keys.peek()) {
      answers.push(readAnswer(row));
      await keys.advance();
    }
    const effects = await lookUp(client, answers);
    for (const answer of answers) {
      if (answer.recorded.user_id !== userId) recordedOnce = new Set();
      userId = answer.recorded.user_id;
      judgeAnswer(answer, effects, recordedOnce, report);
    }
  }
}
