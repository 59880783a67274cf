/**
 * Charges of wallets, group-committed: one statement at a time carries all that waits.
 *
 * It owns the charges of this process from their arrival to their answer; payments and refunds change wallets elsewhere.
 * W1. A charge, its ledger entry and its recorded answer are one statement: all of them or none.
 * W2. Entries are numbered in the wallet's own UPDATE, so a ledger has no gap and its last line is the balance.
 * W3. A wallet changes at most once per statement; its next charge waits for the next flush. Charges of one wallet keep their order.
 * W4. Wallets are locked in order of user id before anything else, idempotency keys are written last, in order: no deadlocks.
 * W5. A key that another request recorded undoes the statement: the row counts are compared inside it.
 */
import pg from 'pg';
import { accept, Fault, reject } from '../../domain/errors.ts';
import type { IdempotencyClaim } from '../../domain/idempotency.ts';
import { BALANCE_LIMIT_WON, CHARGE_LIMIT_WON, type ChargeReply } from '../../domain/wallet.ts';
import { COUNTS_DIFFER, isOfOnePart, isRetryable, sqlState, toFault } from '../database-errors.ts';
import { type Connections, sendStatement, WAITING_LIMIT_MS } from './statement.ts';

/** Keeps a statement, and the time for which it holds its wallets, in the low milliseconds. */
const CHARGES_PER_STATEMENT = 500;
/** Several seconds' worth. Whoever comes after is told so at once instead of waiting past the client's patience. */
const CHARGES_WAITING = 10_000;
/** After a deadlock, serialization failure or timeout, which leave nothing done. */
const ATTEMPTS = 3;
const CHECK_VIOLATION = '23514';
const LEDGER = new Set(['wallets', 'wallet_entries']);

/**
 * The wallets' locks are all taken before the instant is read, so a wallet's entries are in order of time. A key that was
 * recorded more than 24 h ago and not yet pruned is free again.
 */
const CHARGE = `
  WITH b AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS b (user_id, amount, key, fingerprint, position)
  ), locked AS MATERIALIZED (
    SELECT w.user_id FROM wallets w JOIN b ON b.user_id = w.user_id ORDER BY w.user_id FOR UPDATE OF w
  ), instant AS MATERIALIZED (
    SELECT count(*) AS wallets, date_trunc('milliseconds', clock_timestamp()) AS at FROM locked
  ), changed AS (
    UPDATE wallets w SET balance = w.balance + b.amount, entries = w.entries + 1, updated_at = instant.at
    FROM b, locked, instant
    WHERE w.user_id = b.user_id AND locked.user_id = b.user_id AND instant.wallets > 0 AND w.balance + b.amount <= $5
    RETURNING b.position, b.user_id, b.amount, b.key, b.fingerprint, w.entries, w.balance, instant.at
  ), entry AS (
    INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, created_at)
    SELECT user_id, entries, 'CHARGE', amount, balance, at FROM changed
  ), recorded AS (
    INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, status, body, created_at)
    SELECT user_id, key, fingerprint, 200, json_build_object(
      'entryId', entries, 'previousBalance', balance - amount, 'currentBalance', balance,
      'createdAt', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), at
    FROM changed WHERE key IS NOT NULL ORDER BY user_id, key
    ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
      first_seq = NULL, balance = NULL, created_at = excluded.created_at
    WHERE i.created_at <= statement_timestamp() - interval '24 hours'
    RETURNING 1
  )
  SELECT b.position, locked.user_id IS NOT NULL AS known, changed.entries, changed.balance, changed.at,
    1 / ((SELECT count(*) FROM recorded) = (SELECT count(*) FROM changed WHERE key IS NOT NULL))::int AS recorded
  FROM b LEFT JOIN locked ON locked.user_id = b.user_id LEFT JOIN changed ON changed.position = b.position
  ORDER BY b.position`;

interface Charge {
  readonly userId: string;
  readonly amount: number;
  readonly claim: IdempotencyClaim | null;
  readonly resolve: (reply: ChargeReply) => void;
  readonly reject: (reason: unknown) => void;
}

interface OutcomeRow {
  position: number;
  known: boolean;
  entries: number | null;
  balance: number | null;
  at: Date | null;
}

export interface WalletCharges {
  /** As `Wallets.charge`. */
  charge(userId: string, amount: number, claim: IdempotencyClaim | null): Promise<ChargeReply>;
}

function replyTo(charge: Charge, { known, entries, balance, at }: OutcomeRow): ChargeReply {
  if (!known) return reject('USER_NOT_FOUND');
  if (entries === null && balance === null && at === null) return reject('BALANCE_LIMIT');
  // A charge that was done is never answered as refused.
  if (entries === null || balance === null || at === null) throw new Error('a charge came back without all its values');
  return accept({
    entryId: entries,
    previousBalance: balance - charge.amount,
    currentBalance: balance,
    createdAt: at.toISOString(),
  });
}

