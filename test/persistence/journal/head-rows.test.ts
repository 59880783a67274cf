import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import type { HeadRecords } from '../../../src/actors/head-records.ts';
import { createSeatPlans } from '../../../src/persistence/records/seat-plans.ts';
import { createHeadRecords } from '../../../src/persistence/journal/head-rows.ts';
import { createPool } from '../../../src/persistence/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import { insertSchedule } from '../../fixtures/owner-node.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

const NODE = 'n:1';
const OTHER = 'other:1';

/** Head rows of a database that counts the statements that they take. */
async function setUp(t: Test) {
  const database = await createTestDatabase(t);
  await database.pool.query(`INSERT INTO nodes (node, address) VALUES ($1, ''), ($2, '')`, [NODE, OTHER]);
  const pool = createPool({ databaseUrl: database.url, max: 4, log: silentLog });
  t.teardown(() => pool.end());
  let statements = 0;
  pool.on('acquire', () => (statements += 1));
  return {
    database,
    heads: createHeadRecords({ pool, plans: createSeatPlans({ pool }) }),
    statements: () => statements,
  };
}

async function insertSchedules(database: TestDatabase, count: number): Promise<number[]> {
  const { concertId, scheduleId } = await insertSchedule(database, { seats: 3 });
  const { rows } = await database.pool.query<{ id: number }>(
    `INSERT INTO schedules (concert_id, starts_at, total_seats)
     SELECT $1, now() + interval '3 days', 3 FROM generate_series(2, $2::int) RETURNING schedule_id AS id`,
    [concertId, count],
  );
  const ids = rows.map(({ id }) => id);
  await database.pool.query(
    'INSERT INTO seats SELECT id, n, 1000 FROM unnest($1::bigint[]) id, generate_series(1, 3) n',
    [ids],
  );
  await database.pool.query('INSERT INTO schedule_heads (schedule_id) SELECT unnest($1::bigint[])', [ids]);
  return [scheduleId, ...ids];
}

async function takeOver(heads: HeadRecords, scheduleId: number) {
  const seen = await heads.see(scheduleId);
  const epoch = seen === null ? null : await heads.claim(scheduleId, NODE, seen.epoch);
  return epoch === null ? null : await heads.load(scheduleId, NODE, epoch);
}

t.test(
  'schedules that are taken over at the same time share statements, and each is loaded as by itself',
  async (t) => {
    const { database, heads, statements } = await setUp(t);
    const ids = await insertSchedules(database, 200);
    const [first = 0, second = 0, last = ids.at(-1) ?? 0] = ids;
    await database.pool.query(
      `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at, expires_at, epoch, seq)
     VALUES ($1, $2, 1, $3, 2, 1000, 'HELD', now(), now() + interval '1 hour', 0, 1)`,
      [randomUUID(), second, randomUUID()],
    );
    await database.pool.query('UPDATE schedule_heads SET epoch = 7, owner = $2 WHERE schedule_id = $1', [
      last,
      'dead:1',
    ]);
    const taken = await Promise.all([...ids, 999_999].map((id) => takeOver(heads, id)));
    t.ok(statements() <= 80, `${statements()} statements for ${ids.length} schedules`);
    t.equal(taken.pop(), null, 'there is no such schedule');
    t.same(
      taken.map((schedule) => [
        schedule?.scheduleId,
        schedule?.epoch,
        schedule?.seats.map(({ seat }) => seat.seatNumber),
      ]),
      ids.map((id) => [id, id === last ? 8 : 1, [1, 2, 3]]),
    );
    t.match(taken[0]?.seats[1]?.seat, { status: 'AVAILABLE', live: null }, `seat 2 of ${first}`);
    t.match(taken[1]?.seats[1]?.seat, { status: 'HELD' }, `seat 2 of ${second}`);
    const starts = await database.pool.query<{ at: Date }>(
      'SELECT starts_at AS at FROM schedules ORDER BY schedule_id',
    );
    t.same(
      taken.map((schedule) => schedule?.times.startsAtMs),
      starts.rows.map(({ at }) => at.getTime()),
    );
  },
);

t.test('of schedules that are claimed together, those of a living owner and those that have moved stay', async (t) => {
  const { database, heads } = await setUp(t);
  const [free = 0, owned = 0, moved = 0, aside = 0] = await insertSchedules(database, 4);
  await database.pool.query('UPDATE schedule_heads SET owner = $2 WHERE schedule_id = $1', [owned, OTHER]);
  await database.pool.query('UPDATE schedule_heads SET epoch = 4 WHERE schedule_id = $1', [moved]);
  await database.pool.query(`INSERT INTO nodes (node, address, separation_no) VALUES ('aside:1', '', 3)`);
  await database.pool.query(`UPDATE schedule_heads SET owner = 'aside:1' WHERE schedule_id = $1`, [aside]);
  t.same(await Promise.all([free, owned, moved, aside].map((id) => heads.claim(id, NODE, 0))), [1, null, null, 1]);
  t.same(await heads.see(owned), { epoch: 0, owner: OTHER });
  t.equal(await heads.load(owned, NODE, 0), null);
  await database.pool.query(`UPDATE nodes SET dead_at = now() WHERE node = $1`, [NODE]);
  t.equal(await heads.claim(moved, NODE, 4), null, 'a dead node claims nothing');
});

t.test('a schedule whose row is locked waits for that by itself', async (t) => {
  const { database, heads } = await setUp(t);
  const [locked = 0, ...others] = await insertSchedules(database, 10);
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  t.teardown(() => holder.end());
  await holder.query('BEGIN');
  await holder.query('SELECT FROM schedule_heads WHERE schedule_id = $1 FOR UPDATE', [locked]);
  let isLockedClaimed = false;
  const waiting = takeOver(heads, locked).then(
    (schedule) => {
      isLockedClaimed = true;
      return schedule;
    },
    (error: unknown) => error,
  );
  const taken = await Promise.all(others.map((id) => takeOver(heads, id)));
  t.ok(taken.every((schedule) => schedule?.epoch === 1));
  t.equal(isLockedClaimed, false);
  await holder.query('ROLLBACK');
  // On a machine that stands still for a second the wait for the lock ends in an error, and the next attempt succeeds.
  const schedule = await waiting;
  t.match(schedule instanceof Error ? await takeOver(heads, locked) : schedule, { scheduleId: locked, epoch: 1 });
});
