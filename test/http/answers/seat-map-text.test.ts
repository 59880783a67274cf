import t from 'tap';
import type { SeatMap } from '../../../src/actors/command.ts';
import { namesEntityTag } from '../../../src/http/answers/constant-answer.ts';
import { createSeatMapWriter } from '../../../src/http/answers/seat-map-text.ts';
import { failure } from '../fake-sales.ts';
import { startFakeService } from '../fake-service.ts';

function mapOf(seq: number, holders: readonly (string | null)[]): SeatMap {
  const seats = holders.map((userId, index) => ({
    seatNumber: index + 1,
    price: 1000,
    status: userId === null ? ('AVAILABLE' as const) : ('HELD' as const),
    heldUntil: userId === null ? null : '2026-11-20T03:05:00.000Z',
    userId,
    seq,
  }));
  return { scheduleId: 1, epoch: 2, seq, availableSeats: holders.filter((userId) => userId === null).length, seats };
}

t.test('a map marks the seats of its reader and names no holder', async (t) => {
  const writer = createSeatMapWriter();
  const map = mapOf(7, [null, 'a', 'b']);
  const held = { price: 1000, status: 'HELD', heldUntil: '2026-11-20T03:05:00.000Z' };
  const head = { scheduleId: 1, epoch: 2, seq: 7, availableSeats: 1 };
  const free = { seatNumber: 1, price: 1000, status: 'AVAILABLE' };
  t.same(JSON.parse(writer.write(map, 'x', null)), {
    ...head,
    seats: [free, { seatNumber: 2, ...held }, { seatNumber: 3, ...held }],
  });
  t.same(JSON.parse(writer.write(map, 'b', null)), {
    ...head,
    seats: [free, { seatNumber: 2, ...held }, { seatNumber: 3, ...held, mine: true }],
  });
  t.same(JSON.parse(writer.write(map, 'a', 'HELD')), {
    ...head,
    seats: [
      { seatNumber: 2, ...held, mine: true },
      { seatNumber: 3, ...held },
    ],
  });
  t.same(JSON.parse(writer.write(map, 'a', 'CONFIRMED')), { ...head, seats: [] });
  t.match(JSON.parse(writer.write(mapOf(8, [null, null, 'b']), 'x', null)), {
    seq: 8,
    seats: [free, { status: 'AVAILABLE' }, {}],
  });
});

t.test('entity tags are compared weakly, in lists and with the star', async (t) => {
  for (const header of ['"1-2"', 'W/"1-2"', '"x", "1-2"', '*']) t.ok(namesEntityTag(header, '"1-2"'), header);
  for (const header of [undefined, '', '1-2', '"1-3"', 'W/"1-3"'])
    t.notOk(namesEntityTag(header, '"1-2"'), String(header));
});

t.test('a poller gets 304 until something changes, always from the owner', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const first = await call('GET', '/schedules/1/seats', { token });
  t.equal(first.headers['etag'], '"1-0"');
  t.equal(first.headers['cache-control'], 'private, no-cache');
  const asked = sales.dispatched.length;
  const headers = { 'if-none-match': String(first.headers['etag']) };
  const second = await call('GET', '/schedules/1/seats', { token, headers });
  t.equal(second.statusCode, 304);
  t.equal(second.body, '');
  t.equal(second.headers['etag'], '"1-0"');
  t.equal(sales.dispatched.length, asked + 1);
  await call('POST', '/reservations', { token, body: { scheduleId: 1, seatNumber: 2 } });
  const third = await call('GET', '/schedules/1/seats?status=HELD', { token, headers });
  t.match(third.json(), { seq: 1, availableSeats: 49, seats: [{ seatNumber: 2, mine: true }] });
  sales.before = async () => failure('OWNER_UNAVAILABLE', 'none');
  t.equal((await call('GET', '/schedules/1/seats', { token, headers })).statusCode, 503);
});

