import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Test } from 'tap';
import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import type { Clock, DatabaseClock } from '../../src/runtime/clock.ts';
import type { QueueToken, QueueWatch, WaitingRoom } from '../../src/domain/queue-token.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

/** A waiting room as tests drive it. */
export type Room = WaitingRoom &
  QueueWatch & { start(): Promise<void>; readonly opened: Promise<void>; close(): Promise<void> };

/** What an adapter is made from. */
export interface RoomMaterials {
  readonly pool: Pool;
  readonly policies: (concertId: number) => Promise<{ policy: QueuePolicy; bookingClosesAtMs: number } | null>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly tokenSecret: string;
  readonly settings: { secondsPerPosition: number; abandonMs: number; noShowMs: number; idleMs: number };
}

export interface RoomFactory {
  create(materials: RoomMaterials): Room;
  /** Called before a test, to give it a room of its own. */
  begin?(): Promise<void>;
  /** Makes the adapter forget whatever it keeps beside PostgreSQL, while no room runs. */
  forget?(): Promise<void>;
}

export const ABANDON_MS = 120_000;
export const NO_SHOW_MS = 60_000;
export const IDLE_MS = 180_000;

/** The defaults of the contract. */
export const defaultPolicy: QueuePolicy = { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000 };

/** Without limits that a test would notice. */
export const openPolicy: QueuePolicy = { ...defaultPolicy, maxActive: 1_000_000, batch: 1_000_000 };

/** How far the bounds of the database's clock are apart in tests. */
const CLOCK_BOUNDS_MS = 3;

/** A row of `queue_tokens`, times in epoch milliseconds. */
export interface TokenRow {
  readonly token_id: string;
  readonly user_id: string;
  readonly no: number;
  readonly status: string;
  readonly activated: number | null;
  readonly until: number | null;
  readonly ended: number | null;
}

export interface RoomHarness {
  readonly pool: Pool;
  /** The room that runs now. */
  room(): Room;
  /** The database's now is between these. */
  readonly databaseClock: DatabaseClock;
  /** Lets the time go on, without waiting for what came due with it. */
  advance(ms: number): void;
  /** Lets the time go on, and whatever came due with it happen. */
  pass(ms: number): Promise<void>;
  /** Waits until everything that was begun or came due has happened. */
  settle(): Promise<void>;
  /** Ends the room as a planned stop does, and starts another one on the same database. */
  restart(): Promise<void>;
  /**
   * Ends the room, lets `change` do something to the records behind its back, and starts another one that knows nothing but
   * the records.
   */
  restartAfter(change: () => Promise<unknown>): Promise<void>;
  newConcert(policy?: Partial<QueuePolicy>, closesInMs?: number): Promise<number>;
  changePolicy(concertId: number, policy: Partial<QueuePolicy>): void;
  /** Enters somebody new. */
  enter(concertId: number): Promise<QueueToken>;
  /** Enters so many, one after the other. */
  enterMany(concertId: number, count: number): Promise<QueueToken[]>;
  status(token: QueueToken | undefined): Promise<QueueToken>;
  statuses(tokens: readonly QueueToken[]): Promise<string[]>;
  /** The concert's tokens as they are recorded, by number. */
  rows(concertId: number): Promise<TokenRow[]>;
}

