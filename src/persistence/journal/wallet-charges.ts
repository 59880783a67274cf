/**
 * Charges wallets by group commit: one statement at a time carries all waiting charges.
 *
 * It handles the charges of this process from their arrival to their answer. Settlements change wallets by payments and refunds.
 * CHARGE-1. One statement makes a charge, its ledger entry and its recorded grant: all of them or none.
 * CHARGE-2. The wallet's own UPDATE numbers its entry, so a ledger has no gap and its last entry has the balance.
 * CHARGE-3. A wallet changes at most once per statement; its next charge waits for the next one. Charges of a wallet keep their
 *     order.
 * CHARGE-4. A statement locks wallets first, in order of user id, and writes idempotency keys last, in order: no deadlocks. A
 *     locked row delays only its own charges: the statement skips locked wallets and waits for a key only briefly.
 * CHARGE-5. If another request has recorded a key, the statement undoes itself: it compares its row counts.
 */
import pg from 'pg';
import { accept, Fault, reject } from '../../domain/errors.ts';
import type { IdempotencyClaim } from '../../domain/idempotency.ts';
import { BALANCE_LIMIT_WON, CHARGE_LIMIT_WON, type ChargeReply } from '../../domain/wallet.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import {
  CHECK_VIOLATION,
  COUNTS_DIFFER,
  isOfOnePart,
  isRetryable,
  isRowLocked,
  isTableLocked,
  sqlState,
  toFault,
} from '../database-errors.ts';
import { type Charge, ChargeLines } from './charge-lines.ts';
import { createLockedWallets } from './locked-wallets.ts';
import {
  type Connections,
  halvesOf,
  ROW_PATIENCE,
  sendStatement,
  UNLESS_KEY_TAKEN,
  WAITING_LIMIT_MS,
} from './statement.ts';

/** Keeps a statement and its locks in the low milliseconds. */
const CHARGES_PER_STATEMENT = 500;
/** The work of several seconds. Further charges are rejected at once, because their callers would not wait so long. */
const CHARGES_WAITING = 10_000;
/** For deadlocks, serialization failures and timeouts, which have no effect. */
const ATTEMPTS = 3;
const LEDGER = new Set(['wallets', 'wallet_entries']);

/** The statement takes all locks of wallets before it reads the time, so a wallet's entries are in order of time. */
const CHARGE = `
  WITH b AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS b (user_id, amount, key, fingerprint, position)
  ), patience AS MATERIALIZED (
    ${ROW_PATIENCE}
  ), locked AS MATERIALIZED (
    SELECT w.user_id FROM patience, wallets w JOIN b ON b.user_id = w.user_id ORDER BY w.user_id FOR UPDATE OF w SKIP LOCKED
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
    INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, type, body, created_at)
    SELECT user_id, key, fingerprint, 'BalanceCharged', json_build_object(
      'entryId', entries, 'previousBalance', balance - amount, 'currentBalance', balance,
      'createdAt', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), at
    FROM changed WHERE key IS NOT NULL ORDER BY user_id, key
    ${UNLESS_KEY_TAKEN}
    RETURNING 1
  )
  SELECT b.position, locked.user_id IS NOT NULL AS is_locked_here,
    locked.user_id IS NOT NULL OR EXISTS (SELECT FROM wallets w WHERE w.user_id = b.user_id) AS known, changed.entries, changed.balance, changed.at,
    1 / ((SELECT count(*) FROM recorded) = (SELECT count(*) FROM changed WHERE key IS NOT NULL))::int AS recorded
  FROM b LEFT JOIN locked ON locked.user_id = b.user_id LEFT JOIN changed ON changed.position = b.position
  ORDER BY b.position`;

interface OutcomeRow {
  position: number;
  /** False: another transaction has locked the wallet, or there is no wallet. */
  is_locked_here: boolean;
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
  // A completed charge must never be answered as refused.
  if (entries === null || balance === null || at === null) throw new Error('a charge came back without all its values');
  return accept({
    entryId: entries,
    previousBalance: balance - charge.amount,
    currentBalance: balance,
    createdAt: at.toISOString(),
  });
}

/** Whether a check constraint of a wallet or its ledger refuses the amount. */
function isBeyondACheck(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === CHECK_VIOLATION && LEDGER.has(error.table ?? '');
}

