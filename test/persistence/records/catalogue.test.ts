import type { Pool, QueryResultRow } from 'pg';
import t from 'tap';
import type { Catalogue, NewConcert, NewSchedule } from '../../../src/domain/catalogue.ts';
import { createCatalogue } from '../../../src/persistence/records/catalogue.ts';
import type { Connection } from '../../../src/persistence/journal/statement.ts';
import { createTestDatabase } from '../../fixtures/database.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 20, 12);

const concert: NewConcert = {
  title: '새벽의 정원',
  artist: '윤슬',
  venue: '한빛홀',
  timeZone: 'Asia/Seoul',
  bookingOpensAtMs: NOW_MS - HOUR_MS,
  bookingClosesAtMs: NOW_MS + HOUR_MS,
  queue: { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000, paused: false },
};

const schedule: NewSchedule = {
  startsAtMs: Date.UTC(2027, 0, 1, 15, 30),
  endsAtMs: null,
  reservationOpensAtMs: null,
  prices: [100, 90, 80],
};

/** Counts the statements that go through the pool. */
function countStatements(pool: Pool): { count: number } {
  const counter = { count: 0 };
  pool.on('acquire', () => (counter.count += 1));
  return counter;
}

async function createSale(catalogue: Catalogue): Promise<{ concertId: number; scheduleId: number }> {
  const { concertId } = await catalogue.createConcert(concert);
  const created = await catalogue.createSchedule(concertId, schedule);
  if (created === null) throw new Error('the concert was just created');
  return { concertId, scheduleId: created.scheduleId };
}

async function reserve(
  pool: Pool,
  sale: { concertId: number; scheduleId: number },
  seat: number,
  status: string,
  expiresInMs: number,
) {
  await pool.query(
    `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at, expires_at, epoch, seq)
     VALUES (gen_random_uuid(), $1, $2, gen_random_uuid(), $3, 100, $4, now(), now() + $5::int * interval '1 millisecond', 1, 1)`,
    [sale.scheduleId, sale.concertId, seat, status, expiresInMs],
  );
}

t.test('a concert is found as it was created, by every process', async (t) => {
  const { pool } = await createTestDatabase(t);
  const created = await createCatalogue({ pool }).createConcert(concert);
  t.match(created, concert);
  t.same(await createCatalogue({ pool }).findConcert(created.concertId), created);
});

t.test('a schedule comes into being with its seats, their prices and its head', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const { concertId, scheduleId } = await createSale(catalogue);
  t.match(await catalogue.findSchedule(scheduleId), {
    scheduleId,
    concertId,
    totalSeats: 3,
    startsAtMs: schedule.startsAtMs,
  });
  const seats = await pool.query('SELECT seat_number, price FROM seats WHERE schedule_id = $1 ORDER BY seat_number', [
    scheduleId,
  ]);
  t.same(seats.rows, [
    { seat_number: 1, price: 100 },
    { seat_number: 2, price: 90 },
    { seat_number: 3, price: 80 },
  ]);
  const heads = await pool.query('SELECT schedule_id, epoch, seq FROM schedule_heads');
  t.same(heads.rows, [{ schedule_id: scheduleId, epoch: 0, seq: 0 }]);
});

t.test('a schedule that cannot be stored leaves nothing behind', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const { concertId } = await catalogue.createConcert(concert);
  await t.rejects(catalogue.createSchedule(concertId, { ...schedule, prices: [100, -1] }));
  t.equal(await catalogue.createSchedule(concertId + 1, schedule), null);
  const { rows } = await pool.query(
    'SELECT (SELECT count(*) FROM schedules) + (SELECT count(*) FROM seats) + (SELECT count(*) FROM schedule_heads) AS left',
  );
  t.same(rows, [{ left: 0 }]);
});

