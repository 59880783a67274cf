import { type ActResult, type AdminKeyRecords, type AdminKeyWithHash, type AdminRole } from '../../src/domain/admin.ts';
import type { CatalogueEdits } from '../../src/domain/catalogue-edits.ts';
import { makeKeySecret } from '../../src/http/identity/admin-guard.ts';
import type { FakeCatalogue } from './fake-catalogue.ts';

export interface FakeAdminKeys extends AdminKeyRecords {
  readonly rows: Map<string, AdminKeyWithHash>;
  /** The bearer token of a new key. */
  readonly issue: (role: AdminRole, concertIds?: readonly number[]) => string;
}

/** API keys in memory. */
export function createFakeAdminKeys(nowMs: () => number, newId: () => string): FakeAdminKeys {
  const rows: FakeAdminKeys['rows'] = new Map();
  const made = { lastUsedAtMs: null, revokedAtMs: null };
  return {
    rows,
    issue(role, concertIds) {
      const keyId = newId();
      const { secret, secretHash } = makeKeySecret(keyId);
      const limits = { concertIds: concertIds ?? null, expiresAtMs: null };
      rows.set(keyId, { ...made, ...limits, keyId, name: role, role, secretHash, createdAtMs: nowMs() });
      return secret;
    },
    async find(keyId) {
      return rows.get(keyId) ?? null;
    },
    async noteUse() {},
    async list({ limit }) {
      return { items: [...rows.values()].toReversed().slice(0, limit), nextCursor: null };
    },
    async create(key) {
      const created = { ...made, ...key, createdAtMs: nowMs() };
      rows.set(key.keyId, created);
      return granted(created);
    },
    async revoke(keyId) {
      const row = rows.get(keyId);
      if (row === undefined) return { outcome: 'refused', rejection: { code: 'KEY_NOT_FOUND', members: {} } };
      rows.set(keyId, { ...row, revokedAtMs: nowMs() });
      return granted(null);
    },
  };
}

/** The organiser's changes of a catalogue in memory. */
export function createFakeEdits(catalogue: FakeCatalogue): CatalogueEdits {
  const unlessUnknown = <T>(value: T | null): ActResult<T> =>
    value === null ? { outcome: 'refused', rejection: { code: 'CONCERT_NOT_FOUND', members: {} } } : granted(value);
  return {
    createConcert: async (concert) => granted(await catalogue.createConcert(concert)),
    createSchedule: async (concertId, schedule) => unlessUnknown(await catalogue.createSchedule(concertId, schedule)),
    changeQueuePolicy: async (concertId, change) => unlessUnknown(await catalogue.changeQueuePolicy(concertId, change)),
  };
}

function granted<T>(value: T): ActResult<T> {
  return { outcome: 'granted', value };
}
