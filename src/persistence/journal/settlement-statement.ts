import type { SettlementBatch, SettlementResult } from '../../actors/journal-port.ts';
import type { CompletedToken, TokenEnds } from '../../domain/queue-token.ts';
import { actText, answeredActs, loggedActs } from './box-office-steps.ts';
import type { LaneStatement } from './lane.ts';
import { ROW_PATIENCE, UNLESS_KEY_TAKEN } from './statement.ts';

/*
 * Payments and refunds of many schedules in one statement: wallet, fence, log, reservations, payment, ledger entry, the
 * payer's queue token, recorded grant; each settlement entirely or not at all.
 *
 * SETTLE-1. Wallets are locked first, in order of user; the covered settlements are chosen from the locked balances, and only they
 *     get sequence numbers. A wallet that another transaction has locked is skipped: nothing of its settlement is done.
 * SETTLE-2. A schedule's covered settlements are done if and only if its head row stands at `base_seq` under `epoch`.
 * SETTLE-3. A wallet changes at most once per statement, its entry is numbered in its own update, and the entries of a wallet are
 *     in order of time because the instant is read after its lock was taken.
 * SETTLE-4. Row counts are compared inside the statement; a difference divides by zero and undoes everything.
 * SETTLE-5. The queue token ends with the payment that leaves its user no other hold in the concert, where this snapshot can tell;
 *     where payments of several dates commit at once, the waiting room's review completes it by the same rule. With
 *     QUEUE_TOKEN_ENDS=payment it ends with any payment.
 * SETTLE-6. The settlement that leaves no seat on sale records the first sell-out of its schedule. Only a statement that may
 *     complete one has this step.
 */
/** The schedules of a concert that have not begun, as JSON: only they grant holds. */
export const DATES_AHEAD = (concertId: string): string => `(
  SELECT coalesce(json_agg(s.schedule_id), '[]') FROM schedules s
  WHERE s.concert_id = ${concertId} AND s.starts_at > statement_timestamp())`;

/** The end of the row's token, in epoch milliseconds. */
export const ENDED_MS = (token: string): string => `floor(extract(epoch FROM ${token}.ended_at) * 1000)::float8`;

/** The number of each item and the balance, which only the statement knows, in the body of a recorded answer. */
const SETTLED_BODY = `jsonb_set(jsonb_set((act->'body')::jsonb, '{remainingBalance}', to_jsonb(balance)), '{reservations}', (
    SELECT jsonb_agg(jsonb_set(r.item, '{seq}', to_jsonb(first_seq + r.n - 1)) ORDER BY r.n)
    FROM jsonb_array_elements((act->'body'->'reservations')::jsonb) WITH ORDINALITY AS r (item, n)))::json`;

const ACTED = `, acted AS MATERIALIZED (
  SELECT done.act::json AS act, done.first_seq, changed.balance FROM done JOIN changed USING (payment_id) WHERE done.act IS NOT NULL
), ${loggedActs('acted')}, ${answeredActs('acted', SETTLED_BODY)}`;

const ACTED_SOUND = `
    AND (SELECT count(*) FROM logged) = (SELECT count(*) FROM acted WHERE act->>'action' IS NOT NULL)
    AND (SELECT count(*) FROM answered) = (SELECT count(*) FROM acted WHERE act->>'key' IS NOT NULL)`;

/** A schedule opens when its concert does, unless it opens later. An edit may have moved that to after the payment. */
const soldOut = (scheduleIds: string, unsold: string): string => `, sold_out AS (
  INSERT INTO sold_out_schedules (schedule_id, opened_at, sold_out_at, seats)
  SELECT s.schedule_id, least(greatest(c.booking_opens_at, s.reservation_opens_at), sale.at), sale.at,
    (SELECT count(*) FROM reservations r WHERE r.schedule_id = s.schedule_id AND r.status = 'CONFIRMED') + sale.unsold
  FROM (
    SELECT u.schedule_id, u.unsold, max(done.settled_at) AS at
    FROM unnest(${scheduleIds}::bigint[], ${unsold}::bigint[]) AS u (schedule_id, unsold) JOIN done USING (schedule_id)
    GROUP BY u.schedule_id, u.unsold
    HAVING sum(CASE done.kind WHEN 'PAYMENT' THEN done.items ELSE -done.items END) = u.unsold
  ) AS sale JOIN schedules s USING (schedule_id) JOIN concerts c USING (concert_id)
  ON CONFLICT (schedule_id) DO NOTHING
)`;

