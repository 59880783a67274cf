import { randomUUID } from 'node:crypto';
import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { type Answer, type ApiClient, createApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { addSchedule, enter, openSale, testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** What clients were told was done, by kind. */
interface Acknowledged {
  readonly reservations: Map<string, { readonly userId: string; readonly seatNumber: number; status: string }>;
  readonly payments: Set<string>;
  readonly charges: Map<string, number>;
}

interface Shopper {
  readonly userId: string;
  readonly accessToken: string;
  readonly queueToken: string;
}

async function sendOrLose(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    // The connection was cut by the kill: the outcome is unknown, and no reply is owed.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Holds, charges, pays and releases until told to stop or the service is gone. */
async function shop(
  api: ApiClient,
  rush: { concertId: number; scheduleId: number; fan: Shopper; acknowledged: Acknowledged; isOver: () => boolean },
): Promise<void> {
  const { concertId, scheduleId, fan, acknowledged, isOver } = rush;
  let { queueToken } = fan;
  const token = fan.accessToken;
  const send = (method: string, path: string, body?: object, by = token) =>
    sendOrLose(api.call(method, path, { token: by, key: randomUUID(), ...(body === undefined ? {} : { body }) }));
  for (let round = 0; !isOver(); round += 1) {
    const seatNumber = 1 + Math.floor(Math.random() * 500);
    const held = await send('POST', '/reservations', { scheduleId, seatNumber }, queueToken);
    if (held === null) return;
    if (held.status === 401) {
      // A payment has ended the token; who wants more seats queues again.
      const entered = await send('POST', '/queue/tokens', { concertId });
      if (entered === null) return;
      queueToken = String(entered.body['token']);
    }
    if (held.status !== 201) continue;
    const reservationId = String(held.body['reservationId']);
    acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'HELD' });
    if (round % 3 === 0) {
      acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'HELD or CANCELLED' });
      const released = await send('DELETE', `/reservations/${reservationId}`);
      if (released === null) return;
      acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'CANCELLED' });
      continue;
    }
    const charged = await send('POST', '/me/balance/charge', { amount: 1_000 });
    if (charged === null) return;
    if (charged.status === 200)
      acknowledged.charges.set(fan.userId, (acknowledged.charges.get(fan.userId) ?? 0) + 1_000);
    acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'HELD or CONFIRMED' });
    const paid = await send('POST', '/payments', { reservationId });
    if (paid === null) return;
    if (paid.status !== 201) continue;
    acknowledged.payments.add(String(paid.body['paymentId']));
    acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'CONFIRMED' });
    const refunded =
      round % 2 === 0 ? await send('POST', `/payments/${String(paid.body['paymentId'])}/refund`) : undefined;
    if (refunded === null)
      acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'CONFIRMED or REFUNDED' });
    if (refunded?.status === 200)
      acknowledged.reservations.set(reservationId, { userId: fan.userId, seatNumber, status: 'REFUNDED' });
    if (refunded === null) return;
  }
}

async function missing(database: TestDatabase, acknowledged: Acknowledged): Promise<string[]> {
  const lost: string[] = [];
  const { rows } = await database.pool.query<{
    reservation_id: string;
    user_id: string;
    seat_number: number;
    status: string;
  }>('SELECT reservation_id, user_id, seat_number, status FROM reservations');
  const stored = new Map(rows.map((row) => [row.reservation_id, row]));
  for (const [id, { userId, seatNumber, status }] of acknowledged.reservations) {
    const row = stored.get(id);
    if (
      row === undefined ||
      row.user_id !== userId ||
      row.seat_number !== seatNumber ||
      !status.split(' or ').includes(row.status)
    ) {
      lost.push(`reservation ${id} was acknowledged as ${status} and is ${row?.status ?? 'gone'}`);
    }
  }
  const payments = await database.pool.query<{ payment_id: string }>('SELECT payment_id FROM payments');
  const paid = new Set(payments.rows.map((row) => row.payment_id));
  for (const id of acknowledged.payments) if (!paid.has(id)) lost.push(`payment ${id}`);
  const charges = await database.pool.query<{ user_id: string; sum: number }>(
    `SELECT user_id, sum(amount) FROM wallet_entries WHERE type = 'CHARGE' GROUP BY 1`,
  );
  const charged = new Map(charges.rows.map((row) => [row.user_id, row.sum]));
  for (const [userId, sum] of acknowledged.charges) {
    if ((charged.get(userId) ?? 0) < sum) lost.push(`charges of ${userId}`);
  }
  return lost;
}

