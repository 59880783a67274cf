import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { type ApiClient, createApiClient, type Fan } from '../fixtures/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { enter, openSale, testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const KILLS = 10;
const BUYERS = 4;
const PAYMENTS_OF_BUYER = 24;
const SEATS_OF_PAYMENT = 2;
const PRICE = 1_000;
const PAID_BY_BUYER = PAYMENTS_OF_BUYER * SEATS_OF_PAYMENT * PRICE;

/** Buys a block of seats, two by two. */
async function buy(api: ApiClient, concertId: number, scheduleId: number, firstSeat: number): Promise<Fan> {
  const fan = await enter(api, concertId);
  const token = fan.accessToken;
  await api.call('POST', '/me/balance/charge', { token, body: { amount: PAID_BY_BUYER } });
  const seatNumbers = Array.from({ length: PAYMENTS_OF_BUYER * SEATS_OF_PAYMENT }, (_, nth) => firstSeat + nth);
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumbers } });
  const ids = held.as<{ reservations: { reservationId: string }[] }>().reservations.map((each) => each.reservationId);
  for (let nth = 0; nth < ids.length; nth += SEATS_OF_PAYMENT) {
    const reservationIds = ids.slice(nth, nth + SEATS_OF_PAYMENT);
    const paid = await api.call('POST', '/payments', { token, body: { reservationIds } });
    if (paid.status !== 201) throw new Error(`a payment was answered with ${paid.status}`);
  }
  return fan;
}

/** A statement refunds one payment of each wallet; so slowed down, a kill meets the run in the middle. */
async function slowDownRefunds({ pool }: TestDatabase): Promise<void> {
  await pool.query(`
    CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$`);
  await pool.query('CREATE TRIGGER slow_down BEFORE UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION slow_down()');
}

async function speedUpRefunds({ pool }: TestDatabase): Promise<void> {
  await pool.query('DROP TRIGGER slow_down ON payments');
  await pool.query('DROP FUNCTION slow_down');
}

async function countRefunds({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ n: number }>("SELECT count(*) AS n FROM payments WHERE status = 'REFUNDED'");
  return rows[0]?.n ?? 0;
}

/** Payments of which a part came back, or more than was paid. */
async function findUneven({ pool }: TestDatabase): Promise<object[]> {
  const { rows } = await pool.query<object>(`
    SELECT p.payment_id, p.status, r.statuses, e.returned FROM payments p
    JOIN LATERAL (SELECT array_agg(DISTINCT status) AS statuses FROM reservations r WHERE r.payment_id = p.payment_id) r ON true
    JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS returned FROM wallet_entries e
      WHERE e.payment_id = p.payment_id AND e.type = 'REFUND') e ON true
    WHERE r.statuses <> ARRAY[CASE p.status WHEN 'REFUNDED' THEN 'REFUNDED' ELSE 'CONFIRMED' END]
      OR e.returned <> CASE p.status WHEN 'REFUNDED' THEN p.amount ELSE 0 END`);
  return rows;
}

t.test(`a cancellation that is killed ${KILLS} times refunds each payment whole and once`, async (t) => {
  const database = await createTestDatabase(t);
  const port = await freePort();
  const environment = testEnvironment(database, { MAX_SEATS_PER_USER: '50' });
  let service = await startServiceProcess(t, port, environment);
  const api = createApiClient(service.url, environment.ADMIN_TOKEN);
  const seatCount = BUYERS * PAYMENTS_OF_BUYER * SEATS_OF_PAYMENT + 2;
  const { concertId, scheduleId } = await openSale(api, { seatCount, price: PRICE });
  const buyers = await Promise.all(
    Array.from({ length: BUYERS }, (_, nth) =>
      buy(api, concertId, scheduleId, 1 + nth * PAYMENTS_OF_BUYER * SEATS_OF_PAYMENT),
    ),
  );
  const shopper = await enter(api, concertId);
  const held = await api.call('POST', '/reservations', {
    token: shopper.queueToken,
    body: { scheduleId, seatNumber: seatCount },
  });
  t.equal(held.status, 201);
  await slowDownRefunds(database);

  const order = () => api.admin('POST', `/admin/schedules/${scheduleId}/cancel`, { reason: 'r' });
  const { cancellationId } = (await order()).body;
  const inTheMiddle = new Set<number>();
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const before = await countRefunds(database);
    await waitFor(async () => (await countRefunds(database)) > before || before === BUYERS * PAYMENTS_OF_BUYER, {
      deadlineMs: 20_000,
      what: `refunds before kill ${kill}`,
    });
    await service.kill();
    const refunded = await countRefunds(database);
    if (refunded > 0 && refunded < BUYERS * PAYMENTS_OF_BUYER) inTheMiddle.add(refunded);
    t.strictSame(await findUneven(database), [], `after kill ${kill}, with ${refunded} refunds`);
    service = await startServiceProcess(t, port, environment);
    // Nobody orders it again after every second kill: the node goes on by itself.
    if (kill % 2 === 0)
      t.match(await order(), { status: 202, body: { cancellationId } }, 'it is the same cancellation');
  }
  t.ok(inTheMiddle.size >= 3, `kills met the run after ${[...inTheMiddle].join(', ')} refunds`);
  await speedUpRefunds(database);

  const done = await waitFor(
    async () => {
      const found = await api.admin('GET', `/admin/cancellations/${String(cancellationId)}`);
      return found.body['state'] === 'DONE' ? found.body : null;
    },
    { deadlineMs: 20_000, what: 'the last refund' },
  );
  const payments = BUYERS * PAYMENTS_OF_BUYER;
  t.match(done, { payments, refunded: payments, parked: [] });
  for (const { accessToken } of buyers) {
    t.match((await api.call('GET', '/me/balance', { token: accessToken })).body, { balance: PAID_BY_BUYER });
  }
  const own = await api.call('GET', '/me/reservations', { token: shopper.accessToken });
  t.match(own.body, { reservations: [{ status: 'CANCELLED' }] });
  t.equal(await service.stop(), 0);
  t.strictSame((await runAudit(database.pool)).violations, []);
});
