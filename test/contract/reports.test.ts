import t from 'tap';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import {
  addSchedule,
  enter,
  type Hall,
  openSale,
  register,
  startTestService,
  type TestService,
} from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

interface Figures {
  readonly seatsSold: number;
  readonly seatsRefunded: number;
  readonly revenue: number;
  readonly refunds: number;
  readonly net: number;
  readonly capacity: number | null;
}

interface Row extends Figures {
  readonly concertId: number | null;
  readonly scheduleId: number | null;
  readonly section: string | null;
  readonly hour: string | null;
}

interface Report {
  readonly rows: readonly Row[];
  readonly totals: Figures;
}

const GROUPS = ['concert', 'date', 'section', 'hour'] as const;
const SUMMED = ['seatsSold', 'seatsRefunded', 'revenue', 'refunds', 'net'] as const;

/** A payment of the seats by a new fan, and its refund if asked. */
async function buy(
  api: TestService,
  { concertId, scheduleId }: Hall,
  seatNumbers: readonly number[],
  { isRefunded = false } = {},
) {
  const fan = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 1_000_000 } });
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumbers } });
  const reservationIds = held
    .as<{ reservations: { reservationId: string }[] }>()
    .reservations.map(({ reservationId }) => reservationId);
  const paid = await api.call('POST', '/payments', { token: fan.queueToken, body: { reservationIds } });
  const { paymentId } = paid.as<{ paymentId: string }>();
  if (isRefunded) await api.call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken });
  return { ...fan, paymentId };
}

async function report(api: TestService, query: string, token?: string): Promise<Report> {
  const path = `/admin/reports/sales?${query}`;
  const answer = token === undefined ? await api.admin('GET', path) : await api.call('GET', path, { token });
  if (answer.status !== 200) throw new Error(`${query} was answered with ${answer.status}`);
  return answer.as<Report>();
}

/** The ledger's own sums, which the audit holds to the payments and the wallets. */
async function ledger({ pool }: TestDatabase): Promise<Pick<Figures, 'revenue' | 'refunds' | 'net'>> {
  const { rows } = await pool.query<{ revenue: number; refunds: number; net: number }>(
    `SELECT -coalesce(sum(amount) FILTER (WHERE type = 'PAYMENT'), 0) AS revenue,
       coalesce(sum(amount) FILTER (WHERE type = 'REFUND'), 0) AS refunds,
       -coalesce(sum(amount) FILTER (WHERE type <> 'CHARGE'), 0) AS net FROM wallet_entries`,
  );
  return rows[0] ?? { revenue: 0, refunds: 0, net: 0 };
}

async function openDrawnSale(api: TestService): Promise<Hall> {
  const { concertId } = await openSale(api, { seatCount: 10 });
  const seat = (label: string, level: string) => ({ label, x: Number(label), y: 0, level });
  const plan = await api.admin('POST', '/admin/seat-plans', {
    name: 'hall',
    levels: [{ name: 'R' }, { name: 'S' }],
    sections: [
      { name: '1층', rows: [{ label: '1', seats: [seat('1', 'R'), seat('2', 'R')] }] },
      {
        name: '2층',
        rows: [
          { label: '1', seats: [seat('1', 'S')] },
          { label: '2', seats: [seat('1', 'S'), seat('2', 'S')] },
        ],
      },
    ],
  });
  const schedule = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, {
    startsAt: new Date(Date.now() + 20 * 86_400_000).toISOString(),
    planId: plan.as<{ planId: number }>().planId,
    levels: [
      { name: 'R', price: 5_000 },
      { name: 'S', price: 3_000 },
    ],
  });
  return { concertId, scheduleId: schedule.as<Hall>().scheduleId };
}