/** The condition under which a payment leaves its token as it is. */
const UNLESS_HOLDS_ARE_LEFT = `AND NOT EXISTS (
      SELECT FROM reservations r
      WHERE r.user_id = done.user_id AND r.concert_id = done.concert_id AND r.status = 'HELD'
        AND r.reservation_id NOT IN (SELECT reservation_id FROM item))`;

interface Form {
  readonly hasActs: boolean;
  readonly hasSellOut: boolean;
  readonly tokenEnds: TokenEnds;
}

const settle = ({ hasActs, hasSellOut, tokenEnds }: Form): string => `
WITH p AS MATERIALIZED (
  SELECT * FROM unnest($1::int[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::float8[], $9::int[], $10::bigint[], $11::bigint[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::text[], $21::bigint[]${hasActs ? ', $22::text[]' : ''})
    AS p (ord, kind, payment_id, user_id, schedule_id, concert_id, amount, at, items, epoch, base_seq, batch_id, key, fingerprint, type, body, balance_limit${hasActs ? ', act' : ''})
), patience AS MATERIALIZED (
  ${ROW_PATIENCE}
), locked AS MATERIALIZED (
  SELECT w.user_id, w.balance FROM patience, wallets w WHERE w.user_id IN (SELECT user_id FROM p) ORDER BY w.user_id FOR UPDATE OF w SKIP LOCKED
), instant AS MATERIALIZED (
  SELECT count(*) AS wallets, date_trunc('milliseconds', clock_timestamp()) AS at FROM locked
), covered AS MATERIALIZED (
  SELECT p.*, sum(p.items) OVER (PARTITION BY p.schedule_id ORDER BY p.ord) - p.items AS before
  FROM p JOIN locked USING (user_id)
  WHERE CASE p.kind WHEN 'PAYMENT' THEN locked.balance >= p.amount
    ELSE p.balance_limit IS NULL OR locked.balance + p.amount <= p.balance_limit END
), target AS MATERIALIZED (
  SELECT schedule_id, min(epoch) AS epoch, min(base_seq) AS base_seq, sum(items) AS n
  FROM covered GROUP BY schedule_id ORDER BY schedule_id
), head AS (
  UPDATE schedule_heads h SET seq = target.base_seq + target.n
  FROM target
  WHERE h.schedule_id = target.schedule_id AND h.epoch = target.epoch AND h.seq = target.base_seq
  RETURNING h.schedule_id
), done AS MATERIALIZED (
  SELECT covered.*, covered.base_seq + covered.before + 1 AS first_seq, to_timestamp(covered.at) AS settled_at
  FROM covered JOIN head USING (schedule_id)
), item AS MATERIALIZED (
  SELECT done.schedule_id, done.kind, done.payment_id, done.user_id, done.epoch, done.batch_id, done.settled_at,
    i.item_no, i.reservation_id, i.event, done.first_seq + i.item_no - 1 AS seq
  FROM unnest($17::int[], $18::int[], $19::uuid[], $20::text[]) AS i (ord, item_no, reservation_id, event)
  JOIN done USING (ord)
), log AS (
  INSERT INTO seat_log_flushes (batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
  SELECT batch_id, array_agg(schedule_id), array_agg(first_seq), array_agg(last_seq), array_agg(epoch), array_agg(events)
  FROM (
    SELECT batch_id, schedule_id, min(seq) AS first_seq, max(seq) AS last_seq, min(epoch) AS epoch, json_agg(event::json ORDER BY seq) AS events
    FROM item GROUP BY batch_id, schedule_id
  ) AS part GROUP BY batch_id
), settled AS (
  UPDATE reservations r SET
    status = CASE item.kind WHEN 'PAYMENT' THEN 'CONFIRMED' ELSE 'REFUNDED' END,
    confirmed_at = CASE item.kind WHEN 'PAYMENT' THEN item.settled_at ELSE r.confirmed_at END,
    ended_at = CASE item.kind WHEN 'PAYMENT' THEN NULL ELSE item.settled_at END,
    payment_id = item.payment_id, epoch = item.epoch, seq = item.seq
  FROM item
  WHERE r.reservation_id = item.reservation_id AND r.user_id = item.user_id
    AND (item.kind = 'PAYMENT' AND r.status = 'HELD' OR item.kind = 'REFUND' AND r.status = 'CONFIRMED' AND r.payment_id = item.payment_id)
  RETURNING 1
), changed AS (
  UPDATE wallets w SET
    balance = w.balance + CASE done.kind WHEN 'PAYMENT' THEN -done.amount ELSE done.amount END,
    entries = w.entries + 1, updated_at = instant.at
  FROM done, instant
  WHERE w.user_id = done.user_id AND instant.wallets > 0
  RETURNING w.user_id, w.balance, w.entries, w.updated_at, done.kind, done.amount, done.payment_id
), entry AS (
  INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, payment_id, created_at)
  SELECT user_id, entries, kind, CASE kind WHEN 'PAYMENT' THEN -amount ELSE amount END, balance, payment_id, updated_at FROM changed
), paid AS (
  INSERT INTO payments (payment_id, user_id, concert_id, schedule_id, amount, status, paid_at)
  SELECT payment_id, user_id, concert_id, schedule_id, amount, 'COMPLETED', settled_at FROM done WHERE kind = 'PAYMENT'
), paid_item AS (
  INSERT INTO payment_items (payment_id, item_no, reservation_id)
  SELECT payment_id, item_no, reservation_id FROM item WHERE kind = 'PAYMENT'
), refunded AS (
  UPDATE payments SET status = 'REFUNDED', refunded_at = done.settled_at
  FROM done
  WHERE done.kind = 'REFUND' AND payments.payment_id = done.payment_id AND payments.user_id = done.user_id AND payments.status = 'COMPLETED'
  RETURNING 1
), token AS MATERIALIZED (
  SELECT t.token_id FROM queue_tokens t JOIN done ON t.concert_id = done.concert_id AND t.user_id = done.user_id
  WHERE done.kind = 'PAYMENT' AND t.status = 'ACTIVE' AND (SELECT count(*) FROM settled) >= 0
    ${tokenEnds === 'payment' ? '' : UNLESS_HOLDS_ARE_LEFT}
  ORDER BY t.token_id FOR UPDATE OF t
), completed AS (
  UPDATE queue_tokens t SET status = 'COMPLETED', ended_at = instant.at
  FROM token, instant
  WHERE t.token_id = token.token_id AND t.status = 'ACTIVE'
  RETURNING t.token_id, t.user_id, t.concert_id, ${ENDED_MS('t')} AS ended_ms
), recorded AS (
  INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, type, body, first_seq, balance)
  SELECT done.user_id, done.key, done.fingerprint, done.type, done.body::json, done.first_seq, changed.balance
  FROM done JOIN changed USING (payment_id)
  WHERE done.key IS NOT NULL AND (SELECT count(*) FROM completed) >= 0
  ORDER BY done.user_id, done.key
  ${UNLESS_KEY_TAKEN}
  RETURNING 1
)${hasActs ? ACTED : ''}${hasSellOut ? soldOut(hasActs ? '$23' : '$22', hasActs ? '$24' : '$23') : ''}
SELECT p.schedule_id, p.payment_id, covered.payment_id IS NOT NULL AS covered, done.first_seq,
  locked.user_id IS NULL AND EXISTS (SELECT FROM wallets w WHERE w.user_id = p.user_id) AS is_locked_elsewhere,
  coalesce(changed.balance, locked.balance, 0) AS balance, completed.token_id AS completed_token, completed.ended_ms,
  CASE WHEN completed.token_id IS NOT NULL THEN ${DATES_AHEAD('p.concert_id')} END AS dates_ahead,
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
  1 / ((SELECT count(*) FROM settled) = (SELECT count(*) FROM item)
    AND (SELECT count(*) FROM item) = (SELECT coalesce(sum(items), 0) FROM done)
    AND (SELECT count(*) FROM changed) = (SELECT count(*) FROM done)
    AND (SELECT count(*) FROM refunded) = (SELECT count(*) FROM done WHERE kind = 'REFUND')
    AND (SELECT count(*) FROM recorded) = (SELECT count(*) FROM done WHERE key IS NOT NULL)${hasActs ? ACTED_SOUND : ''})::int AS sound
FROM p
LEFT JOIN locked USING (user_id)
LEFT JOIN covered USING (payment_id)
LEFT JOIN done USING (payment_id)
LEFT JOIN changed USING (payment_id)
LEFT JOIN completed ON p.kind = 'PAYMENT' AND completed.user_id = p.user_id AND completed.concert_id = p.concert_id`;