/** A waiting room on a database of its own and a clock that stands still until told to go on. */
export async function createRoomHarness(t: Test, factory: RoomFactory): Promise<RoomHarness> {
  const { pool } = await createTestDatabase(t);
  const clock = createManualClock();
  const epochMs = Date.now();
  const databaseClock: DatabaseClock = {
    lowerMs: () => epochMs + clock.monotonicMs(),
    upperMs: () => epochMs + clock.monotonicMs() + CLOCK_BOUNDS_MS,
  };
  const concerts = new Map<number, { policy: QueuePolicy; bookingClosesAtMs: number }>();
  const settings = { secondsPerPosition: 30, abandonMs: ABANDON_MS, noShowMs: NO_SHOW_MS, idleMs: IDLE_MS };
  const policies = (concertId: number) => Promise.resolve(concerts.get(concertId) ?? null);
  const make = (): Room =>
    factory.create({ pool, policies, clock, databaseClock, tokenSecret: 'a secret for tests', settings });

  async function startRoom(): Promise<void> {
    await room.start();
    await room.opened;
  }

  await factory.begin?.();
  let room = make();
  await startRoom();
  t.teardown(() => room.close());
  const elsewhere = await newConcert(openPolicy);

  async function newConcert(policy: Partial<QueuePolicy> = {}, closesInMs = 30 * 86_400_000): Promise<number> {
    const whole = { ...defaultPolicy, ...policy };
    const bookingClosesAtMs = databaseClock.lowerMs() + closesInMs;
    const concertId = await insertConcert(pool, whole, bookingClosesAtMs);
    concerts.set(concertId, { policy: whole, bookingClosesAtMs });
    return concertId;
  }

  /** An entry elsewhere is answered after what was due before it; the second one after what that led to. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 2; round += 1) await room.enter(randomUUID(), elsewhere);
  }

  async function enter(concertId: number): Promise<QueueToken> {
    return (await room.enter(randomUUID(), concertId)).token;
  }

  async function status(token: QueueToken | undefined): Promise<QueueToken> {
    const found = token === undefined ? null : await room.status(token.token);
    if (found === null) throw new Error('the token is not known');
    return found;
  }

  return {
    pool,
    room: () => room,
    databaseClock,
    settle,

    advance: (ms) => clock.advance(ms),

    async pass(ms) {
      clock.advance(ms);
      await settle();
    },

    async restart() {
      await room.close();
      room = make();
      await startRoom();
    },

    async restartAfter(change) {
      await room.close();
      await factory.forget?.();
      await change();
      room = make();
      await startRoom();
    },

    newConcert,

    changePolicy(concertId, policy) {
      const concert = concerts.get(concertId);
      if (concert === undefined) throw new Error(`there is no concert ${concertId}`);
      concerts.set(concertId, { ...concert, policy: { ...concert.policy, ...policy } });
      room.notePolicyChanged(concertId);
    },

    enter,

    async enterMany(concertId, count) {
      const tokens: QueueToken[] = [];
      for (let nth = 0; nth < count; nth += 1) tokens.push(await enter(concertId));
      return tokens;
    },

    status,

    async statuses(tokens) {
      const found = await Promise.all(tokens.map(status));
      return found.map((token) => token.status);
    },

    rows: (concertId) => readTokenRows(pool, concertId),
  };
}

/** The concert's tokens as they are recorded, by number. */
export async function readTokenRows(pool: Pool, concertId: number): Promise<TokenRow[]> {
  const { rows } = await pool.query<TokenRow>(
    `SELECT token_id, user_id, no, status, (extract(epoch FROM activated_at) * 1000)::float8 AS activated,
       (extract(epoch FROM active_until) * 1000)::float8 AS until, (extract(epoch FROM ended_at) * 1000)::float8 AS ended
     FROM queue_tokens WHERE concert_id = $1 ORDER BY no`,
    [concertId],
  );
  return rows;
}

/** A concert on sale until then. */
export async function insertConcert(pool: Pool, policy: QueuePolicy, bookingClosesAtMs: number): Promise<number> {
  const { rows } = await pool.query<{ concert_id: number }>(
    `INSERT INTO concerts (title, artist, venue, time_zone, booking_opens_at, booking_closes_at,
       queue_max_active, queue_batch, queue_interval_ms, queue_active_ttl_ms)
     VALUES ('밤', '아이유', '잠실', 'Asia/Seoul', to_timestamp(0), to_timestamp($1::float8 / 1000), $2, $3, $4, $5)
     RETURNING concert_id`,
    [bookingClosesAtMs, policy.maxActive, policy.batch, policy.intervalMs, policy.activeTtlMs],
  );
  return rows[0]?.concert_id ?? 0;
}