t.test("another reader never gets 304 for a map that marks somebody's seats", async (t) => {
  const { call, shopper } = await startFakeService(t);
  const [holder, other] = [await shopper(), await shopper()];
  const map = (token: string, ifNoneMatch?: string) =>
    call('GET', '/schedules/1/seats', {
      token,
      headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch },
    });
  const shared = String((await map(holder.queueToken)).headers['etag']);
  t.equal((await map(other.queueToken, shared)).statusCode, 304, 'a map without own seats is the same for all');
  await call('POST', '/reservations', { token: holder.queueToken, body: { scheduleId: 1, seatNumber: 2 } });
  const own = await map(holder.queueToken);
  const ownTag = String(own.headers['etag']);
  t.equal((await map(holder.queueToken, ownTag)).statusCode, 304);
  const foreign = await map(other.queueToken, ownTag);
  t.equal(foreign.statusCode, 200);
  t.notMatch(foreign.body, '"mine"');
  const foreignTag = String(foreign.headers['etag']);
  t.not(foreignTag, ownTag);
  t.match((await map(holder.queueToken, foreignTag)).body, '"mine":true');
});

t.test('caches keep the maps of two readers apart, also where other origins may ask', async (t) => {
  const { call, shopper } = await startFakeService(t, { options: { allowedOrigins: ['https://fans.example'] } });
  const { queueToken: token } = await shopper();
  const first = await call('GET', '/schedules/1/seats', { token });
  t.equal(first.headers['vary'], 'Origin, Authorization');
  const again = await call('GET', '/schedules/1/seats', {
    token,
    headers: { 'if-none-match': String(first.headers['etag']) },
  });
  t.equal(again.statusCode, 304);
  t.equal(again.headers['vary'], 'Origin, Authorization');
});

t.test('a map and a reservation can be had by concert and date', async (t) => {
  const { call, shopper, catalogue, time } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const dates = [1, 2].map((id) => catalogue.schedules.get(id)?.date ?? '');
  const map = (query: string, bearer = token) => call('GET', `/concerts/1/seats${query}`, { token: bearer });
  t.match((await map(`?date=${String(dates[1])}`)).json(), { scheduleId: 2 });
  t.match((await map('')).json(), {
    status: 400,
    code: 'SCHEDULE_AMBIGUOUS',
    schedules: [
      { scheduleId: 1, date: dates[0] },
      { scheduleId: 2, date: dates[1] },
    ],
  });
  t.match((await map('?date=2026-12-24')).json(), { status: 404, code: 'SCHEDULE_NOT_FOUND' });
  const matinee = await catalogue.createSchedule(1, {
    startsAtMs: (catalogue.schedules.get(2)?.startsAtMs ?? 0) + 1,
    endsAtMs: null,
    reservationOpensAtMs: null,
    prices: [1, 2],
  });
  t.match((await map(`?date=${String(dates[1])}`)).json(), { code: 'SCHEDULE_AMBIGUOUS' });

  const reserve = (body?: object) => call('POST', '/concerts/1/seats/2/reserve', { token, body });
  t.match((await reserve()).json(), { code: 'SCHEDULE_AMBIGUOUS' });
  t.match((await reserve({})).json(), { code: 'SCHEDULE_AMBIGUOUS' });
  t.match((await reserve({ date: dates[0] })).json(), { scheduleId: 1, seatNumber: 2, status: 'HELD' });
  t.match((await reserve({ scheduleId: matinee?.scheduleId })).json(), { scheduleId: matinee?.scheduleId, price: 2 });
  t.match((await reserve({ scheduleId: 3 })).json(), { code: 'SCHEDULE_NOT_FOUND' }, "another concert's schedule");
  t.match((await reserve({ date: '2026-12-24' })).json(), { code: 'SCHEDULE_NOT_FOUND' });

  const winter = await shopper(2);
  t.match((await call('GET', '/concerts/2/seats', { token: winter.queueToken })).json(), { scheduleId: 3 });
  const one = await call('POST', '/concerts/2/seats/1/reserve', { token: winter.queueToken });
  t.match(one.json(), { scheduleId: 3, seatNumber: 1 }, 'no body is needed where there is one date');
  t.match((await map('', winter.queueToken)).json(), { status: 403, code: 'QUEUE_WRONG_CONCERT' });
  t.match((await call('GET', '/schedules/1/seats', { token: winter.queueToken })).json(), {
    code: 'QUEUE_WRONG_CONCERT',
  });
  t.ok(time.nowMs > 0);
});
