import type { AdminKey, AdminKeyRecords, AdminKeyWithHash, AdminRole } from '../../domain/admin.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { type Connections, readRows, writeRows } from '../journal/statement.ts';
import { recordChange } from './recorded-change.ts';

/** Each node reads each key that is in use twice a second. */
const LOOK_UPS = { callsInFlight: 2, keysPerCall: 200, waiting: 2_000 };

interface KeyRow {
  key_id: string;
  name: string;
  role: AdminRole;
  concert_ids: number[] | null;
  secret_hash: Buffer;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

const FIND = 'SELECT * FROM admin_keys WHERE key_id = ANY($1::uuid[])';
const PAGE = 'SELECT * FROM admin_keys WHERE $1::uuid IS NULL OR key_id < $1 ORDER BY key_id DESC LIMIT $2';
const NOTE_USE = `
  UPDATE admin_keys SET last_used_at = statement_timestamp()
  WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at < statement_timestamp() - interval '1 minute')`;
const MISSING_CONCERTS = `
  SELECT 1 FROM unnest($1::bigint[]) AS named (concert_id) WHERE NOT EXISTS (
    SELECT FROM concerts c WHERE c.concert_id = named.concert_id)`;
const INSERT = `
  INSERT INTO admin_keys (key_id, name, role, concert_ids, secret_hash, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`;
const REVOKE = `
  UPDATE admin_keys SET revoked_at = clock_timestamp() WHERE key_id = $1 AND revoked_at IS NULL RETURNING *`;

function keyOf(row: KeyRow): AdminKey {
  return {
    keyId: row.key_id,
    name: row.name,
    role: row.role,
    concertIds: row.concert_ids,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    lastUsedAtMs: row.last_used_at?.getTime() ?? null,
    revokedAtMs: row.revoked_at?.getTime() ?? null,
  };
}

/** The API keys of organisers, in PostgreSQL. */
export function createAdminKeyRecords({ pool }: { pool: Connections }): AdminKeyRecords {
  const lookUps = createLookUps<string, AdminKeyWithHash | null>({
    ...LOOK_UPS,
    async load(keyIds) {
      const rows = await readRows<KeyRow>(pool, { name: 'find-admin-keys', text: FIND, values: [keyIds] });
      const found = new Map(rows.map((row) => [row.key_id, { ...keyOf(row), secretHash: row.secret_hash }]));
      return keyIds.map((keyId) => found.get(keyId) ?? null);
    },
  });

  return {
    find: (keyId) => lookUps.get(keyId),

    async noteUse(keyId) {
      await writeRows(pool, { text: NOTE_USE, values: [keyId] });
    },

    async list({ limit, after }) {
      const keys = (await readRows<KeyRow>(pool, { text: PAGE, values: [after, limit + 1] })).map(keyOf);
      const items = keys.slice(0, limit);
      return { items, nextCursor: keys.length > limit ? (items.at(-1)?.keyId ?? null) : null };
    },

    create: ({ keyId, name, role, concertIds, expiresAtMs, secretHash }, act) =>
      recordChange(pool, act, async (query) => {
        if ((await query(MISSING_CONCERTS, [concertIds ?? []])).length > 0) {
          return { code: 'CONCERT_NOT_FOUND', members: {} };
        }
        const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
        const [row] = await query<KeyRow>(INSERT, [keyId, name, role, concertIds, secretHash, expiresAt]);
        if (row === undefined) throw new Error('an INSERT returned no row');
        const after = { name, role, concertIds, expiresAt };
        return { value: keyOf(row), entry: { action: 'key.create', target: `key:${keyId}`, before: null, after } };
      }),

    revoke: (keyId, stamp) =>
      recordChange(pool, stamp, async (query) => {
        const [revoked] = await query<KeyRow>(REVOKE, [keyId]);
        if (revoked === undefined) {
          const [known] = await query(FIND, [[keyId]]);
          return known === undefined ? { code: 'KEY_NOT_FOUND', members: {} } : { value: null, entry: null };
        }
        const { name, role, concert_ids: concertIds } = revoked;
        const before = { name, role, concertIds };
        return { value: null, entry: { action: 'key.revoke', target: `key:${keyId}`, before, after: null } };
      }),
  };
}
