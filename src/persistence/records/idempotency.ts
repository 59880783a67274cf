import type { IdempotencyClaim, IdempotencyRecords, RecordedAnswer } from '../../domain/idempotency.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { type Connections, readRows, runStatement, WAITING_LIMIT_MS } from '../journal/statement.ts';

/** Two: the second gathers and travels while the first is answered. */
const STATEMENTS_IN_FLIGHT = 2;
/** An answer may be a payment of 50 reservations, some 20 KiB; a statement's answers stay within a few MiB. */
const KEYS_PER_STATEMENT = 200;
/** More than a second's worth of guarded requests: beyond it the database does not keep up. */
const LOOK_UPS_WAITING = 20_000;

interface Claimed {
  readonly userId: string;
  readonly key: string;
}

interface AnswerRow {
  position: number;
  fingerprint: string;
  status: number;
  body: unknown;
  first_seq: number | null;
  balance: number | null;
}

/**
 * `OFFSET 0` keeps the look-up a look-up: a plan made while the table was small would otherwise go on scanning all of it.
 * An answer older than 24 h no longer counts, whether or not it was pruned yet.
 */
const FIND = `
  SELECT asked.position, found.*
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (user_id, key, position)
  CROSS JOIN LATERAL (
    SELECT i.fingerprint, i.status, i.body, i.first_seq, i.balance FROM idempotency_keys i
    WHERE i.user_id = asked.user_id AND i.key = asked.key AND i.created_at > statement_timestamp() - interval '24 hours'
    OFFSET 0
  ) found`;

/** An answer older than 24 h gives way to the new one. */
const RECORD = `
  INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, status, body) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    body = excluded.body, first_seq = NULL, balance = NULL, created_at = excluded.created_at
    WHERE i.created_at <= statement_timestamp() - interval '24 hours'
  RETURNING 1`;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The recorded body with what only the recording statement knew, the numbers of its changes and the balance, put in place. */
function complete({ body, first_seq, balance }: Pick<AnswerRow, 'body' | 'first_seq' | 'balance'>): unknown {
  if (!isObject(body)) return body;
  const { reservations } = body;
  return {
    ...body,
    ...(first_seq !== null && Array.isArray(reservations)
      ? {
          reservations: reservations.map((reservation: unknown, i) =>
            isObject(reservation) ? { ...reservation, seq: first_seq + i } : reservation,
          ),
        }
      : {}),
    ...(balance === null ? {} : { remainingBalance: balance }),
  };
}

function answerOf(row: AnswerRow): RecordedAnswer {
  return { fingerprint: row.fingerprint, status: row.status, body: complete(row) };
}

/** Answers recorded under idempotency keys, in PostgreSQL. */
export function createIdempotencyRecords({ pool }: { pool: Connections }): IdempotencyRecords {
  const lookUps = createLookUps<Claimed, RecordedAnswer | null>({
    callsInFlight: STATEMENTS_IN_FLIGHT,
    keysPerCall: KEYS_PER_STATEMENT,
    waiting: LOOK_UPS_WAITING,
    async load(claims) {
      const values = [claims.map((claim) => claim.userId), claims.map((claim) => claim.key)];
      const statement = { name: 'find-recorded-answers', text: FIND, values };
      const rows = await readRows<AnswerRow>(pool, statement);
      const found = new Map(rows.map((row) => [row.position, answerOf(row)]));
      return claims.map((_, index) => found.get(index + 1) ?? null);
    },
  });

  async function record(userId: string, { key, fingerprint }: IdempotencyClaim, status: number, body: unknown) {
    const values = [userId, key, fingerprint, status, JSON.stringify(body)];
    const rows = await runStatement(pool, { name: 'record-answer', text: RECORD, values }, 'none', WAITING_LIMIT_MS);
    return rows.length > 0;
  }

  return { find: (userId, key) => lookUps.get({ userId, key }), record };
}
