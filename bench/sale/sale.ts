import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { openPool } from '../../harness/service/database.ts';
import { mapConcurrently } from '../../harness/concurrently.ts';
import { createConcert, DAY_MS } from './concert.ts';

/** A concert with admitted shoppers, on a service whose limits are out of reach. */
export interface Sale {
  /** Opens the concert and admits its shoppers, once, over HTTP. */
  open(baseUrl: string): Promise<void>;
  /** The users with queue tokens, once the sale is open. */
  shoppers(): readonly Shopper[];
  /** Registers another shopper and admits them. */
  admit(baseUrl: string, name: string): Promise<Shopper>;
  /** Fresh schedules with every seat free; ids in order. The service need not run. */
  addSchedules(count: number, seatCount: number): Promise<number[]>;
  /** Live reservations of these schedules, by the database. */
  countHolds(scheduleIds: readonly number[]): Promise<number>;
  /** The sale's own connections to the database. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface Shopper {
  readonly userId: string;
  readonly token: string;
  readonly accessToken: string;
}

const HOUR_MS = 3_600_000;
/** The largest values that the API takes, so that no policy limits the load. */
const ADMISSIONS_MOST = 1_000_000;
const SEATS_PER_USER_MOST = 500;
export const PRICE_WON = 110_000;
const POLICY = { maxActive: ADMISSIONS_MOST, batch: ADMISSIONS_MOST, intervalMs: 100, activeTtlMs: DAY_MS };
const REGISTER_AT_ONCE = 16;
/** A sale whose policy admits everybody does so at once; a busy machine may take a moment. */
const LOOKS_MOST = 20;
const LOOK_EVERY_MS = 250;

/** Environment of a service without demonstration data and with limits out of reach. */
export const LIMITS_OFF = {
  AUTH_ISSUE: 'true',
  DEMO_DATA: 'false',
  LOG_LEVEL: 'warn',
  MAX_CONNECTIONS_PER_ADDRESS: '0',
  RATE_LIMIT_PER_MINUTE: '0',
  REGISTRATIONS_PER_MINUTE: '0',
  MAX_SEATS_PER_USER: String(SEATS_PER_USER_MOST),
  HOLD_TTL_MS: String(HOUR_MS),
  QUEUE_NO_SHOW_MS: String(HOUR_MS),
  QUEUE_ABANDON_MS: String(HOUR_MS),
  LIVE_SOCKETS_PER_USER: '0',
  LIVE_MESSAGES_PER_MINUTE: '0',
};

/** A sale that is not open yet; `users` people will have ACTIVE queue tokens. */
export function createSale(settings: {
  readonly databaseUrl: string;
  readonly adminToken: string;
  readonly users: number;
}): Sale {
  const pool = openPool(settings.databaseUrl, 2);
  const shoppers: Shopper[] = [];
  let concertId = 0;

  async function admit(baseUrl: string, name: string): Promise<Shopper> {
    const client = createFrontrowClient({ baseUrl });
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const { userId, accessToken } = await client.register({ name, email });
    let place = await client.as(accessToken).enterQueue(concertId);
    for (let looks = 1; place.status !== 'ACTIVE'; looks += 1) {
      if (looks === LOOKS_MOST) throw new Error(`A shopper is ${place.status} although the policy admits everybody.`);
      await pause(LOOK_EVERY_MS);
      place = await client.inQueue(place.token).status();
    }
    return { userId, token: place.token, accessToken };
  }

  return {
    pool,
    async open(baseUrl) {
      concertId = await createConcert(baseUrl, settings.adminToken, POLICY);
      const names = Array.from({ length: settings.users }, () => 'Shopper');
      shoppers.push(...(await mapConcurrently(names, REGISTER_AT_ONCE, (name) => admit(baseUrl, name))));
    },
    shoppers: () => shoppers,
    admit,
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
    async countHolds(scheduleIds) {
      const { rows } = await pool.query<{ holds: number }>(
        "SELECT count(*)::int AS holds FROM reservations WHERE schedule_id = ANY($1) AND status IN ('HELD', 'CONFIRMED')",
        [scheduleIds],
      );
      return rows[0]?.holds ?? 0;
    },
    close: () => pool.end(),
  };
}