/** Sends one statement, and again after errors that had no effect and may pass. All within 1.5 s. */
async function send(pool: Connections, clock: Clock, batch: readonly Charge[]): Promise<OutcomeRow[]> {
  const values = [
    batch.map((charge) => charge.userId),
    batch.map((charge) => charge.amount),
    batch.map((charge) => charge.claim?.key ?? null),
    batch.map((charge) => charge.claim?.fingerprint ?? null),
    BALANCE_LIMIT_WON,
  ];
  const deadlineMs = clock.monotonicMs() + WAITING_LIMIT_MS;
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = deadlineMs - clock.monotonicMs();
    try {
      return await sendStatement<OutcomeRow>(pool, { text: CHARGE, values }, leftMs);
    } catch (error) {
      if (isOfOnePart(error) || isRowLocked(error)) throw error;
      const mayTryAgain = isRetryable(error) && !isTableLocked(error) && attempt < ATTEMPTS;
      if (!mayTryAgain || clock.monotonicMs() >= deadlineMs) throw toFault(error, 'unknown');
    }
  }
}

/** The charges of one process. They use at most one connection of the pool at a time. */
export function createWalletCharges({
  pool,
  clock = systemClock,
}: {
  pool: Connections;
  clock?: Clock;
}): WalletCharges {
  const lines = new ChargeLines();
  const wallets = createLockedWallets(clock, begin);
  let isFlushing = false;

  /** Answers waiting charges whose key has just been recorded; each would undo a statement. */
  function answerDuplicates({ userId, claim }: Charge): void {
    if (claim === null) return;
    for (const duplicate of lines.dropKey(userId, claim.key)) duplicate.resolve({ ok: 'key-taken' });
  }

  /** Rejects all waiting charges: they would wait for the same database or table. */
  function refuseWaiting(cause: Fault): void {
    for (const { userId, reject: refuse } of lines.clear()) {
      wallets.noteUnlocked(userId);
      refuse(new Fault('STORE_UNAVAILABLE', 'none', { cause }));
    }
  }

  /** Another transaction has locked the wallet: its line is retried for as long as a caller waits. */
  function setAside(charge: Charge): void {
    lines.putBack(charge);
    if (wallets.noteLocked(charge.userId)) return;
    const cause = new Error('the wallet is locked by another transaction');
    for (const { reject: refuse } of lines.drop(charge.userId)) {
      refuse(new Fault('STORE_UNAVAILABLE', 'none', { cause, isOfOnePart: true }));
    }
  }

  function conclude(charge: Charge, row: OutcomeRow): void {
    if (row.known && !row.is_locked_here) {
      setAside(charge);
      return;
    }
    wallets.noteUnlocked(charge.userId);
    const reply = replyTo(charge, row);
    if (reply.ok === true) answerDuplicates(charge);
    charge.resolve(reply);
  }

  function refuseAlone(charge: Charge, error: unknown): void {
    const isKeyTaken = sqlState(error) === COUNTS_DIFFER || isRowLocked(error);
    if (isKeyTaken && charge.claim !== null) charge.resolve({ ok: 'key-taken' });
    else if (isBeyondACheck(error)) charge.resolve(reject('BALANCE_LIMIT'));
    else charge.reject(toFault(error, 'unknown'));
  }

  async function settle(batch: readonly Charge[]): Promise<void> {
    try {
      for (const row of await send(pool, clock, batch)) {
        const charge = batch[row.position - 1];
        if (charge !== undefined) conclude(charge, row);
      }
    } catch (error) {
      if (!isOfOnePart(error) && !isRowLocked(error)) {
        for (const charge of batch) charge.reject(error);
        if (error instanceof Fault && (error.effect === 'unknown' || isTableLocked(error.cause))) refuseWaiting(error);
        return;
      }
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) {
        refuseAlone(only, error);
        return;
      }
      for (const half of halvesOf(batch)) await settle(half);
    }
  }

  function take(): Charge[] {
    return lines.take(CHARGES_PER_STATEMENT, wallets.leftAlone);
  }

  async function flush(): Promise<void> {
    for (let batch = take(); batch.length > 0; batch = take()) await settle(batch);
    isFlushing = false;
  }

  function begin(): void {
    if (isFlushing) return;
    isFlushing = true;
    setImmediate(() => void flush());
  }

  return {
    charge(userId, amount, claim) {
      if (!Number.isSafeInteger(amount) || amount < 1 || amount > CHARGE_LIMIT_WON) {
        return Promise.reject(new RangeError(`a charge of ${amount} won`));
      }
      if (lines.size >= CHARGES_WAITING) return Promise.reject(new Fault('OVERLOADED', 'none'));
      return new Promise((resolve, rejectCharge) => {
        lines.add({ userId, amount, claim, resolve, reject: rejectCharge });
        begin();
      });
    },
  };
}
