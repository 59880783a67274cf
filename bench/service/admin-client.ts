import { setTimeout as pause } from 'node:timers/promises';
import { asObject, readInteger, readText } from '../json.ts';
import type { JsonObject } from '../json.ts';

/** What the demo and the benchmarks need of the admin and user routes to set a scene. Not for the rush itself. */
export interface AdminClient {
  createConcert(concert: NewDemoConcert): Promise<number>;
  createSchedule(
    concertId: number,
    schedule: { startsAt: string; seatCount: number; prices: readonly PriceRange[] },
  ): Promise<number>;
  registerUser(name: string, email: string): Promise<{ userId: string; accessToken: string }>;
  /** An ACTIVE queue token; an Error when the policy lets nobody in for seconds. */
  enterShop(accessToken: string, concertId: number): Promise<string>;
  post(path: string, token: string, body: unknown): Promise<JsonObject>;
}

export interface PriceRange {
  readonly from: number;
  readonly to: number;
  readonly price: number;
}

export interface NewDemoConcert {
  readonly title: string;
  readonly artist: string;
  readonly venue: string;
  readonly bookingOpensAt: string;
  readonly bookingClosesAt: string;
  readonly queue: {
    readonly maxActive: number;
    readonly batch: number;
    readonly intervalMs: number;
    readonly activeTtlMs: number;
  };
}

/** A service that is busy or restarting is asked again this often before it counts as a failure. */
const ATTEMPTS_MOST = 20;
const RETRY_MS = 250;

/** Every call throws with the answer's status and body when it is not 2xx. */
export function createAdminClient(url: string, adminToken: string): AdminClient {
  const post = async (path: string, token: string | null, body: unknown): Promise<JsonObject> => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(`${url}/api/v1${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (response.ok) {
        return asObject(JSON.parse(text));
      }
      if (response.status !== 503 || attempt === ATTEMPTS_MOST) {
        throw new Error(`POST ${path} was answered with ${response.status}: ${text}`);
      }
      await pause(RETRY_MS);
    }
  };
  return {
    post,
    async createConcert(concert) {
      return readInteger(await post('/admin/concerts', adminToken, concert), 'concertId');
    },
    async createSchedule(concertId, schedule) {
      return readInteger(await post(`/admin/concerts/${concertId}/schedules`, adminToken, schedule), 'scheduleId');
    },
    async registerUser(name, email) {
      const user = await post('/users', null, { name, email });
      return { userId: readText(user, 'userId'), accessToken: readText(user, 'accessToken') };
    },
    async enterShop(accessToken, concertId) {
      const place = await post('/queue/tokens', accessToken, { concertId });
      const token = readText(place, 'token');
      let status = readText(place, 'status');
      for (let attempt = 1; status !== 'ACTIVE'; attempt += 1) {
        if (attempt === ATTEMPTS_MOST) {
          throw new Error(`A shopper is ${status} although the policy lets everybody in.`);
        }
        await pause(RETRY_MS);
        const answer = await fetch(`${url}/api/v1/queue/status`, { headers: { authorization: `Bearer ${token}` } });
        status = readText(asObject(await answer.json()), 'status');
      }
      return token;
    },
  };
}
