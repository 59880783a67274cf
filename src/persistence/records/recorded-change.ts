import { type ActResult, type AdminAct, type AdminStamp, ROOT } from '../../domain/admin.ts';
import type { Rejection } from '../../domain/errors.ts';
import type { Connections } from '../journal/statement.ts';
import { type Ending, inTransaction, type Query } from '../journal/transaction.ts';

/** What an organiser has changed. */
export interface Change<T> {
  readonly value: T;
  /** Null: nothing had to be changed. */
  readonly entry: {
    readonly action: string;
    /** Such as `concert:7`. */
    readonly target: string;
    readonly before: object | null;
    readonly after: object | null;
  } | null;
}

const LOG = `
  INSERT INTO admin_log (key_id, action, target, before, after, request_id) VALUES ($1, $2, $3, $4, $5, $6)`;

/** An answer older than 24 h gives way to the new one. */
const RECORD = `
  INSERT INTO admin_answers AS a (caller, key, fingerprint, status, body) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    body = excluded.body, created_at = excluded.created_at
    WHERE a.created_at <= statement_timestamp() - interval '24 hours'
  RETURNING 1`;

const KEY_TAKEN = { commits: false, value: { outcome: 'key-taken' } } as const;

/**
 * Makes a change by an organiser in one transaction with its entry in the log and, under a claim, the recorded answer: all of
 * them are stored, or none. `change` returns a rejection to undo everything. Throws a Fault `STORE_UNAVAILABLE`.
 */
export function recordChange<T>(
  connections: Connections,
  act: AdminAct<T> | AdminStamp,
  change: (query: Query) => Promise<Change<T> | Rejection>,
): Promise<ActResult<T>> {
  return inTransaction<ActResult<T>>(connections, async (query): Promise<Ending<ActResult<T>>> => {
    const changed = await change(query);
    if ('code' in changed) return { commits: false, value: { outcome: 'refused', rejection: changed } };
    const { value, entry } = changed;
    const { caller, requestId } = act;
    if (entry !== null) {
      const { action, target, before, after } = entry;
      const states = [before, after].map((state) => (state === null ? null : JSON.stringify(state)));
      await query(LOG, [caller === ROOT ? null : caller, action, target, ...states, requestId]);
    }
    if ('claim' in act && act.claim !== null) {
      const { status, body } = act.answerOf(value);
      const { key, fingerprint } = act.claim;
      const recorded = await query(RECORD, [caller, key, fingerprint, status, JSON.stringify(body)]);
      if (recorded.length === 0) return KEY_TAKEN;
    }
    return { commits: true, value: { outcome: 'granted', value } };
  });
}