/** The texts of the forms that were needed; a node has one of the settings. */
const texts = new Map<string, string>();

function formOf(form: Form): { readonly name: string; readonly text: string } {
  const name = `settle${form.hasActs ? ' with acts' : ''}${form.hasSellOut ? ' and sell-outs' : ''}`;
  const key = `${name} ${form.tokenEnds}`;
  const text = texts.get(key) ?? settle(form);
  texts.set(key, text);
  return { name, text };
}

/** The statement for these batches, at most one per schedule and one settlement per user. */
export function settlementStatement(batches: readonly SettlementBatch[], tokenEnds: TokenEnds): LaneStatement {
  const parts = batches
    .toSorted((a, b) => a.scheduleId - b.scheduleId)
    .flatMap((batch) => batch.settlements.map((settlement) => ({ batch, settlement })))
    .map((part, index) => ({ ...part, ord: index + 1 }));
  const items = parts.flatMap(({ settlement, ord }) =>
    settlement.items.map((item, index) => ({
      ord,
      itemNo: index + 1,
      reservationId: item.reservationId,
      event: JSON.stringify({
        type: settlement.kind === 'PAYMENT' ? 'CONFIRMED' : 'REFUNDED',
        seatNumber: item.seatNumber,
        reservationId: item.reservationId,
        paymentId: settlement.paymentId,
        at: settlement.at,
      }),
    })),
  );
  const unsold = batches.filter(({ unsoldSeats }) => unsoldSeats !== null);
  const hasActs = parts.some(({ settlement }) => settlement.act !== null);
  return {
    ...formOf({ hasActs, hasSellOut: unsold.length > 0, tokenEnds }),
    values: [
      parts.map(({ ord }) => ord),
      parts.map(({ settlement }) => settlement.kind),
      parts.map(({ settlement }) => settlement.paymentId),
      parts.map(({ settlement }) => settlement.userId),
      parts.map(({ batch }) => batch.scheduleId),
      parts.map(({ batch }) => batch.concertId),
      parts.map(({ settlement }) => settlement.amount),
      parts.map(({ settlement }) => settlement.at / 1000),
      parts.map(({ settlement }) => settlement.items.length),
      parts.map(({ batch }) => batch.epoch),
      parts.map(({ batch }) => batch.baseSeq),
      parts.map(({ batch }) => batch.batchId),
      parts.map(({ settlement }) => settlement.key?.claim.key ?? null),
      parts.map(({ settlement }) => settlement.key?.claim.fingerprint ?? null),
      parts.map(({ settlement }) => settlement.key?.grant.type ?? null),
      parts.map(({ settlement: { key } }) => (key === null ? null : JSON.stringify(key.grant.value))),
      items.map((item) => item.ord),
      items.map((item) => item.itemNo),
      items.map((item) => item.reservationId),
      items.map((item) => item.event),
      parts.map(({ settlement }) => settlement.balanceLimit),
      ...(hasActs ? [parts.map(({ settlement: { act } }) => (act === null ? null : actText(act)))] : []),
      ...(unsold.length > 0
        ? [unsold.map(({ scheduleId }) => scheduleId), unsold.map(({ unsoldSeats }) => unsoldSeats)]
        : []),
    ],
  };
}

