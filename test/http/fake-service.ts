import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { NewConcert } from '../../src/domain/catalogue.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { createApp } from '../../src/http/app.ts';
import type { AppDependencies, AppOptions } from '../../src/http/app-options.ts';
import { createMetrics } from '../../src/http/pages/metrics.ts';
import { createIdSource } from '../../src/runtime/ids.ts';
import type { Log } from '../../src/runtime/log.ts';
import { type CodeCheck, createCodeCheck } from '../fixtures/documented-codes.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { createFakeBuyers } from './fake-buyers.ts';
import { createFakeAdminKeys, createFakeEdits, createFakeSeatPlans, type FakeAdminKeys } from './fake-admin.ts';
import { createFakeExports, createFakeReports } from './fake-reports.ts';
import { fakeCancellations } from './fake-cancellations.ts';
import { createFakeCatalogue, type FakeCatalogue } from './fake-catalogue.ts';
import { noteCompletions } from '../../src/node/completions.ts';
import { createFakeRoom, type FakeRoom } from './fake-room.ts';
import { createFakeSales, type FakeSales } from './fake-sales.ts';
import { createFakeUsers, type FakeUsers } from './fake-users.ts';

export const AUTH_SECRET = 'test-secret-of-more-than-32-characters';
export const ADMIN_TOKEN = 'test-admin-token';
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 20, 3, 0, 0);

export interface Call {
  readonly token?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Fan {
  readonly userId: string;
  readonly accessToken: string;
}

export interface FakeService {
  readonly app: FastifyInstance;
  readonly users: FakeUsers;
  readonly catalogue: FakeCatalogue;
  readonly adminKeys: FakeAdminKeys;
  readonly room: FakeRoom;
  readonly sales: FakeSales;
  readonly dependencies: AppDependencies;
  readonly time: { nowMs: number };
  /** A request to a path under /api/v1, or to a path from the root where it begins with `//`. */
  readonly call: (
    method: NonNullable<InjectOptions['method']>,
    path: string,
    call?: Call,
  ) => Promise<LightMyRequestResponse>;
  readonly register: (name?: string) => Promise<Fan>;
  /** The queue token of a user for a concert. */
  readonly enter: (fan: Fan, concertId?: number) => Promise<string>;
  /** A user with an ACTIVE queue token and a full wallet. */
  readonly shopper: (concertId?: number) => Promise<Fan & { readonly queueToken: string }>;
  readonly charge: (fan: Fan, amount: number) => Promise<void>;
  /** Everything that is stored, as one text. */
  readonly digest: () => string;
}

export interface FakeServiceOptions {
  readonly options?: Partial<AppOptions>;
  readonly dependencies?: Partial<AppDependencies>;
  readonly clock?: Clock;
  readonly log?: Log;
}

export const defaultOptions: AppOptions = {
  version: '0.0.0',
  auth: { secret: AUTH_SECRET, publicKey: null, issue: true, accessTokenTtlMs: 30 * DAY_MS },
  adminToken: ADMIN_TOKEN,
  trustProxy: [],
  connections: { perAddress: 0, inAll: 0 },
  allowedOrigins: [],
  rateLimitPerMinute: 0,
  maxSeatsPerUser: 4,
  registrationsPerMinute: 0,
  queuePolicy: { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000 },
  queueGuards: 'seats',
  live: { flushMs: 0, socketsPerUser: 20, messagesPerMinute: 120 },
  metricsOnPublicPort: true,
};

/**
 * The HTTP side on ports in memory, with concert 1 (schedules 1 and 2, on two days, 50 seats at 110 000), concert 2 (schedule 3,
 * 10 seats at 50 000), concert 3 that opens tomorrow (schedule 4) and concert 4 without schedules.
 */
export async function startFakeService(
  t: { teardown(run: () => Promise<void>): void },
  { options = {}, dependencies = {}, clock = systemClock, log = silentLog }: FakeServiceOptions = {},
): Promise<FakeService> {
  const time = { nowMs: START_MS };
  const nowMs = (): number => time.nowMs;
  const nextId = createIdSource();
  const users = createFakeUsers(nowMs);
  const sales: FakeSales = createFakeSales(
    nowMs,
    () => catalogue,
    (userId) => users.rows.has(userId),
    (userId, concertId) => room.tokenIdOf(userId, concertId),
  );
  const adminKeys = createFakeAdminKeys(nowMs, () => nextId(time.nowMs));
  const catalogue = createFakeCatalogue((scheduleId) => sales.seats(scheduleId));
  const room = createFakeRoom(nowMs, (concertId) => {
    const concert = catalogue.concerts.get(concertId);
    if (concert === undefined) throw new Error(`the room was asked for concert ${concertId}, which does not exist`);
    return concert.queue;
  });
  await fillCatalogue(catalogue);

  const ports: AppDependencies = {
    users,
    catalogue,
    edits: createFakeEdits(catalogue),
    adminKeys,
    cancellations: fakeCancellations,
    cancellationRuns: { run: () => Promise.resolve() },
    seatPlans: createFakeSeatPlans((scheduleId) => catalogue.schedules.get(scheduleId)?.prices ?? []),
    buyers: createFakeBuyers(users),
    exports: createFakeExports(),
    reports: createFakeReports(),
    sellOuts: { fastest: async () => [] },
    adminLog: { list: async () => ({ items: [], nextCursor: null }) },
    adminAnswers: { find: async () => null },
    room,
    router: noteCompletions(sales.router, room),
    seats: { watch: () => () => undefined },
    reservations: sales.reservations,
    payments: sales.payments,
    wallets: sales.wallets,
    idempotency: sales.idempotency,
    databaseClock: { lowerMs: nowMs, upperMs: nowMs },
    clock,
    newId: () => nextId(time.nowMs),
    log,
    metrics: createMetrics(),
    readiness: () => ({ ready: true, reasons: [], degraded: [] }),
    isDraining: () => false,
    overview: async () => ({
      nodes: [{ node: 'n1:1', address: '127.0.0.1:7000', alive: true, ownedSchedules: 3 }],
      ownedSchedules: [1, 2, 3],
      concerts: [{ concertId: 1, held: 2, confirmed: 3, revenue: 330_000 }],
      schedules: [],
      schedulesLeftOut: 0,
    }),
    recordedQueues: async () => [{ concertId: 1, waiting: 2, active: 1 }],
    activity: {
      report: () => ({
        node: 'n1:1',
        stepMs: 1_000,
        stepsKept: 600,
        verdict: { state: 'HEALTHY', reasons: [] },
        samples: [],
      }),
      nodes: () => [],
    },
    ...dependencies,
  };
  const app = await createApp(ports, { ...defaultOptions, ...options });
  t.teardown(() => app.close());

  let checkCode: CodeCheck | null = null;
  const service: FakeService = {
    app,
    users,
    catalogue,
    adminKeys,
    room,
    sales,
    dependencies: ports,
    time,
    async call(method, path, { token, key, body, headers = {} } = {}) {
      const url = path.startsWith('//') ? path.slice(1) : `/api/v1${path}`;
      const answer = await app.inject({
        method,
        url,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      checkCode ??= createCodeCheck(app.swagger());
      if (answer.statusCode >= 400) checkCode(method, url, answer.body);
      return answer;
    },
    async register(name = 'fan') {
      const email = `${name}-${users.rows.size}@example.com`;
      const answer = await service.call('POST', '/users', { body: { name, email } });
      return answer.json<Fan>();
    },
    async enter(fan, concertId = 1) {
      const answer = await service.call('POST', '/queue/tokens', { token: fan.accessToken, body: { concertId } });
      return answer.json<{ token: string }>().token;
    },
    async charge(fan, amount) {
      await service.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount } });
    },
    async shopper(concertId = 1) {
      const fan = await service.register();
      const queueToken = await service.enter(fan, concertId);
      await service.charge(fan, 1_000_000);
      return { ...fan, queueToken };
    },
    digest() {
      return JSON.stringify([
        [...users.rows],
        [...catalogue.concerts],
        [...catalogue.schedules],
        [...adminKeys.rows],
        [...room.places],
        Object.values(sales.rows).map((rows) => [...rows]),
      ]);
    },
  };
  return service;
}

