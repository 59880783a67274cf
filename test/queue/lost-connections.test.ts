import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Fault } from '../../src/domain/errors.ts';
import { createTokenScribe } from '../../src/queue/token.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import type { RoomFactory } from './room-harness.ts';
import { memoryRooms, redisRooms } from './rooms.ts';

const policy: QueuePolicy = { maxActive: 15, batch: 5, intervalMs: 150, activeTtlMs: 1_500 };
const SECRET = 'a secret for tests';
const STORM_MS = 4_000;
const FANS = 40;

interface Row {
  readonly token_id: string;
  readonly user_id: string;
  readonly no: number;
  readonly status: string;
  readonly activated: number | null;
}

/** Whatever connections die, nothing acknowledged is lost and the window holds. */
async function testStorm(t: Test, factory: RoomFactory): Promise<void> {
  const { pool, url } = await createTestDatabase(t);
  const { rows: concerts } = await pool.query<{ concert_id: number }>(
    `INSERT INTO concerts (title, artist, venue, time_zone, booking_opens_at, booking_closes_at,
       queue_max_active, queue_batch, queue_interval_ms, queue_active_ttl_ms)
     VALUES ('Night', 'IU', 'Jamsil', 'Asia/Seoul', to_timestamp(0), clock_timestamp() + interval '1 day', 1, 1, 1, 1)
     RETURNING concert_id`,
  );
  const concertId = concerts[0]?.concert_id ?? 0;
  const room = factory.create({
    pool,
    policies: () => Promise.resolve({ policy, bookingClosesAtMs: Date.now() + 86_400_000 }),
    clock: systemClock,
    databaseClock: { lowerMs: () => Date.now() - 1, upperMs: () => Date.now() + 1 },
    tokenSecret: SECRET,
    settings: { secondsPerPosition: 30, abandonMs: 120_000, noShowMs: 60_000, idleMs: 180_000 },
  });
  await room.start();
  t.teardown(() => room.close());
  const killer = new pg.Client({ connectionString: url });
  await killer.connect();
  t.teardown(() => killer.end());

  const acknowledged = new Set<string>();
  const faults = new Map<string, number>();
  let isStormy = true;

  /** Queues, now and then leaves, and queues again. */
  async function live(): Promise<void> {
    const userId = randomUUID();
    while (isStormy) {
      try {
        const { token } = await room.enter(userId, concertId);
        acknowledged.add(token.token);
        await pause(Math.random() * 40);
        if (Math.random() < 0.5) await room.leave(token.token);
        else await room.activate(token.token);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const kind = `${error.code} ${error.effect}`;
        faults.set(kind, (faults.get(kind) ?? 0) + 1);
        await pause(5);
      }
    }
  }

  const fans = Array.from({ length: FANS }, live);
  const end = performance.now() + STORM_MS;
  while (performance.now() < end) {
    await pause(20 + Math.random() * 120);
    await killer.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.7`);
  }
  isStormy = false;
  await Promise.all(fans);
  t.comment(`${acknowledged.size} tokens acknowledged; faults ${JSON.stringify([...faults])}`);
  t.ok((faults.get('STORE_UNAVAILABLE unknown') ?? 0) > 0, 'answers were lost');

  const read = async (): Promise<Row[]> => {
    const { rows } = await killer.query<Row>(
      `SELECT token_id, user_id, no::float8, status, (extract(epoch FROM activated_at) * 1000)::float8 AS activated
       FROM queue_tokens ORDER BY no`,
    );
    return rows;
  };
  // Time ends those inside, and all others get in: nobody is stuck.
  await waitFor(async () => (await read()).every((row) => row.status !== 'WAITING' && row.status !== 'ACTIVE'), {
    what: 'everybody to have had their turn',
    deadlineMs: 20_000,
  });
  const rows = await read();
  const instants = rows.flatMap((row) => row.activated ?? []);
  t.same(
    instants,
    [...instants].sort((one, other) => one - other),
    'in order of entry',
  );
  const tooSoon = instants.filter(
    (atMs, nth) => nth >= policy.batch && atMs - (instants[nth - policy.batch] ?? 0) < policy.intervalMs,
  );
  t.same(tooSoon, [], 'admissions that came too soon');

  const statusOf = new Map(rows.map((row) => [row.token_id, row.status]));
  const scribe = createTokenScribe({ secret: SECRET });
  for (const token of acknowledged) {
    const recorded = statusOf.get(scribe.read(token)?.tokenId ?? '');
    const shown = (await room.status(token))?.status;
    if (recorded === undefined || shown !== recorded) t.fail(`a token reads ${shown}, its row says ${recorded}`);
  }
  t.match(await room.counts(concertId), { waiting: 0, active: 0 });
}

t.test('a room with its lines in this process outlives its connections', (t) => testStorm(t, memoryRooms()));

t.test('a room with its lines in Redis outlives its connections', { skip: skipWithoutRedis() }, async (t) => {
  await testStorm(t, redisRooms(await startTestRedis(t)));
});