t.test('sales by concert, date, section and hour have the sums of the ledger', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database, { HOLD_TTL_MS: '1000' });
  const plain = await openSale(api, { seatCount: 20 });
  const drawn = await openDrawnSale(api);
  const second = { ...plain, scheduleId: await addSchedule(api, plain.concertId, { inDays: 30, seatCount: 5 }) };
  await buy(api, plain, [1, 2, 3]);
  await buy(api, plain, [4], { isRefunded: true });
  await buy(api, plain, [4]);
  await buy(api, second, [1]);
  await buy(api, drawn, [1, 4]);
  await buy(api, drawn, [2, 3], { isRefunded: true });
  const leaver = await enter(api, plain.concertId);
  await api.call('POST', '/reservations', {
    token: leaver.queueToken,
    body: { scheduleId: plain.scheduleId, seatNumber: 9 },
  });
  await waitFor(
    async () => {
      const { rows } = await database.pool.query("SELECT 1 FROM reservations WHERE status = 'EXPIRED'");
      return rows.length > 0 || null;
    },
    { what: 'the end of the hold' },
  );

  const sums = await ledger(database);
  t.same(sums, { revenue: 22_000, refunds: 9_000, net: 13_000 });
  for (const by of GROUPS) {
    const { rows, totals } = await report(api, `by=${by}`);
    t.match(totals, { ...sums, seatsSold: 10, seatsRefunded: 3 }, `the totals by ${by}`);
    for (const figure of SUMMED) {
      t.equal(
        rows.reduce((sum, row) => sum + row[figure], 0),
        totals[figure],
        `the rows by ${by} add up in ${figure}`,
      );
    }
  }
  t.match((await report(api, 'by=concert')).rows, [
    { ...plain, scheduleId: null, title: '밤의 노래', seatsSold: 6, seatsRefunded: 1, net: 5_000, capacity: 25 },
    { concertId: drawn.concertId, seatsSold: 4, seatsRefunded: 2, revenue: 16_000, refunds: 8_000, capacity: 15 },
  ]);
  t.match((await report(api, `by=date&concertId=${plain.concertId}`)).rows, [
    { ...plain, date: /^\d{4}-\d{2}-\d{2}$/, startsAt: /Z$/, seatsSold: 5, net: 4_000, capacity: 20 },
    { ...second, seatsSold: 1, net: 1_000, capacity: 5 },
  ]);
  t.match((await report(api, `by=section&concertId=${drawn.concertId}`)).rows, [
    { section: '1층', seatsSold: 2, seatsRefunded: 1, revenue: 10_000, refunds: 5_000, net: 5_000, capacity: 2 },
    { section: '2층', seatsSold: 2, seatsRefunded: 1, revenue: 6_000, refunds: 3_000, net: 3_000, capacity: 3 },
    { section: null, seatsSold: 0, seatsRefunded: 0, revenue: 0, capacity: 10 },
  ]);
  const { rows } = await report(api, 'by=hour');
  for (const { hour, capacity } of rows) t.match([hour, capacity], [/T\d\d:00:00\+09:00$/, null]);
});

t.test('hours are those of the concert, and refunds are in theirs', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const seoul = await openSale(api);
  const { paymentId } = await buy(api, seoul, [1], { isRefunded: true });
  const times = [paymentId, '2026-11-24T08:59:59Z', '2026-11-24T16:00:00Z'];
  const original = await database.pool.query('SELECT paid_at, refunded_at FROM payments');
  await database.pool.query('UPDATE payments SET paid_at = $2, refunded_at = $3 WHERE payment_id = $1', times);
  t.match((await report(api, 'by=hour')).rows, [
    { hour: '2026-11-24T17:00:00+09:00', seatsSold: 1, seatsRefunded: 0, revenue: 1_000, refunds: 0, net: 1_000 },
    { hour: '2026-11-25T01:00:00+09:00', seatsSold: 0, seatsRefunded: 1, revenue: 0, refunds: 1_000, net: -1_000 },
  ]);
  await database.pool.query("UPDATE concerts SET time_zone = 'America/New_York'");
  t.same(
    (await report(api, 'by=hour')).rows.map(({ hour }) => hour),
    ['2026-11-24T03:00:00-05:00', '2026-11-24T11:00:00-05:00'],
  );
  const { paid_at: paidAt, refunded_at: refundedAt } = original.rows[0] as Record<string, Date>;
  await database.pool.query('UPDATE payments SET paid_at = $1, refunded_at = $2', [paidAt, refundedAt]);
});

