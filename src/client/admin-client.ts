import type {
  ActivityReport,
  Concert,
  ConcertWithPolicy,
  NewConcert,
  NewSchedule,
  Overview,
  QueuePolicy,
  Schedule,
} from './answers.ts';
import type { Call, Requests } from './requests.ts';

/**
 * The operator's calls. Calls that create something take no idempotency key: after a NetworkFailure, check whether the first
 * call took effect before repeating it. Every method rejects as `Requests.ask` does, and with FORBIDDEN for a wrong token.
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
  overview(call?: Call): Promise<Overview>;
  /** The answering node's samples with a number above `since`; all that it remembers when `since` is left out. */
  activity(options?: Call & { readonly since?: number }): Promise<ActivityReport>;
}

export function createAdminClient(requests: Requests, token: string): AdminClient {
  async function create<T>(operation: string, path: string, body: object, call?: Call): Promise<T> {
    return (await requests.ask<T>({ operation, method: 'POST', path, token, body, effect: 'once' }, call)).body;
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
    overview: (call) => read('overview', '/admin/overview', call),
    activity: (options) =>
      read('activity', `/admin/activity${options?.since === undefined ? '' : `?since=${options.since}`}`, options),
  };
}
