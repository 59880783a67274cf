import type {
  ActivityReport,
  AdminKey,
  AdminKeyWithSecret,
  AdminLogEntry,
  Concert,
  ConcertWithPolicy,
  NewAdminKey,
  NewConcert,
  NewSchedule,
  Overview,
  Page,
  QueuePolicy,
  Schedule,
} from './answers.ts';
import { type Listed, type PageOptions, queryOf } from './pages.ts';
import type { Call, Requests } from './requests.ts';

/**
 * The organiser's calls. Every method rejects as `Requests.ask` does, with FORBIDDEN for a wrong token, and with ROLE_REQUIRED
 * where the API key has another role.
 */
export interface AdminClient {
  createConcert(concert: NewConcert, call?: Call): Promise<Concert>;
  /** Rejects with CONCERT_NOT_FOUND. */
  createSchedule(concertId: number, schedule: NewSchedule, call?: Call): Promise<Schedule>;
  /**
   * Applies to later admissions; ACTIVE tokens stay ACTIVE. `batch` or `maxActive` 0 pauses admissions. Rejects with
   * CONCERT_NOT_FOUND.
   */
  changeQueue(concertId: number, change: Partial<QueuePolicy>, call?: Call): Promise<ConcertWithPolicy>;
  /**
   * The secret is shown this once. Rejects with CONCERT_NOT_FOUND. After a lost answer, the repeated request gives the same key
   * with `secret` null: revoke it and create another one.
   */
  createKey(key: NewAdminKey, call?: Call): Promise<AdminKeyWithSecret>;
  /** Newest first, the revoked ones included. */
  keys(page?: PageOptions): Promise<Page<AdminKey>>;
  /** Rejects with KEY_NOT_FOUND. */
  revokeKey(keyId: string, call?: Call): Promise<void>;
  /** The changes by organisers, newest first. */
  log(page?: PageOptions): Promise<Page<AdminLogEntry>>;
  overview(call?: Call): Promise<Overview>;
  /** The answering node's samples with a number above `since`; all that it remembers when `since` is left out. */
  activity(options?: Call & { readonly since?: number }): Promise<ActivityReport>;
}

export function createAdminClient(requests: Requests, token: string): AdminClient {
  async function create<T>(operation: string, path: string, body: object, call?: Call): Promise<T> {
    return (await requests.ask<T>({ operation, method: 'POST', path, token, body, effect: 'keyed' }, call)).body;
  }

  async function read<T>(operation: string, path: string, call?: Call): Promise<T> {
    return (await requests.ask<T>({ operation, method: 'GET', path, token, effect: 'idempotent' }, call)).body;
  }

  return {
    createConcert: (concert, call) => create('createConcert', '/admin/concerts', concert, call),
    createSchedule: (concertId, schedule, call) =>
      create('createSchedule', `/admin/concerts/${concertId}/schedules`, schedule, call),
    async changeQueue(concertId, change, call) {
      const path = `/admin/concerts/${concertId}/queue`;
      const request = { method: 'PATCH', path, token, body: change, effect: 'idempotent' } as const;
      return (await requests.ask<ConcertWithPolicy>({ operation: 'changeQueue', ...request }, call)).body;
    },
    createKey: (key, call) => create('createKey', '/admin/keys', key, call),
    async keys(page) {
      const listed = await read<Listed<'keys', AdminKey>>('keys', `/admin/keys${queryOf(page)}`, page);
      return { items: listed.keys, nextCursor: listed.nextCursor };
    },
    async revokeKey(keyId, call) {
      const request = { method: 'DELETE', path: `/admin/keys/${keyId}`, token, effect: 'idempotent' } as const;
      await requests.ask({ operation: 'revokeKey', ...request }, call);
    },
    async log(page) {
      const listed = await read<Listed<'entries', AdminLogEntry>>('log', `/admin/log${queryOf(page)}`, page);
      return { items: listed.entries, nextCursor: listed.nextCursor };
    },
    overview: (call) => read('overview', '/admin/overview', call),
    activity: (options) =>
      read('activity', `/admin/activity${options?.since === undefined ? '' : `?since=${options.since}`}`, options),
  };
}
