import { randomBytes } from 'node:crypto';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { mapPathsOf } from '../load/holds-load.ts';
import { findFaultsBy } from '../../harness/service/database-audit.ts';
import { readMetrics } from '../../harness/service/metrics.ts';
import { createSale, LIMITS_OFF, PRICE_WON, type Shopper } from '../sale/sale.ts';
import { type ServerProcess, startFrontrow } from '../../harness/service/server-process.ts';
import type { Contestant } from './contestant.ts';

export interface FrontrowSettings {
  readonly databaseUrl: string;
  readonly seatsPerSecond: number;
  /** The number of users with an ACTIVE queue token each. */
  readonly users: number;
  /** Another checkout of the service, which also audits its database; by default this one. */
  readonly checkout?: string | undefined;
}

/** Differences from the usual start of a server. */
export interface StartOverrides {
  /** By default a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself, before the script. */
  readonly nodeOptions?: readonly string[];
}

export interface FrontrowContestant extends Contestant {
  readonly databaseUrl: string;
  start(overrides?: StartOverrides): Promise<ServerProcess>;
  /** The users with queue tokens, known after `createDatabase`. */
  shoppers(): readonly Shopper[];
  readonly adminToken: string;
  /** The live reservations of a schedule in the database, by seat number. */
  readLiveSeats(scheduleId: number): Promise<ReadonlyMap<number, LiveSeat>>;
  /** Sells every seat of a schedule over HTTP, to users of its own. */
  sellOut(server: ServerProcess, scheduleId: number, seatCount: number): Promise<void>;
}

/** A live reservation's part of a seat map. */
export interface LiveSeat {
  readonly status: 'HELD' | 'CONFIRMED';
  /** ISO 8601 UTC; null unless HELD. */
  readonly heldUntil: string | null;
}

/** The service itself, started in the usual way, with limits out of reach. */
export function createFrontrow(settings: FrontrowSettings): FrontrowContestant {
  const { checkout } = settings;
  const adminToken = randomBytes(32).toString('hex');
  const sale = createSale({ databaseUrl: settings.databaseUrl, adminToken, users: settings.users });
  const env = {
    ...LIMITS_OFF,
    DATABASE_URL: settings.databaseUrl,
    ADMIN_TOKEN: adminToken,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    CLUSTER_SECRET: randomBytes(32).toString('hex'),
  };
  const start = ({ env: own, ...overrides }: StartOverrides = {}): Promise<ServerProcess> =>
    startFrontrow({ ...env, ...own }, { ...overrides, ...(checkout === undefined ? {} : { checkout }) });

  return {
    name: 'frontrow',
    databaseUrl: settings.databaseUrl,
    seatsPerSecond: settings.seatsPerSecond,
    async createDatabase() {
      const server = await start();
      try {
        await sale.open(server.url);
      } finally {
        await server.stop();
      }
    },
    addSchedules: (count, seatCount) => sale.addSchedules(count, seatCount),
    start,
    warmPaths: mapPathsOf,
    async readCounters(server) {
      const sumOf = await readMetrics(server.url);
      return {
        flushes: sumOf('frontrow_flush_duration_seconds_count'),
        entries: sumOf('frontrow_flush_entries_sum'),
        durationMs: sumOf('frontrow_flush_duration_seconds_sum') * 1_000,
      };
    },
    countHolds: (scheduleIds) => sale.countHolds(scheduleIds),
    findFaults: () => findFaultsBy(settings.checkout, settings.databaseUrl),
    close: () => sale.close(),
    shoppers: () => sale.shoppers(),
    adminToken,
    async readLiveSeats(scheduleId) {
      const { rows } = await sale.pool.query<{ seat_number: number; status: LiveSeat['status']; expires_at: Date }>(
        `SELECT seat_number, status, expires_at FROM reservations WHERE schedule_id = $1 AND status IN ('HELD', 'CONFIRMED')`,
        [scheduleId],
      );
      return new Map(
        rows.map(({ seat_number: seatNumber, status, expires_at: expiresAt }) => [
          seatNumber,
          { status, heldUntil: status === 'HELD' ? expiresAt.toISOString() : null },
        ]),
      );
    },
    async sellOut(server, scheduleId, seatCount) {
      const client = createFrontrowClient({ baseUrl: server.url });
      // A reservation or a payment takes at most 50 seats.
      for (let first = 1; first <= seatCount; first += 50) {
        const last = Math.min(first + 49, seatCount);
        const shopper = await sale.admit(server.url, 'Collector');
        const seatNumbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
        const collector = client.inQueue(shopper.token);
        const { reservations } = await collector.hold(scheduleId, seatNumbers);
        await collector.charge(PRICE_WON * seatNumbers.length);
        await collector.pay(reservations.map((reservation) => reservation.reservationId));
      }
    },
  };
}