t.test(
  'kill -9 in the middle of a rush, again and again: nothing acknowledged is missing and the audit is clean',
  async (t) => {
    const database = await createTestDatabase(t);
    const port = await freePort();
    const environment = testEnvironment(database, { MAX_SEATS_PER_USER: '500' });
    let service = await startServiceProcess(t, port, environment);
    const api = createApiClient(service.url, environment.ADMIN_TOKEN);
    const { concertId } = await openSale(api);
    const acknowledged: Acknowledged = { reservations: new Map(), payments: new Set(), charges: new Map() };

    for (let round = 1; round <= 3; round += 1) {
      const scheduleId = await addSchedule(api, concertId, { seatCount: 500 });
      const before = acknowledged.reservations.size;
      const fans = await Promise.all(Array.from({ length: 16 }, () => enter(api, concertId)));
      let isOver = false;
      const shopping = fans.map((fan) => shop(api, { concertId, scheduleId, fan, acknowledged, isOver: () => isOver }));
      await waitFor(() => acknowledged.reservations.size >= before + 150, { deadlineMs: 20_000, what: 'the rush' });
      await service.kill();
      isOver = true;
      await Promise.all(shopping);
      t.strictSame(await missing(database, acknowledged), [], `nothing acknowledged is missing after kill ${round}`);
      t.strictSame((await runAudit(database.pool)).violations, [], 'the audit is clean');
      service = await startServiceProcess(t, port, environment);
    }
    t.equal(await service.stop(), 0, 'the last one stops cleanly');
    t.strictSame((await runAudit(database.pool)).violations, []);
    t.comment(`${acknowledged.reservations.size} holds and ${acknowledged.payments.size} payments were acknowledged`);
  },
);

t.test(
  'after a restart past the deadline the seats are free within two seconds, and who waits has kept the place',
  async (t) => {
    const database = await createTestDatabase(t);
    const port = await freePort();
    const environment = testEnvironment(database, { HOLD_TTL_MS: '1000' });
    const service = await startServiceProcess(t, port, environment);
    const api = createApiClient(service.url, environment.ADMIN_TOKEN);
    const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1, batch: 10, intervalMs: 100 } });
    const [shopper, second, third] = [
      await enter(api, concertId),
      await enter(api, concertId),
      await enter(api, concertId),
    ];
    const held = await api.call('POST', '/reservations', {
      token: shopper.queueToken,
      body: { scheduleId, seatNumber: 1 },
    });
    await service.kill();
    const due = Date.parse(String(held.body['expiresAt']));
    await waitFor(() => Date.now() > due, { what: 'the hold to be over' });

    await startServiceProcess(t, port, environment);
    const free = await waitFor(
      async () => {
        const { rows } = await database.pool.query(`SELECT ended_at FROM reservations WHERE status = 'EXPIRED'`);
        return rows.length === 1;
      },
      { deadlineMs: 2_000, what: 'the durable alarm to free the seat' },
    );
    t.ok(free);
    const position = async (token: string) => (await api.call('GET', '/queue/status', { token })).body['queuePosition'];
    t.equal(await position(shopper.queueToken), 0);
    t.equal(await position(second.queueToken), 1);
    t.equal(await position(third.queueToken), 2);
  },
);
