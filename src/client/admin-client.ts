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
import { createCalls, type PageOptions } from './calls.ts';
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
  const { send, read, change, list } = createCalls(requests, token);
  return {
    createConcert: (concert, call) => change('createConcert', '/admin/concerts', concert, call),
    createSchedule: (concertId, schedule, call) =>
      change('createSchedule', `/admin/concerts/${concertId}/schedules`, schedule, call),
    changeQueue(concertId, body, call) {
      const request = { operation: 'changeQueue', method: 'PATCH', body, effect: 'idempotent' } as const;
      return send({ ...request, path: `/admin/concerts/${concertId}/queue` }, call);
    },
    createKey: (key, call) => change('createKey', '/admin/keys', key, call),
    keys: (page) => list('keys', '/admin/keys', 'keys', page),
    revokeKey: (keyId, call) =>
      send({ operation: 'revokeKey', method: 'DELETE', path: `/admin/keys/${keyId}`, effect: 'idempotent' }, call),
    log: (page) => list('log', '/admin/log', 'entries', page),
    overview: (call) => read('overview', '/admin/overview', call),
    activity: (options) =>
      read('activity', `/admin/activity${options?.since === undefined ? '' : `?since=${options.since}`}`, options),
  };
}