async function fillCatalogue(catalogue: FakeCatalogue): Promise<void> {
  const base: NewConcert = {
    title: '봄의 콘서트',
    artist: 'IU',
    venue: '서울',
    timeZone: 'Asia/Seoul',
    bookingOpensAtMs: START_MS - DAY_MS,
    bookingClosesAtMs: START_MS + 10 * DAY_MS,
    queue: { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000, paused: false },
  };
  const dates = { endsAtMs: null, reservationOpensAtMs: null };
  const prices = Array.from({ length: 50 }, () => 110_000);
  await catalogue.createConcert(base);
  await catalogue.createConcert({ ...base, title: 'Winter' });
  await catalogue.createConcert({ ...base, title: 'Tomorrow', bookingOpensAtMs: START_MS + DAY_MS });
  await catalogue.createConcert({ ...base, title: 'Undated' });
  await catalogue.createSchedule(1, { startsAtMs: START_MS + 5 * DAY_MS, ...dates, prices });
  await catalogue.createSchedule(1, { startsAtMs: START_MS + 6 * DAY_MS, ...dates, prices });
  await catalogue.createSchedule(2, {
    startsAtMs: START_MS + 5 * DAY_MS,
    ...dates,
    prices: Array.from({ length: 10 }, () => 50_000),
  });
  await catalogue.createSchedule(3, { startsAtMs: START_MS + 5 * DAY_MS, ...dates, prices });
}
