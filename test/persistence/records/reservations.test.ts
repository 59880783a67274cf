import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Connections, Statement } from '../../../src/persistence/journal/statement.ts';
import { createReservationRecords } from '../../../src/persistence/records/reservations.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { createHistory, insertSale, insertUser, SALE_STARTS_AT } from '../small-history.ts';

const AT = Date.UTC(2026, 10, 20, 12, 0, 0, 7);
const FIRST_PAGE = { limit: 10, after: null };
const iso = (ms: number) => new Date(ms).toISOString();

t.test('a reservation is shown as its last change left it, in every status', async (t) => {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const history = createHistory(pool, sale);
  const userId = await insertUser(pool, 100_000);
  await history.raiseEpoch(3);
  const held = await history.hold(userId, 1, AT);
  const expired = await history.hold(userId, 2, AT);
  await history.end(expired, 'EXPIRED', AT + 300_000);
  const confirmed = await history.hold(userId, 3, AT);
  const paymentId = await history.pay([confirmed], AT + 9);
  const refunded = await history.hold(userId, 4, AT);
  const refundedPaymentId = await history.pay([refunded], AT + 10);
  await history.refund(refundedPaymentId, AT + 11);

  const records = createReservationRecords({ pool });
  const found = await records.findMany(userId, [held, expired, confirmed, refunded]);
  const byId = new Map(found.map((reservation) => [reservation.reservationId, reservation]));
  const common = { ...sale, startsAt: SALE_STARTS_AT.toISOString(), createdAt: iso(AT), epoch: 3 };
  const unpaid = { confirmedAt: null, paymentId: null, expiresAt: iso(AT + 300_000) };
  t.same(byId.get(held), {
    ...common,
    ...unpaid,
    reservationId: held,
    seatNumber: 1,
    price: 1000,
    status: 'HELD',
    seq: 1,
  });
  t.same(byId.get(expired), {
    ...common,
    ...unpaid,
    reservationId: expired,
    seatNumber: 2,
    price: 2000,
    status: 'EXPIRED',
    seq: 3,
  });
  t.match(byId.get(confirmed), {
    ...common,
    status: 'CONFIRMED',
    expiresAt: null,
    confirmedAt: iso(AT + 9),
    paymentId,
    seq: 5,
  });
  t.match(byId.get(refunded), {
    status: 'REFUNDED',
    expiresAt: null,
    confirmedAt: iso(AT + 10),
    paymentId: refundedPaymentId,
    seq: 8,
  });
});

t.test("somebody else's reservation is like an unknown one", async (t) => {
  const { pool } = await createTestDatabase(t);
  const history = createHistory(pool, await insertSale(pool));
  const [owner, other] = [await insertUser(pool), await insertUser(pool)];
  const reservationId = await history.hold(owner, 1, AT);
  const records = createReservationRecords({ pool });
  t.same(await records.findMany(other, [reservationId]), []);
  t.equal((await records.findMany(owner, [reservationId])).length, 1);
  t.same((await records.list(other, null, FIRST_PAGE)).items, []);
});

t.test("the newest of a user's reservations of a seat is the one that was logged last", async (t) => {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const history = createHistory(pool, sale);
  const [userId, other] = [await insertUser(pool), await insertUser(pool)];
  const first = await history.hold(userId, 1, AT);
  await history.end(first, 'CANCELLED', AT + 1);
  const second = await history.hold(userId, 1, AT + 2);
  await history.end(second, 'CANCELLED', AT + 3);
  await history.hold(other, 1, AT + 4);
  const records = createReservationRecords({ pool });
  t.match(await records.findNewestOfSeat(userId, sale.scheduleId, 1), { reservationId: second, status: 'CANCELLED' });
  t.equal(await records.findNewestOfSeat(userId, sale.scheduleId, 2), null);
});

t.test('pages run from the newest to the oldest, by status, undisturbed by new reservations', async (t) => {
  const { pool } = await createTestDatabase(t);
  const history = createHistory(pool, await insertSale(pool, 9));
  const userId = await insertUser(pool);
  const ids: string[] = [];
  for (let seat = 1; seat <= 5; seat += 1) ids.push(await history.hold(userId, seat, AT));
  await history.end(ids[1] ?? '', 'CANCELLED', AT + 1);
  const records = createReservationRecords({ pool });
  const first = await records.list(userId, null, { limit: 2, after: null });
  await history.hold(userId, 6, AT);
  const second = await records.list(userId, null, { limit: 2, after: first.nextCursor });
  const third = await records.list(userId, null, { limit: 2, after: second.nextCursor });
  const listed = [first, second, third].map((page) => page.items.map((reservation) => reservation.reservationId));
  t.same(listed, [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]);
  t.equal(third.nextCursor, null);
  t.same(
    (await records.list(userId, 'CANCELLED', FIRST_PAGE)).items.map((reservation) => reservation.reservationId),
    [ids[1]],
  );
  t.equal((await records.list(userId, 'HELD', FIRST_PAGE)).items.length, 5);
});