/** Whether a check of the database's own keeps a wallet or its ledger from the amount. */
function isBeyondACheck(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === CHECK_VIOLATION && LEDGER.has(error.table ?? '');
}

/** Sends one statement, and again where the server said that nothing was done and that it may go better. */
async function send(pool: Connections, batch: readonly Charge[]): Promise<OutcomeRow[]> {
  const values = [
    batch.map((charge) => charge.userId),
    batch.map((charge) => charge.amount),
    batch.map((charge) => charge.claim?.key ?? null),
    batch.map((charge) => charge.claim?.fingerprint ?? null),
    BALANCE_LIMIT_WON,
  ];
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendStatement<OutcomeRow>(pool, { text: CHARGE, values }, WAITING_LIMIT_MS);
    } catch (error) {
      if (!isRetryable(error) || attempt === ATTEMPTS) throw isOfOnePart(error) ? error : toFault(error, 'unknown');
    }
  }
}

/** The charges of one process. They share a pool; at most one connection of it is used at a time. */
export function createWalletCharges({ pool }: { pool: Connections }): WalletCharges {
  /** What waits, by user, in order of arrival. */
  const lines = new Map<string, Charge[]>();
  let waiting = 0;
  let flushing = false;

  /** The first of each line, longest-waiting user first; what a line still holds goes to the back. */
  function compose(): Charge[] {
    const batch: Charge[] = [];
    const unfinished: [string, Charge[]][] = [];
    for (const [userId, line] of lines) {
      if (batch.length === CHARGES_PER_STATEMENT) break;
      lines.delete(userId);
      const [first, ...rest] = line;
      if (first !== undefined) batch.push(first);
      if (rest.length > 0) unfinished.push([userId, rest]);
    }
    for (const [userId, rest] of unfinished) lines.set(userId, rest);
    waiting -= batch.length;
    return batch;
  }

  /** Answers those who wait with a key that has just been recorded; each of them would undo a statement of its own. */
  function answerDuplicates({ userId, claim }: Charge): void {
    const line = lines.get(userId);
    if (claim === null || line === undefined) return;
    const { duplicates = [], others = [] } = Object.groupBy(line, (charge) =>
      charge.claim?.key === claim.key ? 'duplicates' : 'others',
    );
    if (others.length > 0) lines.set(userId, others);
    else lines.delete(userId);
    waiting -= duplicates.length;
    for (const duplicate of duplicates) duplicate.resolve({ ok: 'key-taken' });
  }

  /** Behind a statement whose answer is missing, nobody is kept waiting for the next one. */
  function refuseWaiting(cause: Fault): void {
    const waitingLines = [...lines.values()];
    lines.clear();
    waiting = 0;
    for (const { reject: refuse } of waitingLines.flat()) refuse(new Fault('STORE_UNAVAILABLE', 'none', { cause }));
  }

  async function settle(batch: readonly Charge[]): Promise<void> {
    try {
      const rows = await send(pool, batch);
      for (const row of rows) {
        const charge = batch[row.position - 1];
        if (charge === undefined) continue;
        const reply = replyTo(charge, row);
        if (reply.ok === true) answerDuplicates(charge);
        charge.resolve(reply);
      }
    } catch (error) {
      if (!isOfOnePart(error)) {
        for (const charge of batch) charge.reject(error);
        if (error instanceof Fault && error.effect === 'unknown') refuseWaiting(error);
        return;
      }
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) {
        if (sqlState(error) === COUNTS_DIFFER && only.claim !== null) only.resolve({ ok: 'key-taken' });
        else if (isBeyondACheck(error)) only.resolve(reject('BALANCE_LIMIT'));
        else only.reject(toFault(error, 'unknown'));
        return;
      }
      const half = batch.length >> 1;
      await settle(batch.slice(0, half));
      await settle(batch.slice(half));
    }
  }

  async function flush(): Promise<void> {
    while (waiting > 0) await settle(compose());
    flushing = false;
  }

  return {
    charge(userId, amount, claim) {
      if (!Number.isSafeInteger(amount) || amount < 1 || amount > CHARGE_LIMIT_WON) {
        return Promise.reject(new RangeError(`a charge of ${amount} won`));
      }
      if (waiting >= CHARGES_WAITING) return Promise.reject(new Fault('OVERLOADED', 'none'));
      return new Promise((resolve, rejectCharge) => {
        const line = lines.get(userId);
        const charge: Charge = { userId, amount, claim, resolve, reject: rejectCharge };
        if (line === undefined) lines.set(userId, [charge]);
        else line.push(charge);
        waiting += 1;
        if (flushing) return;
        flushing = true;
        setImmediate(() => void flush());
      });
    },
  };
}
