import { randomUUID } from 'node:crypto';
import t from 'tap';
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

t.test('the schedules in which a user holds seats are those of the concert with live holds', async (t) => {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const history = createHistory(pool, sale);
  const userId = await insertUser(pool, 10_000);
  const records = createReservationRecords({ pool });
  const paid = await history.hold(userId, 1, AT);
  await history.pay([paid], AT + 1);
  t.same(await records.schedulesWithHolds(userId, sale.concertId), []);
  await history.hold(userId, 2, AT);
  await history.hold(userId, 3, AT);
  t.same(await records.schedulesWithHolds(userId, sale.concertId), [sale.scheduleId]);
  t.same(await records.schedulesWithHolds(userId, sale.concertId + 1), []);
});

t.test('holds are left behind by who has left the line and not come back', async (t) => {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const history = createHistory(pool, sale);
  const userId = await insertUser(pool, 10_000);
  const records = createReservationRecords({ pool });
  const { concertId, scheduleId } = sale;
  const paid = await history.hold(userId, 1, AT);
  await history.pay([paid], AT + 1);
  const first = await history.hold(userId, 2, AT);
  const second = await history.hold(userId, 3, AT + 5);
  await history.hold(await insertUser(pool, 0), 4, AT);
  const leftBehind = async (leftAtMs: number, concert = concertId) =>
    (await records.holdsLeftBehind(userId, concert, leftAtMs)).map((hold) => hold.reservationId);
  t.same(await records.holdsLeftBehind(userId, concertId, AT + 1), [{ scheduleId, reservationId: first }]);
  t.same((await leftBehind(AT + 6)).sort(), [first, second].sort());
  t.same(await leftBehind(AT), []);
  t.same(await leftBehind(AT + 6, concertId + 1), []);

  const tokenId = randomUUID();
  await pool.query(
    `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at)
     VALUES ($1, $2, $3, 1, 0, 'WAITING', now())`,
    [tokenId, concertId, userId],
  );
  t.same(await leftBehind(AT + 6), [], 'they may be meant for the new token');
  await pool.query(`UPDATE queue_tokens SET status = 'EXPIRED', ended_at = now() WHERE token_id = $1`, [tokenId]);
  t.equal((await leftBehind(AT + 6)).length, 2);
});