t.test('the end of a token concerns the dates of its concert that have not begun', async (t) => {
  const { pool } = await createTestDatabase(t);
  const { concertId, scheduleId } = await insertSale(pool);
  await insertSale(pool);
  const addDate = async (startsAt: string) => {
    const { rows } = await pool.query<{ schedule_id: number }>(
      `INSERT INTO schedules (concert_id, starts_at, total_seats) VALUES ($1, ${startsAt}, 1) RETURNING schedule_id`,
      [concertId],
    );
    return rows[0]?.schedule_id;
  };
  await addDate(`now() - interval '1 second'`);
  const later = await addDate(`now() + interval '1 day'`);
  const records = createReservationRecords({ pool });
  const token = { tokenId: randomUUID(), userId: randomUUID(), concertId };
  const insertToken = (no: number, { tokenId, userId }: typeof token, activatedAt: string | null) =>
    pool.query(
      `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, activated_at, ended_at)
       VALUES ($1, $2, $3, $4, 0, 'CANCELLED', now(), $5, now())`,
      [tokenId, concertId, userId, no, activatedAt],
    );
  await insertToken(1, token, new Date(AT).toISOString());
  const waited = { ...token, tokenId: randomUUID(), userId: randomUUID() };
  await insertToken(2, waited, null);
  t.same((await records.findDatesOfEnd(waited, AT)).scheduleIds, [], 'of a token that was never admitted');
  const { scheduleIds, laterTokenIssuedAtMs } = await records.findDatesOfEnd(token, AT);
  t.same(new Set(scheduleIds), new Set([scheduleId, later]));
  t.equal(laterTokenIssuedAtMs, null);
  t.same((await records.findDatesOfEnd({ ...token, concertId: concertId + 1_000 }, AT)).scheduleIds, []);
});

t.test('what a user holds from the next token on belongs to that token', async (t) => {
  const { pool } = await createTestDatabase(t);
  const { concertId, scheduleId } = await insertSale(pool);
  const userId = randomUUID();
  const records = createReservationRecords({ pool });
  const insertToken = async (no: number, status: string, issuedAtMs: number, endedAtMs: number | null) => {
    const tokenId = randomUUID();
    await pool.query(
      `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, ended_at)
       VALUES ($1, $2, $3, $4, 0, $5, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000))`,
      [tokenId, concertId, userId, no, status, issuedAtMs, endedAtMs],
    );
    return { tokenId, concertId, userId };
  };
  await insertToken(1, 'EXPIRED', AT - 100, AT - 50);
  // A token may end in the millisecond in which it was issued.
  const left = await insertToken(2, 'CANCELLED', AT, AT);
  const laterOf = async () => (await records.findDatesOfEnd(left, AT)).laterTokenIssuedAtMs;
  t.equal(await laterOf(), null);
  await insertToken(4, 'WAITING', AT + 40, null);
  t.equal(await laterOf(), AT + 40);
  const completed = await insertToken(3, 'COMPLETED', AT + 10, AT + 30);
  t.equal(await laterOf(), AT + 10, 'the first of several');

  const expected = { tokenId: completed.tokenId, endedAtMs: AT + 30, scheduleIds: [scheduleId] };
  t.same(await records.findCompletedToken(userId, concertId, AT + 29), expected);
  t.equal(await records.findCompletedToken(userId, concertId, AT + 60_000), null, 'an earlier completion');
  t.equal(await records.findCompletedToken(userId, concertId + 1, AT + 29), null);
  t.equal(await records.findCompletedToken(randomUUID(), concertId, AT + 29), null);
});

t.test('the newest reservation of a seat is found without reading a long history', async (t) => {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const userId = await insertUser(pool, 0);
  // Ids in order of time, as the service makes them.
  await pool.query(
    `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at,
       expires_at, ended_at, epoch, seq)
     SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, $2, $3, 1, 1000,
       CASE n WHEN 20000 THEN 'HELD' ELSE 'EXPIRED' END, now(), now(), now(), 1, n
     FROM generate_series(1, 20000) n`,
    [sale.scheduleId, sale.concertId, userId],
  );
  await pool.query('ANALYZE reservations');
  const sent: Statement[] = [];
  const watched: Connections = {
    async connect() {
      const client = await pool.connect();
      return {
        query: (statement) => {
          sent.push(statement);
          return client.query(statement);
        },
        release: () => client.release(),
      };
    },
  };
  const records = createReservationRecords({ pool: watched });
  t.match(await records.findNewestOfSeat(userId, sale.scheduleId, 1), { status: 'HELD', seq: 20_000 });
  t.equal(await records.findNewestOfSeat(userId, sale.scheduleId, 2), null);
  t.equal(sent.length, 2);
  for (const { text, values } of sent) {
    const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      [...values],
    );
    const read = rowsRead(rows[0]?.['QUERY PLAN'][0].Plan);
    t.ok(read <= 2_100, `${read} rows were read`);
  }
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows that the scans of a plan have looked at, those that a filter removed included. */
function rowsRead(node: PlanNode | undefined): number {
  if (node === undefined) return 0;
  const own = node['Node Type'].includes('Scan')
    ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
    : 0;
  return own + (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child), 0);
}
