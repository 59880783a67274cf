import { type AdminClient, createAdminClient } from './admin-client.ts';
import type { Concert, ConcertWithQueue, Page, RegisteredUser } from './answers.ts';
import { createFanClient, type FanClient } from './fan-client.ts';
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from './live/limits.ts';
import { createLiveClient, type LiveClient, type LiveOptions } from './live/live-client.ts';
import { type Listed, type PageOptions, queryOf } from './pages.ts';
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
  /** Origin of the service, without a path of the API; the page's own when left out or empty. */
  readonly baseUrl?: string;
  /** Language of problems; the service's own choice when left out. Asked for every request. */
  readonly language?: () => 'ko' | 'en';
  readonly fetch?: FetchPort;
  /** Opens live connections; `ws` will do where there is none. */
  readonly WebSocket?: SocketConstructor;
  /** New idempotency keys, 1 to 255 visible ASCII characters. */
  readonly newKey?: () => string;
  /** 0 ≤ x < 1; spreads waits. */
  readonly random?: () => number;
  readonly clock?: ClientClock;
  readonly limits?: Partial<RequestLimits>;
  /** Told every attempt of every request when it has ended. */
  readonly onAttempt?: (attempt: Attempt) => void;
  readonly liveLimits?: Partial<LiveLimits>;
  /** Given what a listener of a live connection threw; as an uncaught error is reported when left out. */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * The service for programs: requests that are repeated safely, each with its idempotency key, and live maps and places that
 * keep themselves up. Every method rejects with an ApiProblem when the service says no, and with a NetworkFailure when it
 * cannot be reached.
 */
export interface FrontrowClient {
  /** Makes a user. EMAIL_TAKEN, also when an earlier attempt ended in a NetworkFailure after it was done. */
  register(user: { readonly name: string; readonly email: string }, call?: Call): Promise<RegisteredUser>;
  readonly concerts: {
    /** Those that can be booked now, newest first. */
    available(page?: PageOptions): Promise<Page<Concert>>;
    /** CONCERT_NOT_FOUND. */
    find(concertId: number, call?: Call): Promise<ConcertWithQueue>;
  };
  /** For the owner of an access token. */
  as(accessToken: string): FanClient;
  /** For the owner of a queue token. */
  inQueue(queueToken: string): ShopperClient;
  admin(adminToken: string): AdminClient;
  /** Opens a live connection, to be closed by the caller. Throws where there is no WebSocket. */
  live(options: LiveOptions): LiveClient;
  /** What the service's clock shows, in epoch milliseconds. */
  serverNow(): number;
}

/** A client that holds no connection of its own, but for live ones, and needs no closing. */
export function createFrontrowClient(options: ClientOptions = {}): FrontrowClient {
  const clock = options.clock ?? machineClock;
  const random = options.random ?? Math.random;
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
  const serverTime = createServerTime(clock);
  const requests = createRequests({
    baseUrl,
    // A browser's fetch refuses to be called as a method of something else.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    clock,
    random,
    newKey: options.newKey ?? newRandomKey,
    language: options.language,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    serverTime,
    onAttempt: options.onAttempt,
  });

  return {
    async register(user, call) {
      const request = { operation: 'register', method: 'POST', path: '/users', body: user, effect: 'once' } as const;
      return (await requests.ask<RegisteredUser>(request, call)).body;
    },
    concerts: {
      async available(page) {
        const request = { method: 'GET', path: `/concerts/available${queryOf(page)}`, effect: 'idempotent' } as const;
        const answer = await requests.ask<Listed<'concerts', Concert>>({ operation: 'available', ...request }, page);
        const { concerts, nextCursor } = answer.body;
        return { items: concerts, nextCursor };
      },
      async find(concertId, call) {
        const request = { method: 'GET', path: `/concerts/${concertId}`, effect: 'idempotent' } as const;
        return (await requests.ask<ConcertWithQueue>({ operation: 'concert', ...request }, call)).body;
      },
    },
    as: (accessToken) => createFanClient(requests, accessToken),
    inQueue: (queueToken) => createShopperClient(requests, queueToken),
    admin: (adminToken) => createAdminClient(requests, adminToken),
    live(liveOptions) {
      const Socket = options.WebSocket ?? globalThis.WebSocket;
      if (Socket === undefined) throw new TypeError('There is no WebSocket here: hand one in.');
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
