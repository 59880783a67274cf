import t from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import { ADMIN_TOKEN, startFakeService } from './fake-service.ts';

const token = ADMIN_TOKEN;
const concert = {
  title: ' 가을 콘서트 ',
  artist: '아이유',
  venue: '잠실',
  bookingOpensAt: '2026-11-01T09:00:00+09:00',
  bookingClosesAt: '2026-12-01T00:00:00.500Z',
};

t.test('a concert is created with the defaults of the service where its creator says nothing', async (t) => {
  const { call, catalogue } = await startFakeService(t);
  const created = await call('POST', '/admin/concerts', { token, body: concert });
  t.equal(created.statusCode, 201, created.body);
  t.same(created.json(), {
    concertId: 5,
    title: '가을 콘서트',
    artist: '아이유',
    venue: '잠실',
    timeZone: 'Asia/Seoul',
    bookingOpensAt: '2026-11-01T00:00:00.000Z',
    bookingClosesAt: '2026-12-01T00:00:00.500Z',
    cancelled: false,
    priceFrom: null,
    priceTo: null,
  });
  t.same(catalogue.concerts.get(5)?.queue, {
    maxActive: 100,
    batch: 10,
    intervalMs: 10_000,
    activeTtlMs: 3_600_000,
    paused: false,
  });
  const body = { ...concert, timeZone: 'europe/paris', queue: { batch: 5, activeTtlMs: 300_000 } };
  const other = await call('POST', '/admin/concerts', { token, body });
  t.match(other.json(), { concertId: 6, timeZone: 'Europe/Paris' });
  t.same(catalogue.concerts.get(6)?.queue, {
    maxActive: 100,
    batch: 5,
    intervalMs: 10_000,
    activeTtlMs: 300_000,
    paused: false,
  });
});

t.test('a schedule has fifty seats at one price, or as many at as many prices as its creator says', async (t) => {
  const { call, catalogue } = await startFakeService(t);
  const create = (body: object) => call('POST', '/admin/concerts/1/schedules', { token, body });
  const plain = await create({ startsAt: '2026-11-25T23:30:00+09:00', price: 0 });
  t.equal(plain.statusCode, 201, plain.body);
  t.same(plain.json(), {
    scheduleId: 5,
    date: '2026-11-25',
    startsAt: '2026-11-25T14:30:00.000Z',
    endsAt: null,
    reservationOpensAt: null,
    singleSeats: 'AVOID',
    accessibleReleaseAt: null,
    totalSeats: 50,
    availableSeats: 50,
    cancelled: false,
    priceFrom: 0,
    priceTo: 0,
  });
  const rich = await create({
    startsAt: '2026-11-25T14:30:00Z',
    endsAt: '2026-11-25T16:30:00Z',
    reservationOpensAt: '2026-11-20T00:00:00Z',
    seatCount: 5,
    prices: [
      { from: 4, to: 5, price: 70_000 },
      { from: 1, to: 3, price: 100_000_000 },
    ],
  });
  t.match(rich.json(), {
    totalSeats: 5,
    priceFrom: 70_000,
    priceTo: 100_000_000,
    endsAt: '2026-11-25T16:30:00.000Z',
    reservationOpensAt: '2026-11-20T00:00:00.000Z',
  });
  t.same(catalogue.schedules.get(6)?.prices, [100_000_000, 100_000_000, 100_000_000, 70_000, 70_000]);
  t.equal((await create({ startsAt: '2026-11-25T14:30:00Z', seatCount: 500, price: 1 })).statusCode, 201);
});

