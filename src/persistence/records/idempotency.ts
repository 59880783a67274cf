import type { Grant, IdempotencyRecords, RecordedGrant } from '../../domain/grant.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { type Connections, readRows, runStatement, UNLESS_KEY_TAKEN, WAITING_LIMIT_MS } from '../journal/statement.ts';
import { isObject, type KeptGrant, readOldAnswer } from './old-answers.ts';

/** Two: the second gathers and travels while the first is answered. */
const STATEMENTS_IN_FLIGHT = 2;
/** A grant may be a payment of 50 reservations, some 20 KiB; a statement's grants stay within a few MiB. */
const KEYS_PER_STATEMENT = 200;
/** More than a second's worth of guarded requests: beyond it the database does not keep up. */
const LOOK_UPS_WAITING = 20_000;

interface Claimed {
  readonly userId: string;
  readonly key: string;
}

interface GrantRow extends KeptGrant {
  readonly position: number;
  readonly fingerprint: string;
  readonly balance: number | null;
}

/**
 * `OFFSET 0` keeps the look-up a look-up: a plan made while the table was small would otherwise go on scanning all of it.
 * A grant older than 24 h is no longer valid, whether or not it was pruned yet.
 */
const FIND = `
  SELECT asked.position, found.*
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (user_id, key, position)
  CROSS JOIN LATERAL (
    SELECT i.fingerprint, i.type, i.status, i.body, i.first_seq, i.balance FROM idempotency_keys i
    WHERE i.user_id = asked.user_id AND i.key = asked.key AND i.created_at > statement_timestamp() - interval '24 hours'
    OFFSET 0
  ) found`;

const RECORD = `
  INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, type, body) VALUES ($1, $2, $3, $4, $5)
  ${UNLESS_KEY_TAKEN}
  RETURNING 1`;

/** A row's grant. Of a settlement, its statement decided the numbers of the changes and the balance, which have their own columns. */
function grantOf(row: GrantRow): Grant {
  const { type, value } = row.type === null ? readOldAnswer(row) : { type: row.type, value: row.body };
  const { first_seq: firstSeq, balance } = row;
  // Only this version's statements and the conversion of old answers write a type and its value.
  if (firstSeq === null || !isObject(value) || !Array.isArray(value['reservations'])) return { type, value } as Grant;
  const reservations = value['reservations'].map((reservation: object, i) => ({ ...reservation, seq: firstSeq + i }));
  return { type, value: { ...value, reservations, remainingBalance: balance } } as unknown as Grant;
}

/** Grants recorded under idempotency keys, in PostgreSQL. */
export function createIdempotencyRecords({ pool }: { pool: Connections }): IdempotencyRecords {
  const lookUps = createLookUps<Claimed, RecordedGrant | null>({
    callsInFlight: STATEMENTS_IN_FLIGHT,
    keysPerCall: KEYS_PER_STATEMENT,
    waiting: LOOK_UPS_WAITING,
    async load(claims) {
      const values = [claims.map((claim) => claim.userId), claims.map((claim) => claim.key)];
      const statement = { name: 'find-recorded-grants', text: FIND, values };
      const rows = await readRows<GrantRow>(pool, statement);
      const found = new Map(rows.map((row) => [row.position, { fingerprint: row.fingerprint, grant: grantOf(row) }]));
      return claims.map((_, index) => found.get(index + 1) ?? null);
    },
  });

  return {
    find: (userId, key) => lookUps.get({ userId, key }),
    async record(userId, { key, fingerprint }, { type, value }) {
      const values = [userId, key, fingerprint, type, JSON.stringify(value)];
      const rows = await runStatement(pool, { name: 'record-grant', text: RECORD, values }, 'none', WAITING_LIMIT_MS);
      return rows.length > 0;
    },
  };
}
