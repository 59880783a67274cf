import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

const concert = {
  title: 'a',
  artist: 'b',
  venue: 'c',
  bookingOpensAt: '2026-01-01T00:00:00Z',
  bookingClosesAt: '2099-01-01T09:00:00+09:00',
};
const ROUTES = [
  ['POST', '/admin/concerts', concert],
  ['POST', '/admin/concerts/1/schedules', { startsAt: '2099-01-01T00:00:00Z', price: 1 }],
  ['PATCH', '/admin/concerts/1/queue', { batch: 1 }],
  ['GET', '/admin/overview', undefined],
  ['GET', '/admin/activity', undefined],
] as const;

t.test('no token is 401, a wrong one 403, another kind of token as wrong as any', async (t) => {
  const { concertId } = await openSale(api);
  const fan = await enter(api, concertId);
  for (const [method, path, body] of ROUTES) {
    const ask = (token?: string) =>
      api.call(method, path, { ...(token === undefined ? {} : { token }), ...(body === undefined ? {} : { body }) });
    t.match(await ask(), { status: 401, body: { code: 'UNAUTHENTICATED' } }, path);
    for (const token of ['wrong', 'an-admin-token-for-test', fan.accessToken, fan.queueToken]) {
      t.match(await ask(token), { status: 403, body: { code: 'FORBIDDEN' } }, path);
    }
  }
});

t.test('without ADMIN_TOKEN there are no admin routes', async (t) => {
  const without = await startTestService(t, await createTestDatabase(t), { ADMIN_TOKEN: '' });
  for (const [method, path, body] of ROUTES) {
    const answer = await without.call(method, path, { token: 'x', ...(body === undefined ? {} : { body }) });
    t.match(answer, { status: 404, body: { code: 'ROUTE_NOT_FOUND' } }, path);
  }
});

t.test('what was created is answered as callers will see it', async (t) => {
  const created = await api.admin('POST', '/admin/concerts', { ...concert, title: ' 봄 ', timeZone: 'europe/paris' });
  t.equal(created.status, 201);
  t.strictSame(Object.keys(created.body), [
    'concertId',
    'title',
    'artist',
    'venue',
    'timeZone',
    'bookingOpensAt',
    'bookingClosesAt',
    'cancelled',
    'priceFrom',
    'priceTo',
  ]);
  t.match(created.body, {
    title: '봄'.normalize('NFC'),
    timeZone: 'Europe/Paris',
    bookingOpensAt: '2026-01-01T00:00:00.000Z',
    bookingClosesAt: '2099-01-01T00:00:00.000Z',
  });
  const concertId = Number(created.body['concertId']);
  const schedule = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, {
    startsAt: '2098-12-31T23:30:00Z',
    endsAt: '2099-01-01T01:00:00Z',
    seatCount: 500,
    prices: [
      { from: 2, to: 500, price: 100_000_000 },
      { from: 1, to: 1, price: 0 },
    ],
  });
  t.equal(schedule.status, 201);
  const { scheduleId, ...rest } = schedule.body;
  t.type(scheduleId, 'number');
  t.strictSame(rest, {
    date: '2099-01-01',
    startsAt: '2098-12-31T23:30:00.000Z',
    endsAt: '2099-01-01T01:00:00.000Z',
    reservationOpensAt: null,
    cancelled: false,
    singleSeats: 'AVOID',
    accessibleReleaseAt: null,
    totalSeats: 500,
    availableSeats: 500,
    priceFrom: 0,
    priceTo: 100_000_000,
  });
  const { queueToken: token } = await enter(api, concertId);
  const map = await api.call('GET', `/schedules/${String(scheduleId)}/seats`, { token });
  const seats = map.body['seats'] as { seatNumber: number; price: number }[];
  t.strictSame([seats.length, seats[0]?.price, seats[499]?.price], [500, 0, 100_000_000]);
  t.match(await api.admin('POST', '/admin/concerts/999999/schedules', { startsAt: '2099-01-01T00:00:00Z', price: 1 }), {
    status: 404,
    body: { code: 'CONCERT_NOT_FOUND' },
  });
});

t.test('the overview tells nodes, owned schedules, queues, holds, sales and revenue', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1 } });
  const { queueToken: token } = await enter(api, concertId);
  await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 2, 3] } });
  await api.call('POST', '/payments', { token, body: { scheduleId, seatNumber: 1 } });
  const { status, body } = await api.admin('GET', '/admin/overview');
  t.equal(status, 200);
  t.match(body['nodes'], [{ alive: true }]);
  t.ok((body['ownedSchedules'] as number[]).includes(scheduleId));
  const row = (body['concerts'] as { concertId: number }[]).find((each) => each.concertId === concertId);
  t.match(row, { queue: { waiting: 1, active: 1 }, held: 2, confirmed: 1, revenue: 1_000 });
  t.match(row, { policy: { maxActive: 1, batch: 1_000, intervalMs: 1_000 } });
});
