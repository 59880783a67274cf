import t from 'tap';
import { createPaymentRecords } from '../../../src/persistence/records/payments.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { createHistory, insertSale, insertUser } from '../small-history.ts';

const AT = Date.UTC(2026, 10, 20, 12);
const iso = (ms: number) => new Date(ms).toISOString();

t.test('a payment is shown with its reservations in the order in which they were paid', async (t) => {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const history = createHistory(pool, sale);
  const userId = await insertUser(pool, 10_000);
  const reservationIds = [await history.hold(userId, 1, AT), await history.hold(userId, 3, AT)];
  const paymentId = await history.pay(reservationIds, AT + 5);
  await pool.query('UPDATE payment_items SET item_no = 30 - item_no');
  const payment = await createPaymentRecords({ pool }).find(userId, paymentId);
  t.match(payment, { paymentId, status: 'COMPLETED', ...sale, amount: 4_000, paidAt: iso(AT + 5), refundedAt: null });
  t.same(
    payment?.reservations.map((reservation) => reservation.seatNumber),
    [3, 1],
  );
  t.ok(
    payment?.reservations.every(
      (reservation) => reservation.status === 'CONFIRMED' && reservation.paymentId === paymentId,
    ),
  );
});

t.test('a refunded payment says when, and keeps its reservations', async (t) => {
  const { pool } = await createTestDatabase(t);
  const history = createHistory(pool, await insertSale(pool));
  const userId = await insertUser(pool, 10_000);
  const paymentId = await history.pay([await history.hold(userId, 1, AT)], AT + 5);
  await history.refund(paymentId, AT + 6);
  const payment = await createPaymentRecords({ pool }).find(userId, paymentId);
  t.match(payment, { status: 'REFUNDED', refundedAt: iso(AT + 6), reservations: [{ status: 'REFUNDED' }] });
});

t.test("somebody else's payment is like an unknown one", async (t) => {
  const { pool } = await createTestDatabase(t);
  const history = createHistory(pool, await insertSale(pool));
  const [userId, other] = [await insertUser(pool, 10_000), await insertUser(pool)];
  const paymentId = await history.pay([await history.hold(userId, 1, AT)], AT + 5);
  const records = createPaymentRecords({ pool });
  t.equal(await records.find(other, paymentId), null);
  t.same((await records.list(other, { limit: 10, after: null })).items, []);
});

t.test('pages count payments, not their items, from the newest to the oldest', async (t) => {
  const { pool } = await createTestDatabase(t);
  const history = createHistory(pool, await insertSale(pool));
  const userId = await insertUser(pool, 100_000);
  const both = [await history.hold(userId, 1, AT), await history.hold(userId, 2, AT)];
  const paymentIds = [await history.pay(both, AT), '', ''];
  for (const [i, seat] of [3, 4].entries())
    paymentIds[i + 1] = await history.pay([await history.hold(userId, seat, AT)], AT);
  const records = createPaymentRecords({ pool });
  const first = await records.list(userId, { limit: 2, after: null });
  const second = await records.list(userId, { limit: 2, after: first.nextCursor });
  t.same(
    [first, second].map((page) => page.items.map((payment) => payment.paymentId)),
    [[paymentIds[2], paymentIds[1]], [paymentIds[0]]],
  );
  t.equal(second.items[0]?.reservations.length, 2);
  t.equal(second.nextCursor, null);
});
