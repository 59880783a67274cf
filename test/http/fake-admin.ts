import { numberSeats, type SeatPlans } from '../../src/domain/seat-plan.ts';
import { type ActResult, type AdminKeyRecords, type AdminKeyWithHash, type AdminRole } from '../../src/domain/admin.ts';
import type { CatalogueEdits } from '../../src/domain/catalogue-edits.ts';
import type { RejectionCode, RejectionMembers } from '../../src/domain/errors.ts';
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
      if (row === undefined) return refused('KEY_NOT_FOUND');
      rows.set(keyId, { ...row, revokedAtMs: nowMs() });
      return granted(null);
    },
  };
}

/** The organiser's changes of a catalogue in memory. */
export function createFakeEdits(catalogue: FakeCatalogue): CatalogueEdits {
  const unlessUnknown = <T>(value: T | null): ActResult<T> =>
    value === null ? refused('CONCERT_NOT_FOUND') : granted(value);
  return {
    createConcert: async (concert) => granted(await catalogue.createConcert(concert)),
    createSchedule: async (concertId, schedule) => unlessUnknown(await catalogue.createSchedule(concertId, schedule)),
    changeQueuePolicy: async (concertId, change) => unlessUnknown(await catalogue.changeQueuePolicy(concertId, change)),
    async changeConcert(concertId, { queue, ...change }, versions) {
      const concert = catalogue.concerts.get(concertId);
      if (concert === undefined) return refused('CONCERT_NOT_FOUND');
      const { version } = concert;
      if (versions !== null && !versions.includes(version)) return refused('VERSION_STALE', { version });
      const changed = { ...concert, ...change, queue: { ...concert.queue, ...queue }, version: version + 1 };
      catalogue.concerts.set(concertId, changed);
      return granted({ concert: changed, raised: [] });
    },
    async changeSchedule(scheduleId, change) {
      const schedule = catalogue.schedules.get(scheduleId);
      if (schedule === undefined) return refused('SCHEDULE_NOT_FOUND');
      const changed = { ...schedule, ...change, version: schedule.version + 1 };
      catalogue.schedules.set(scheduleId, changed);
      return granted({ schedule: changed, raised: [] });
    },
    async changePrices(scheduleId, wanted) {
      const schedule = catalogue.schedules.get(scheduleId);
      if (schedule === undefined) return refused('SCHEDULE_NOT_FOUND');
      const prices = schedule.prices.map((price, index) => wanted.get(index + 1) ?? price);
      catalogue.schedules.set(scheduleId, { ...schedule, prices });
      return granted({ unchanged: [], raised: [] });
    },
    deleteConcert: async (concertId) =>
      catalogue.concerts.delete(concertId) ? granted(null) : refused('CONCERT_NOT_FOUND'),
    deleteSchedule: async (scheduleId) =>
      catalogue.schedules.delete(scheduleId) ? granted(null) : refused('SCHEDULE_NOT_FOUND'),
  };
}

/** No plan is kept: a created one is answered and forgotten. Every schedule has its prices. */
export function createFakeSeatPlans(pricesOf: (scheduleId: number) => readonly number[]): SeatPlans {
  return {
    findVersion: () => null,
    find: async () => null,
    list: async () => ({ items: [], nextCursor: null }),
    readPrices: async (scheduleId) => pricesOf(scheduleId),
    async create(plan) {
      const version = { version: 1, totalSeats: numberSeats(plan).length, createdAtMs: 0 };
      return granted({ summary: { planId: 1, name: plan.name, versions: [version] }, version, plan });
    },
    addVersion: async () => refused('SEAT_PLAN_NOT_FOUND'),
  };
}

function granted<T>(value: T): ActResult<T> {
  return { outcome: 'granted', value };
}

function refused(code: RejectionCode, members: RejectionMembers = {}): ActResult<never> {
  return { outcome: 'refused', rejection: { code, members } };
}