t.test('a key that is limited to concerts sees their sales only', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const [one, two] = [await openSale(api), await openSale(api)];
  await buy(api, one, [1]);
  await buy(api, two, [1, 2]);
  const key = await api.admin('POST', '/admin/keys', { name: 'x', role: 'VIEWER', concertIds: [one.concertId] });
  const token = key.as<{ secret: string }>().secret;
  for (const by of GROUPS) t.equal((await report(api, `by=${by}`, token)).totals.seatsSold, 1, by);
  for (const path of [
    `/admin/reports/sales?by=date&concertId=${two.concertId}`,
    `/admin/schedules/${two.scheduleId}/seats/1/history`,
  ]) {
    t.match(await api.call('GET', path, { token }), { status: 404 }, path);
  }
  t.match(await api.admin('GET', '/admin/reports/sales'), { status: 400, body: { code: 'VALIDATION_FAILED' } });
  t.match(await api.admin('GET', '/admin/reports/sales?by=day'), { status: 400 });
  t.match(await api.admin('GET', '/admin/reports/sales?by=date&concertId=999'), {
    status: 404,
    body: { code: 'CONCERT_NOT_FOUND' },
  });
});

t.test('the history of a seat has each of its changes with time, number, cause, user and payment', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const hall = await openSale(api);
  const { scheduleId } = hall;
  const first = await enter(api, hall.concertId, await register(api));
  const held = await api.call('POST', '/reservations', {
    token: first.queueToken,
    body: { scheduleId, seatNumber: 15 },
  });
  const { reservationId } = held.as<{ reservationId: string }>();
  await api.call('DELETE', `/reservations/${reservationId}`, { token: first.accessToken });
  const second = await buy(api, hall, [14, 15], { isRefunded: true });

  const path = `/admin/schedules/${scheduleId}/seats/15/history`;
  const answer = await api.admin('GET', path);
  const buyer = { userId: second.userId };
  t.match(answer.body, {
    scheduleId,
    seatNumber: 15,
    changes: [
      { cause: 'REFUNDED', ...buyer, paymentId: second.paymentId },
      { cause: 'CONFIRMED', ...buyer, paymentId: second.paymentId },
      { cause: 'HELD', ...buyer, paymentId: null, details: { price: 1_000 } },
      { cause: 'CANCELLED', userId: first.userId, reservationId },
      { cause: 'HELD', userId: first.userId, reservationId, seq: 1, at: /Z$/, loggedAt: /Z$/ },
    ],
    nextCursor: null,
  });
  const { changes } = answer.as<{ changes: { seq: number }[] }>();
  t.equal(changes.length, 5);
  const page = await api.admin('GET', `${path}?limit=2`);
  const cursor = String(page.body['nextCursor']);
  t.same((await api.admin('GET', `${path}?limit=2&cursor=${cursor}`)).body['changes'], changes.slice(2, 4));
  const other = await api.admin('GET', `/admin/schedules/${scheduleId}/seats/14/history?cursor=${cursor}`);
  t.equal(other.status, 400, 'a cursor belongs to its seat');
  for (const [unknown, code] of [
    [`/admin/schedules/${scheduleId}/seats/51/history`, 'SEAT_NOT_FOUND'],
    ['/admin/schedules/999/seats/1/history', 'SCHEDULE_NOT_FOUND'],
  ] as const) {
    t.match(await api.admin('GET', unknown), { status: 404, body: { code } });
  }
  t.same((await api.admin('GET', `/admin/schedules/${scheduleId}/seats/1/history`)).body['changes'], []);
});