interface SettlementRow extends CompletedTokenRow {
  readonly schedule_id: number;
  readonly payment_id: string;
  readonly covered: boolean;
  readonly is_locked_elsewhere: boolean;
  readonly first_seq: number | null;
  readonly balance: number;
}

/** The columns of a token that the payment has completed; null where it has completed none. */
export interface CompletedTokenRow {
  readonly completed_token: string | null;
  readonly ended_ms: number | null;
  readonly dates_ahead: readonly number[] | null;
}

export function completedTokenOf(row: CompletedTokenRow): CompletedToken | null {
  if (row.completed_token === null) return null;
  if (row.ended_ms === null || row.dates_ahead === null) throw new Error('a completed token came without its end');
  return { tokenId: row.completed_token, endedAtMs: row.ended_ms, scheduleIds: row.dates_ahead };
}

function resultOf(row: SettlementRow): SettlementResult {
  const { payment_id: paymentId, first_seq: firstSeq, balance } = row;
  if (row.is_locked_elsewhere) return { paymentId, fate: 'untried' };
  if (firstSeq === null) return { paymentId, fate: 'not-covered', balance };
  return { paymentId, fate: 'done', firstSeq, balance, completedToken: completedTokenOf(row) };
}

/** The results by schedule; a schedule that was fenced off is left out. */
export function readSettlementRows(rows: readonly SettlementRow[]): Map<number, SettlementResult[]> {
  const fenced = new Set(rows.filter((row) => row.covered && row.first_seq === null).map((row) => row.schedule_id));
  const results = new Map<number, SettlementResult[]>();
  for (const row of rows) {
    if (fenced.has(row.schedule_id)) continue;
    const schedule = results.get(row.schedule_id) ?? [];
    schedule.push(resultOf(row));
    results.set(row.schedule_id, schedule);
  }
  return results;
}