t.test('faults of prices are told seat by seat', async (t) => {
  const { call } = await startFakeService(t);
  const table: readonly (readonly [readonly object[], string, string])[] = [
    [[{ from: 1, to: 49, price: 1 }], '/prices', 'leave seat 50 without a price'],
    [[{ from: 1, to: 51, price: 1 }], '/prices/0', 'names a seat past the last one, 50'],
    [
      [
        { from: 1, to: 50, price: 1 },
        { from: 7, to: 7, price: 1 },
      ],
      '/prices/1',
      'prices seat 7 again',
    ],
    [[{ from: 2, to: 1, price: 1 }], '/prices/0', 'begins after its end'],
  ];
  for (const [prices, path, message] of table) {
    const body = { startsAt: '2026-11-25T14:30:00Z', prices };
    const headers = { 'accept-language': 'en' };
    const answer = await call('POST', '/admin/concerts/1/schedules', { token, body, headers });
    t.match(answer.json(), { status: 400, errors: [{ in: 'body', path, message }] });
  }
});

t.test('a policy is changed in part, and the waiting room is told', async (t) => {
  const { call, room } = await startFakeService(t);
  const changed = await call('PATCH', '/admin/concerts/1/queue', { token, body: { batch: 0 } });
  t.match(changed.json(), {
    concertId: 1,
    queue: { maxActive: 100, batch: 0, intervalMs: 10_000, activeTtlMs: 3_600_000 },
  });
  t.same(room.notes, ['policy 1']);
  const unknown = await call('PATCH', '/admin/concerts/99/queue', { token, body: { batch: 0 } });
  t.match(unknown.json(), { status: 404, code: 'CONCERT_NOT_FOUND' });
  t.same(room.notes, ['policy 1']);
});

t.test('the overview joins queues and sales', async (t) => {
  const { call, shopper } = await startFakeService(t);
  await shopper(1);
  await shopper(2);
  const { concerts, totals, nodes, ownedSchedules } = (await call('GET', '/admin/overview', { token })).json<{
    concerts: object[];
    totals: object;
    nodes: object[];
    ownedSchedules: number[];
  }>();
  t.match(concerts, [
    { concertId: 1, queue: { waiting: 0, active: 1 }, held: 2, confirmed: 3, revenue: 330_000 },
    { concertId: 2, queue: { active: 1 }, held: 0, confirmed: 0, revenue: 0 },
    { concertId: 3 },
    { concertId: 4 },
  ]);
  t.same(totals, { waiting: 0, active: 2, held: 2, confirmed: 3, revenue: 330_000, liveSockets: null });
  t.match(nodes, [{ node: 'n1:1', alive: true, ownedSchedules: 3 }]);
  t.same(ownedSchedules, [1, 2, 3]);
});

t.test('the overview tells the recorded queues where no waiting room answers', async (t) => {
  const { call, dependencies, catalogue } = await startFakeService(t);
  const counts = () => Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
  Object.assign(dependencies.room, { counts });
  await catalogue.changeQueuePolicy(1, { maxActive: 0 });
  const answer = await call('GET', '/admin/overview', { token });
  t.match(answer.json(), {
    concerts: [
      { concertId: 1, queue: { waiting: 2, active: 1, maxActive: 0, paused: true }, held: 2 },
      { concertId: 2, queue: { waiting: 0, active: 0, paused: false } },
      { concertId: 3 },
      { concertId: 4 },
    ],
    totals: { waiting: 2, active: 1 },
  });
  Object.assign(dependencies.room, { counts: () => Promise.reject(new Error('planned')) });
  t.equal((await call('GET', '/admin/overview', { token })).statusCode, 500, 'a bug is not covered up');
});

t.test('malformed wishes of an admin are refused before the token is looked at', async (t) => {
  const { call, digest } = await startFakeService(t);
  const before = digest();
  t.equal(
    (await call('POST', '/admin/concerts', { body: { ...concert, bookingClosesAt: concert.bookingOpensAt } }))
      .statusCode,
    400,
  );
  t.equal((await call('POST', '/admin/concerts', { body: concert })).statusCode, 401);
  t.equal((await call('POST', '/admin/concerts', { token: 'wrong', body: concert })).statusCode, 403);
  t.equal(
    (await call('POST', '/admin/concerts/1/schedules', { body: { startsAt: '2026-11-25T14:30:00Z' } })).statusCode,
    400,
  );
  t.equal(digest(), before);
});
