import { type AdminClient, createAdminClient } from './admin-client.ts';
import type { ConcertWithQueue, ListedConcert, Page, RegisteredUser, SchedulePlan } from './answers.ts';
import { createFanClient, type FanClient } from './fan-client.ts';
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from './live/limits.ts';
import { createLiveClient, type LiveClient, type LiveOptions } from './live/live-client.ts';
import { type Listed, type PageOptions, queryOf } from './calls.ts';
import {
  type ClientClock,
  type FetchPort,
  liveUrlOf,
  machineClock,
  newRandomKey,
  onNetworkBack,
  reportOfListener,
  type SocketConstructor,
} from './platform.ts';
import { type Attempt, type Call, createRequests, DEFAULT_LIMITS, type RequestLimits } from './requests.ts';
import { createServerTime } from './server-time.ts';
import { createShopperClient, type ShopperClient } from './shopper-client.ts';

export interface ClientOptions {
  /** Origin of the service, without the API's path; the page's own origin when left out or empty. */
  readonly baseUrl?: string;
  /** Language of problems, read for every request; the service chooses when it is left out. */
  readonly language?: () => 'ko' | 'en';
  readonly fetch?: FetchPort;
  /** Opens live connections. Pass the one of `ws` where the platform has none. */
  readonly WebSocket?: SocketConstructor;
  /** Makes idempotency keys of 1 to 255 visible ASCII characters. */
  readonly newKey?: () => string;
  /** Returns 0 ≤ x < 1; spreads waits. */
  readonly random?: () => number;
  readonly clock?: ClientClock;
  readonly limits?: Partial<RequestLimits>;
  /** Called after each attempt of each request. */
  readonly onAttempt?: (attempt: Attempt) => void;
  readonly liveLimits?: Partial<LiveLimits>;
  /** Called with each error that a listener of a live connection throws; without it the client reports the error as uncaught. */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * The typed client of the service. It repeats requests where that is safe, each with its idempotency key, and keeps live seat
 * maps and queue places up to date. Every method rejects with an ApiProblem when the service rejects the request, and with a
 * NetworkFailure when no attempt reaches the service.
 */
export interface FrontrowClient {
  /** Creates a user. Rejects with EMAIL_TAKEN, also when an earlier attempt took effect but ended in a NetworkFailure. */
  register(user: { readonly name: string; readonly email: string }, call?: Call): Promise<RegisteredUser>;
  readonly concerts: {
    /** The concerts whose booking window is open, newest first. */
    available(page?: PageOptions): Promise<Page<ListedConcert>>;
    /** The concerts whose booking opens later, newest first. */
    upcoming(page?: PageOptions): Promise<Page<ListedConcert>>;
    /** Rejects with CONCERT_NOT_FOUND. */
    find(concertId: number, call?: Call): Promise<ConcertWithQueue>;
  };
  /** The seat plan of a schedule with the price of each level. Rejects with SCHEDULE_NOT_FOUND. */
  plan(scheduleId: number, call?: Call): Promise<SchedulePlan>;
  /** The calls of an access token's owner. */
  as(accessToken: string): FanClient;
  /** The calls of a queue token's owner. */
  inQueue(queueToken: string): ShopperClient;
  admin(adminToken: string): AdminClient;
  /** Opens a live connection; the caller closes it. Throws on a platform without WebSocket. */
  live(options: LiveOptions): LiveClient;
  /** The estimated time of the service's clock, in epoch milliseconds. */
  serverNow(): number;
}

/** Creates a client. It keeps no connection open except live ones, and needs no closing. */
export function createFrontrowClient(options: ClientOptions = {}): FrontrowClient {
  const clock = options.clock ?? machineClock;
  const random = options.random ?? Math.random;
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
  const serverTime = createServerTime(clock);
  const requests = createRequests({
    baseUrl,
    // A browser's `fetch` throws when it is called as a method of another object.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    clock,
    random,
    newKey: options.newKey ?? newRandomKey,
    language: options.language,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    serverTime,
    onAttempt: options.onAttempt,
  });

  async function listConcerts(operation: string, page: PageOptions | undefined): Promise<Page<ListedConcert>> {
    const path = `/concerts/${operation}${queryOf(page)}`;
    const request = { operation, method: 'GET', path, effect: 'idempotent', isShared: true } as const;
    const { concerts, nextCursor } = (await requests.ask<Listed<'concerts', ListedConcert>>(request, page)).body;
    return { items: concerts, nextCursor };
  }

  return {
    async register(user, call) {
      const request = { operation: 'register', method: 'POST', path: '/users', body: user, effect: 'once' } as const;
      return (await requests.ask<RegisteredUser>(request, call)).body;
    },
    concerts: {
      available: (page) => listConcerts('available', page),
      upcoming: (page) => listConcerts('upcoming', page),
      async find(concertId, call) {
        const request = { method: 'GET', path: `/concerts/${concertId}`, effect: 'idempotent' } as const;
        return (await requests.ask<ConcertWithQueue>({ operation: 'concert', ...request }, call)).body;
      },
    },
    async plan(scheduleId, call) {
      const request = { method: 'GET', path: `/schedules/${scheduleId}/plan`, effect: 'idempotent' } as const;
      return (await requests.ask<SchedulePlan>({ operation: 'plan', ...request, isShared: true }, call)).body;
    },
    as: (accessToken) => createFanClient(requests, accessToken),
    inQueue: (queueToken) => createShopperClient(requests, queueToken),
    admin: (adminToken) => createAdminClient(requests, adminToken),
    live(liveOptions) {
      const Socket = options.WebSocket ?? globalThis.WebSocket;
      if (Socket === undefined) throw new TypeError('This platform has no WebSocket; pass one in the options.');
      return createLiveClient({
        ...liveOptions,
        url: liveUrlOf(baseUrl),
        Socket,
        clock,
        random,
        limits: { ...DEFAULT_LIVE_LIMITS, ...options.liveLimits },
        serverTime,
        report: options.onListenerError ?? reportOfListener,
        onNetworkBack,
      });
    },
    serverNow: () => serverTime.nowMs(),
  };
}
