/*
 * The steps that acts of organisers add to an append or a settlement. A statement has them only if one of its schedules has an act.
 * What an act is and who makes it: src/domain/owner-act.ts.
 */
import { ROOT } from '../../domain/admin.ts';
import type { ActRecord } from '../../domain/owner-act.ts';

/** The act as the statement reads it. */
export function actText({ act, entry, value }: ActRecord): string {
  const { caller, requestId, claim, status } = act;
  return JSON.stringify({
    caller,
    keyId: caller === ROOT ? null : caller,
    requestId,
    ...entry,
    key: claim?.key ?? null,
    fingerprint: claim?.fingerprint ?? null,
    status,
    body: value,
  });
}

/** A state that is JSON's null is SQL's too. */
const stateOf = (member: string): string =>
  `CASE WHEN json_typeof(act->'${member}') = 'object' THEN (act->'${member}')::jsonb END`;

/** `acts` has the column `act`: texts of `actText` as json. */
export const loggedActs = (acts: string): string => `logged AS (
  INSERT INTO admin_log (key_id, action, target, before, after, request_id)
  SELECT (act->>'keyId')::uuid, act->>'action', act->>'target', ${stateOf('before')}, ${stateOf('after')},
    (act->>'requestId')::uuid
  FROM ${acts} WHERE act->>'action' IS NOT NULL
  RETURNING 1
)`;

/** Records the answers. An answer over 24 h old gives way; any other stays, and is missing in what this returns. */
export const answeredActs = (acts: string, body: string): string => `answered AS (
  INSERT INTO admin_answers AS a (caller, key, fingerprint, status, body)
  SELECT act->>'caller', act->>'key', act->>'fingerprint', (act->>'status')::smallint, ${body}
  FROM ${acts} WHERE act->>'key' IS NOT NULL
  ORDER BY act->>'caller', act->>'key'
  ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    body = excluded.body, created_at = excluded.created_at
    WHERE a.created_at <= statement_timestamp() - interval '24 hours'
  RETURNING 1
)`;
