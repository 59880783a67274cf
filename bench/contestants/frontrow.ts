import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { enterShop } from '../service/admission.ts';
import { auditDatabase } from '../service/database-audit.ts';
import { findFreePort, startServer } from '../service/server-process.ts';
import type { ServerProcess } from '../service/server-process.ts';
import type { Contestant } from './contestant.ts';

export interface FrontrowSettings {
  readonly databaseUrl: string;
  readonly seatsPerSecond: number;
  /** Different users that hold; each has an ACTIVE queue token. */
  readonly users: number;
}

export interface Shopper {
  readonly userId: string;
  readonly token: string;
  readonly accessToken: string;
}

/** How a server is started otherwise than usual. */
export interface StartOverrides {
  /** By default a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself, before the script. */
  readonly nodeOptions?: readonly string[];
}

export interface FrontrowContestant extends Contestant {
  start(overrides?: StartOverrides): Promise<ServerProcess>;
  /** Who holds: known after `createDatabase`. */
  shoppers(): readonly Shopper[];
  readonly adminToken: string;
  /** What the database says of a schedule's seats; those without a live reservation are not in it. */
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

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The limits are the API's, so that no policy stands between the load and the seats. */
const ADMISSIONS_MOST = 1_000_000;
const SEATS_PER_USER_MOST = 500;
const PRICE_WON = 110_000;
const REGISTER_AT_ONCE = 16;
const SCRIPT = 'src/main.ts';

/** The service itself, started as anybody starts it, with limits that do not bite. */
export function createFrontrow(settings: FrontrowSettings): FrontrowContestant {
  const pool = new pg.Pool({ connectionString: settings.databaseUrl, max: 2 });
  // A server that ends first, as after an interruption, must not end the process before its files are removed.
  pool.on('error', () => undefined);
  const adminToken = randomBytes(32).toString('hex');
  const env = {
    DATABASE_URL: settings.databaseUrl,
    ADMIN_TOKEN: adminToken,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    CLUSTER_SECRET: randomBytes(32).toString('hex'),
    AUTH_ISSUE: 'true',
    DEMO_DATA: 'false',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_SEATS_PER_USER: String(SEATS_PER_USER_MOST),
    HOLD_TTL_MS: String(HOUR_MS),
    QUEUE_NO_SHOW_MS: String(HOUR_MS),
    QUEUE_ABANDON_MS: String(HOUR_MS),
    LIVE_SOCKETS_PER_USER: '0',
    LIVE_MESSAGES_PER_MINUTE: '0',
  };
  const shoppers: Shopper[] = [];
  let concertId = 0;
  const start = async (overrides: StartOverrides = {}): Promise<ServerProcess> => {
    return startServer({
      command: [...(overrides.nodeOptions ?? []), SCRIPT],
      port: overrides.port ?? (await findFreePort()),
      env: { ...env, ...overrides.env },
      readyPath: '/readyz',
    });
  };

  const admit = async (server: ServerProcess, name: string): Promise<Shopper> => {
    const client = createFrontrowClient({ baseUrl: server.url });
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const { userId, accessToken } = await client.register({ name, email });
    const token = await enterShop(client, accessToken, concertId);
    return { userId, token, accessToken };
  };

  return {
    name: 'frontrow',
    seatsPerSecond: settings.seatsPerSecond,
    async createDatabase() {
      const server = await start();
      try {
        const admin = createFrontrowClient({ baseUrl: server.url }).admin(adminToken);
        const concert = await admin.createConcert({
          title: 'Benchmark',
          artist: 'Nobody',
          venue: 'Here',
          bookingOpensAt: new Date(Date.now() - DAY_MS).toISOString(),
          bookingClosesAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
          queue: { maxActive: ADMISSIONS_MOST, batch: ADMISSIONS_MOST, intervalMs: 100, activeTtlMs: DAY_MS },
        });
        concertId = concert.concertId;
        while (shoppers.length < settings.users) {
          const count = Math.min(REGISTER_AT_ONCE, settings.users - shoppers.length);
          shoppers.push(...(await Promise.all(Array.from({ length: count }, () => admit(server, 'Shopper')))));
        }
      } finally {
        await server.stop();
      }
    },
    async addSchedules(count, seatCount) {
      const { rows } = await pool.query<{ schedule_id: string }>(
        `INSERT INTO schedules (concert_id, starts_at, total_seats)
         SELECT $1, now() + interval '300 days' + n * interval '1 minute', $3 FROM generate_series(1, $2) n RETURNING schedule_id`,
        [concertId, count, seatCount],
      );
      const scheduleIds = rows.map((row) => Number(row.schedule_id));
      await pool.query(
        `INSERT INTO seats (schedule_id, seat_number, price)
         SELECT schedule_id, seat_number, $3 FROM unnest($1::bigint[]) schedule_id, generate_series(1, $2) seat_number`,
        [scheduleIds, seatCount, PRICE_WON],
      );
      await pool.query('INSERT INTO schedule_heads (schedule_id) SELECT unnest($1::bigint[])', [scheduleIds]);
      return scheduleIds;
    },
    start,
    warmPaths: (scheduleIds) => scheduleIds.map((scheduleId) => `/api/v1/schedules/${scheduleId}/seats`),
    async readFlushes(server) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return {
        flushes: sumOf(text, 'frontrow_flush_duration_seconds_count'),
        entries: sumOf(text, 'frontrow_flush_entries_sum'),
        durationMs: sumOf(text, 'frontrow_flush_duration_seconds_sum') * 1_000,
      };
    },
    async countHolds(scheduleIds) {
      const { rows } = await pool.query<{ holds: number }>(
        "SELECT count(*)::int AS holds FROM reservations WHERE schedule_id = ANY($1) AND status IN ('HELD', 'CONFIRMED')",
        [scheduleIds],
      );
      return rows[0]?.holds ?? 0;
    },
    findFaults: async () => [...(await auditDatabase(settings.databaseUrl)).faults],
    close: () => pool.end(),
    shoppers: () => shoppers,
    adminToken,
    async readLiveSeats(scheduleId) {
      const { rows } = await pool.query<{ seat_number: number; status: LiveSeat['status']; expires_at: Date }>(
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
        const shopper = await admit(server, 'Collector');
        const seatNumbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
        const collector = client.inQueue(shopper.token);
        const { reservations } = await collector.hold(scheduleId, seatNumbers);
        await collector.charge(PRICE_WON * seatNumbers.length);
        await collector.pay(reservations.map((reservation) => reservation.reservationId));
      }
    },
  };
}

/** The sum of a metric's samples, whatever their labels. */
function sumOf(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