t.test('the date of a schedule is that of its start where the concert takes place', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const { scheduleId } = await createSale(catalogue);
  t.equal((await catalogue.findSchedule(scheduleId))?.date, '2027-01-02');
  const abroad = await catalogue.createConcert({ ...concert, timeZone: 'America/New_York' });
  t.equal((await catalogue.createSchedule(abroad.concertId, schedule))?.date, '2027-01-01');
  await t.rejects(catalogue.createConcert({ ...concert, timeZone: 'Asia/Atlantis' }), RangeError);
});

t.test('what was seen once is found without asking the database again', async (t) => {
  const { pool } = await createTestDatabase(t);
  const { concertId, scheduleId } = await createSale(createCatalogue({ pool }));
  const catalogue = createCatalogue({ pool });
  await catalogue.findConcert(concertId);
  await catalogue.findSchedule(scheduleId);
  const statements = countStatements(pool);
  for (let i = 0; i < 100; i += 1) {
    t.ok(await catalogue.findConcert(concertId));
    t.ok(await catalogue.findSchedule(scheduleId));
  }
  t.equal(statements.count, 0);
});

t.test('ten thousand unknown ids are answered by a few dozen statements', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const statements = countStatements(pool);
  const found = await Promise.all(Array.from({ length: 10_000 }, async (_, i) => await catalogue.findSchedule(i + 1)));
  t.ok(found.every((answer) => answer === null));
  t.ok(statements.count <= 40, `${statements.count} statements`);
});

t.test('an unknown id is found as soon as it exists', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  t.equal(await catalogue.findSchedule(1), null);
  const { scheduleId } = await createSale(createCatalogue({ pool }));
  t.ok(await catalogue.findSchedule(scheduleId));
});

t.test('the booking window includes both of its ends', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const { concertId } = await catalogue.createConcert(concert);
  const isListedAt = async (nowMs: number) =>
    (await catalogue.listBookable(nowMs, { limit: 20, after: null })).items.some(
      (listed) => listed.concertId === concertId,
    );
  const { bookingOpensAtMs, bookingClosesAtMs } = concert;
  const instants = [bookingOpensAtMs - 1, bookingOpensAtMs, NOW_MS, bookingClosesAtMs, bookingClosesAtMs + 1];
  t.same(await Promise.all(instants.map(isListedAt)), [false, true, true, true, false]);
  const isUpcomingAt = async (nowMs: number) =>
    (await catalogue.listUpcoming(nowMs, { limit: 20, after: null })).items.length === 1;
  t.same(await Promise.all(instants.map(isUpcomingAt)), [true, false, false, false, false]);
});

t.test('requests of one moment share a statement, whichever pages they ask for', async (t) => {
  const { pool } = await createTestDatabase(t);
  const statements = countStatements(pool);
  const catalogue = createCatalogue({ pool });
  const ids: number[] = [];
  for (let nth = 0; nth < 5; nth += 1) ids.unshift((await catalogue.createConcert(concert)).concertId);
  statements.count = 0;
  const pageAt = (nowMs: number, limit: number, after: number | null) =>
    catalogue.listBookable(nowMs, { limit, after: after === null ? null : String(after) });
  const { bookingClosesAtMs } = concert;
  const pages = await Promise.all([
    pageAt(NOW_MS, 2, null),
    pageAt(NOW_MS, 2, ids[1] ?? 0),
    pageAt(NOW_MS, 2, ids[3] ?? 0),
    pageAt(NOW_MS, 5, null),
    pageAt(NOW_MS, 4, null),
    pageAt(bookingClosesAtMs + 1, 2, null),
    catalogue.listUpcoming(concert.bookingOpensAtMs - 1, { limit: 2, after: null }),
  ]);
  t.ok(statements.count <= 2, `${statements.count} statements`);
  t.same(
    pages.map(({ items, nextCursor }) => [items.map(({ concertId }) => concertId), nextCursor]),
    [
      [[ids[0], ids[1]], String(ids[1])],
      [[ids[2], ids[3]], String(ids[3])],
      [[ids[4]], null],
      [ids, null],
      [ids.slice(0, 4), String(ids[3])],
      [[], String(ids[1])],
      [[ids[0], ids[1]], String(ids[1])],
    ],
  );
});

