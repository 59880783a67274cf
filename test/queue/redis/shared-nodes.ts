import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Test } from 'tap';
import type { QueuePolicy } from '../../../src/domain/catalogue.ts';
import { type Clock, type DatabaseClock, systemClock } from '../../../src/runtime/clock.ts';
import { createQueueRecords } from '../../../src/persistence/records/queue-records.ts';
import { createRedisLineStore } from '../../../src/queue/redis/redis-line-store.ts';
import { createWaitingRoom, type QueueRoom } from '../../../src/queue/waiting-room.ts';
import type { QueueRecords, QueueToken } from '../../../src/domain/queue-token.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { startTestRedis, type TestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { defaultPolicy, insertConcert, readTokenRows, type TokenRow } from '../room-harness.ts';

const DAY_MS = 86_400_000;

export interface NodeOptions {
  /** What this node does with its records instead. */
  readonly records?: (real: QueueRecords) => QueueRecords;
  /** How far the bounds of the database's clock lie from the machine's; nodes differ in what they know. */
  readonly boundsMs?: { readonly lower: number; readonly upper: number };
  readonly abandonMs?: number;
  readonly noShowMs?: number;
  readonly idleMs?: number;
  /** How long Redis may stand still before it counts as away. */
  readonly commandLimitMs?: number;
  /** By which callers lose patience, if not the machine's. */
  readonly clock?: Clock;
}

/** Several waiting rooms on one PostgreSQL and one Redis of their own, in real time. */
export interface SharedNodes {
  readonly redis: TestRedis;
  readonly pool: Pool;
  /** Starts another node. Closed with the test. */
  join(options?: NodeOptions): Promise<QueueRoom>;
  newConcert(policy?: Partial<QueuePolicy>): Promise<number>;
  /** As an operator does through one of the nodes. */
  changePolicy(room: QueueRoom, concertId: number, policy: Partial<QueuePolicy>): Promise<void>;
  rows(concertId: number): Promise<TokenRow[]>;
  /** What a node would record, without the node. */
  readonly records: QueueRecords;
}

/** `database`: another number than 0 of a Redis that is there, for another deployment on it. */
export async function createSharedNodes(
  t: Test,
  shared: { readonly redis: TestRedis; readonly database: number } | null = null,
): Promise<SharedNodes> {
  const { pool } = await createTestDatabase(t);
  const redis = shared?.redis ?? (await startTestRedis(t));
  const redisUrl = shared === null ? redis.url : `${redis.url}/${shared.database}`;
  const epochMs = Date.now() - performance.now();

  function clockOf({ lower, upper }: { lower: number; upper: number }): DatabaseClock {
    return {
      lowerMs: () => Math.floor(epochMs + performance.now() - lower),
      upperMs: () => Math.ceil(epochMs + performance.now() + upper),
    };
  }

  async function policies(concertId: number) {
    const { rows } = await pool.query<QueuePolicy & { closes: number }>(
      `SELECT queue_max_active AS "maxActive", queue_batch AS batch, queue_interval_ms AS "intervalMs",
         queue_active_ttl_ms AS "activeTtlMs", (extract(epoch FROM booking_closes_at) * 1000)::float8 AS closes
       FROM concerts WHERE concert_id = $1`,
      [concertId],
    );
    const [row] = rows;
    if (row === undefined) return null;
    const { closes, ...policy } = row;
    return { policy, bookingClosesAtMs: closes };
  }

  return {
    redis,
    pool,

    async join({
      records,
      boundsMs = { lower: 1, upper: 2 },
      abandonMs,
      noShowMs,
      idleMs,
      commandLimitMs,
      clock = systemClock,
    } = {}) {
      const real = createQueueRecords({ pool, log: silentLog });
      const presence = { abandonMs: abandonMs ?? DAY_MS, noShowMs: noShowMs ?? DAY_MS, idleMs: idleMs ?? DAY_MS };
      const settings = { secondsPerPosition: 30, ...presence };
      const databaseClock = clockOf(boundsMs);
      const room = createWaitingRoom({
        store: createRedisLineStore({
          redisUrl,
          commandLimitMs,
          nodeName: randomUUID(),
          databaseClock,
          log: silentLog,
          ...settings,
        }),
        records: records === undefined ? real : records(real),
        policies,
        clock,
        databaseClock,
        tokenSecret: 'a secret for tests',
        log: silentLog,
        settings,
      });
      t.teardown(() => room.close());
      await room.start();
      await room.opened;
      return room;
    },

    newConcert: (policy = {}) => insertConcert(pool, { ...defaultPolicy, ...policy }, Date.now() + 30 * DAY_MS),

    async changePolicy(room, concertId, { maxActive, batch }) {
      await pool.query(
        `UPDATE concerts SET queue_max_active = coalesce($2, queue_max_active), queue_batch = coalesce($3, queue_batch)
         WHERE concert_id = $1`,
        [concertId, maxActive ?? null, batch ?? null],
      );
      room.notePolicyChanged(concertId);
    },

    rows: (concertId) => readTokenRows(pool, concertId),
    records: createQueueRecords({ pool, log: silentLog }),
  };
}

/** Enters so many people, one after the other, through the nodes in turn. */
export async function enterMany(rooms: readonly QueueRoom[], concertId: number, count: number): Promise<QueueToken[]> {
  const tokens: QueueToken[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const room = rooms[nth % rooms.length];
    if (room !== undefined) tokens.push((await room.enter(randomUUID(), concertId)).token);
  }
  return tokens;
}