t.test('seats with a live reservation are not available, ended and overdue ones are', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const sale = await createSale(catalogue);
  const available = async () => (await catalogue.listSchedules(sale.concertId)).map((listed) => listed.availableSeats);
  t.same(await available(), [3]);
  await reserve(pool, sale, 1, 'HELD', 60_000);
  t.same(await available(), [2]);
  await reserve(pool, sale, 2, 'CONFIRMED', -60_000);
  t.same(await available(), [1]);
  await reserve(pool, sale, 3, 'HELD', -1_000);
  await reserve(pool, sale, 2, 'EXPIRED', 60_000);
  t.same(await available(), [1]);
  t.same(await catalogue.listSchedules(sale.concertId + 1), []);
});

t.test('a listing has the lowest and the highest price of a date', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const { concertId } = await createSale(catalogue);
  t.match(await catalogue.createSchedule(concertId, schedule), { priceFrom: 80, priceTo: 100 });
  t.match(await catalogue.listSchedules(concertId), [{ priceFrom: 80, priceTo: 100 }, { priceFrom: 80 }]);
});

t.test('a thousand listings at once share statements, and none is older than its request', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const sale = await createSale(catalogue);
  const statements = countStatements(pool);
  const early = Array.from({ length: 500 }, () => catalogue.listSchedules(sale.concertId));
  // By now the first statement is under way; what is reserved from here on must show in what is asked from here on.
  await new Promise(setImmediate);
  await reserve(pool, sale, 1, 'HELD', 60_000);
  const late = Array.from({ length: 500 }, () => catalogue.listSchedules(sale.concertId));
  await Promise.all(early);
  for (const listed of await Promise.all(late)) t.equal(listed[0]?.availableSeats, 2);
  t.ok(statements.count <= 1 + 3, `${statements.count} statements`);
});

t.test('a changed policy is merged, and seen by everyone who asks afterwards', async (t) => {
  const { pool } = await createTestDatabase(t);
  const catalogue = createCatalogue({ pool });
  const { concertId } = await catalogue.createConcert(concert);
  await catalogue.findConcert(concertId);
  const changed = await catalogue.changeQueuePolicy(concertId, { batch: 0, maxActive: 5 });
  t.same(changed?.queue, { ...concert.queue, batch: 0, maxActive: 5 });
  const paused = await catalogue.changeQueuePolicy(concertId, { paused: true });
  t.same(paused?.queue, { ...concert.queue, batch: 0, maxActive: 5, paused: true });
  t.same((await catalogue.findConcert(concertId))?.queue, paused?.queue);
  t.equal(await catalogue.changeQueuePolicy(concertId + 1, { batch: 1 }), null);
});

t.test('a read that was under way during a change of policy is not remembered', async (t) => {
  const { pool } = await createTestDatabase(t);
  const { concertId } = await createCatalogue({ pool }).createConcert(concert);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: hasRead, resolve: noteRead } = Promise.withResolvers<void>();
  // The connections of a slow network: what a SELECT has read arrives when it is let go.
  const slow = {
    async connect(): Promise<Connection> {
      const client = await pool.connect();
      return {
        release: (destroy) => client.release(destroy),
        query: async <R extends QueryResultRow>(statement: { text: string; values: unknown[] }) => {
          const result = await client.query<R>(statement);
          if (!statement.text.trimStart().startsWith('SELECT')) return result;
          noteRead();
          await released;
          return result;
        },
      };
    },
  };
  const catalogue = createCatalogue({ pool: slow });
  const reading = catalogue.findConcert(concertId);
  await hasRead;
  await catalogue.changeQueuePolicy(concertId, { batch: 3 });
  release();
  t.equal((await reading)?.queue.batch, concert.queue.batch);
  t.equal((await catalogue.findConcert(concertId))?.queue.batch, 3);
});
