import t from 'tap';
import type { ListedConcert } from '../../src/client/answers.ts';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const DAY_MS = 86_400_000;
const database = await createTestDatabase(t);
const api = await startTestService(t, database, { HOLD_TTL_MS: '1000' });

const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

async function addConcert(opensInMs: number, closesInMs: number, more: object = {}): Promise<number> {
  const answer = await api.admin('POST', '/admin/concerts', {
    title: 'a',
    artist: 'b',
    venue: 'c',
    bookingOpensAt: fromNow(opensInMs),
    bookingClosesAt: fromNow(closesInMs),
    ...more,
  });
  return Number(answer.body['concertId']);
}

async function addShow(concertId: number, show: object): Promise<number> {
  const answer = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, { price: 1_000, ...show });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return Number(answer.body['scheduleId']);
}

const schedulesOf = (answer: Answer) => answer.body['schedules'] as Record<string, unknown>[];
const idsOf = (answer: Answer) => schedulesOf(answer).map(({ scheduleId }) => scheduleId);

t.test('concerts that can be booked now are listed, and no others', async (t) => {
  const open = await addConcert(-1_000, DAY_MS);
  const over = await addConcert(-DAY_MS, -1_000);
  const early = await addConcert(DAY_MS, 2 * DAY_MS);
  const soon = await addConcert(400, DAY_MS);
  const list = async () => {
    const answer = await api.call('GET', '/concerts/available');
    return answer.as<{ concerts: { concertId: number }[] }>().concerts;
  };
  const concerts = await list();
  t.strictSame(Object.keys(concerts[0] ?? {}), [
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
    'schedules',
    'queue',
  ]);
  const ids = concerts.map(({ concertId }) => concertId);
  t.strictSame(
    [open, over, early, soon].map((id) => ids.includes(id)),
    [true, false, false, false],
  );
  await waitFor(async () => (await list()).some(({ concertId }) => concertId === soon), { what: 'booking to open' });
  const one = await api.call('GET', `/concerts/${open}`);
  t.match(one.body, { concertId: open, timeZone: 'Asia/Seoul', maxSeatsPerUser: 4 });
  t.strictSame(one.body['queue'], { waiting: 0, active: 0, maxActive: 100, paused: false });
  t.match(await api.call('GET', '/concerts/999999'), { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
});

t.test('the list tells of dates, prices and seats left, and of a sold-out date within seconds', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 1, price: 5_000 });
  const dear = await addShow(concertId, { startsAt: fromNow(20 * DAY_MS), seatCount: 2, price: 9_000 });
  await addShow(concertId, { startsAt: fromNow(-1_000) });
  const listed = async () => {
    const { concerts } = (await api.call('GET', '/concerts/available')).as<{ concerts: readonly ListedConcert[] }>();
    return concerts.find((concert) => concert.concertId === concertId);
  };
  const schedules = [
    { scheduleId, totalSeats: 1, availableSeats: 1, priceFrom: 5_000, priceTo: 5_000 },
    { scheduleId: dear, totalSeats: 2, availableSeats: 2, priceFrom: 9_000, priceTo: 9_000 },
  ];
  const queue = { waiting: 0, active: 0, maxActive: 1_000, paused: false };
  const expected = { priceFrom: 5_000, priceTo: 9_000, schedules, queue };
  t.match(await listed(), expected, 'at once where the date was added');
  t.equal((await listed())?.schedules.length, 2, 'without the date that has begun');
  t.match((await api.call('GET', `/concerts/${concertId}`)).body, expected);

  const { queueToken: token } = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  await api.call('POST', '/payments', { token, body: { reservationId: held.body['reservationId'] } });
  const paidMs = performance.now();
  const left = async () => (await listed())?.schedules.map(({ availableSeats }) => availableSeats);
  await waitFor(async () => (await left())?.[0] === 0, { what: 'the date to be listed as sold out' });
  t.ok(performance.now() - paidMs < 4_000, 'within the age of the list');
  t.match((await api.call('GET', `/concerts/${concertId}`)).body, { schedules: [{ availableSeats: 0 }, {}] });
});

t.test('concerts that open later are listed apart, until they open', async (t) => {
  const early = await addConcert(DAY_MS, 2 * DAY_MS);
  const scheduleId = await addShow(early, { startsAt: fromNow(3 * DAY_MS), price: 7_000 });
  const soon = await addConcert(500, DAY_MS);
  const idsOfList = async (name: string) => {
    const { concerts } = (await api.call('GET', `/concerts/${name}`)).as<{ concerts: { concertId: number }[] }>();
    return concerts.map(({ concertId }) => concertId);
  };
  const { concerts } = (await api.call('GET', '/concerts/upcoming')).as<{ concerts: { concertId: number }[] }>();
  t.match(
    concerts.find(({ concertId }) => concertId === early),
    { priceFrom: 7_000, priceTo: 7_000, queue: null, schedules: [{ scheduleId, availableSeats: 50 }] },
  );
  await waitFor(async () => !(await idsOfList('upcoming')).includes(soon), { what: 'booking to open' });
  await waitFor(async () => (await idsOfList('available')).includes(soon), { what: 'the concert among those on sale' });
  const page = await api.call('GET', '/concerts/upcoming?limit=1');
  t.ok((page.body['concerts'] as unknown[]).length <= 1);
});

t.test('concerts are listed by pages, newest first, and a concert that is added meanwhile moves none', async (t) => {
  const added = [await addConcert(-1_000, DAY_MS), await addConcert(-1_000, DAY_MS), await addConcert(-1_000, DAY_MS)];
  const list = (query: string) => api.call('GET', `/concerts/available${query}`);
  const idsIn = (answer: Answer) =>
    answer.as<{ concerts: { concertId: number }[] }>().concerts.map(({ concertId }) => concertId);
  const cursorIn = (answer: Answer) => answer.as<{ nextCursor: string | null }>().nextCursor;
  const first = await list('?limit=2');
  t.strictSame(idsIn(first), [added[2], added[1]]);
  const later = await addConcert(-1_000, DAY_MS);
  const second = await list(`?limit=2&cursor=${cursorIn(first)}`);
  t.equal(idsIn(second)[0], added[0]);

  const usual = await list('');
  t.equal(idsIn(usual)[0], later);
  t.ok(idsIn(usual).length <= 20);
  const all: number[] = [];
  for (let cursor = ''; ; ) {
    const page = await list(`?limit=2${cursor}`);
    all.push(...idsIn(page));
    const next = cursorIn(page);
    if (next === null) break;
    cursor = `&cursor=${next}`;
  }
  t.strictSame(
    all,
    all.toSorted((one, other) => other - one),
    'every page goes on where the one before ended',
  );
  t.strictSame(new Set(all).size, all.length);
  t.strictSame(all.slice(0, 4), [later, ...added.toReversed()]);

  const damaged = `${cursorIn(first)?.slice(0, -1)}A`;
  t.match(await list(`?cursor=${damaged}`), { status: 400, body: { code: 'VALIDATION_FAILED' } });
  for (const limit of ['0', '101', '-1', '1.0', '']) t.match(await list(`?limit=${limit}`), { status: 400 });
});

t.test('outside the booking window nobody queues, and the member is the time', async (t) => {
  const bookingOpensAt = fromNow(DAY_MS);
  const bookingClosesAt = fromNow(-1_000);
  const early = await addConcert(0, 2 * DAY_MS, { bookingOpensAt });
  const over = await addConcert(-DAY_MS, 0, { bookingClosesAt });
  const { accessToken: token } = await enter(api, (await openSale(api)).concertId);
  const queue = (concertId: number) => api.call('POST', '/queue/tokens', { token, body: { concertId } });
  t.match(await queue(early), { status: 409, body: { code: 'BOOKING_NOT_OPEN', bookingOpensAt } });
  t.match(await queue(over), { status: 409, body: { code: 'BOOKING_CLOSED', bookingClosesAt } });
  t.match(await queue(999_999), { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
});

t.test('when booking closes holds stay payable to their end, and nothing more is held', async (t) => {
  const bookingClosesAt = fromNow(700);
  const concertId = await addConcert(-DAY_MS, 0, { bookingClosesAt });
  const scheduleId = await addShow(concertId, { startsAt: fromNow(DAY_MS) });
  const { queueToken: token } = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 1_000 } });
  await waitFor(() => Date.parse(bookingClosesAt) - Date.now() < 300, { what: 'the last moment' });
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  t.equal(held.status, 201);
  const more = () => api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 2 } });
  await waitFor(() => Date.now() > Date.parse(bookingClosesAt) + 20, { what: 'booking to close' });
  t.match(await more(), { status: 409, body: { code: 'BOOKING_CLOSED', bookingClosesAt } });
  const reservationId = held.body['reservationId'];
  t.equal((await api.call('POST', '/payments', { token, body: { reservationId } })).status, 201);
});

t.test('schedules are shown with seats left and open now; all=true adds the others, never begun ones', async (t) => {
  const concertId = await addConcert(-DAY_MS, DAY_MS);
  const plain = await addShow(concertId, { startsAt: fromNow(DAY_MS), endsAt: fromNow(DAY_MS + 1), seatCount: 2 });
  const soldOut = await addShow(concertId, { startsAt: fromNow(2 * DAY_MS), seatCount: 1 });
  const reservationOpensAt = fromNow(DAY_MS / 2);
  const notYet = await addShow(concertId, { startsAt: fromNow(3 * DAY_MS), reservationOpensAt });
  const opened = await addShow(concertId, { startsAt: fromNow(4 * DAY_MS), reservationOpensAt: fromNow(-1) });
  const startsAt = fromNow(-1_000);
  const begun = await addShow(concertId, { startsAt });
  const { queueToken: token } = await enter(api, concertId);
  const hold = (scheduleId: number) =>
    api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  t.equal((await hold(soldOut)).status, 201);
  const list = (query = '') => api.call('GET', `/concerts/${concertId}/schedules${query}`, { token });
  t.strictSame(idsOf(await list()), [plain, opened]);
  t.strictSame(idsOf(await list('?all=false')), [plain, opened]);
  const all = await list('?all=true');
  t.strictSame(idsOf(all), [plain, soldOut, notYet, opened]);
  t.equal(all.body['concertId'], concertId);
  t.strictSame(Object.keys(schedulesOf(all)[0] ?? {}), [
    'scheduleId',
    'date',
    'startsAt',
    'endsAt',
    'reservationOpensAt',
    'singleSeats',
    'accessibleReleaseAt',
    'totalSeats',
    'availableSeats',
    'cancelled',
    'priceFrom',
    'priceTo',
  ]);
  t.match(await hold(notYet), { status: 409, body: { code: 'RESERVATION_NOT_OPEN', reservationOpensAt } });
  t.match(await hold(begun), { status: 409, body: { code: 'BOOKING_CLOSED', startsAt } });
  t.equal((await hold(opened)).status, 201);
  const onlyBegun = await addConcert(-DAY_MS, DAY_MS);
  await addShow(onlyBegun, { startsAt });
  const other = await enter(api, onlyBegun);
  const none = await api.call('GET', `/concerts/${onlyBegun}/schedules?all=true`, { token: other.queueToken });
  t.match(none, { status: 200, body: { schedules: [] } }, 'it has one, which has begun');
});

t.test('availableSeats counts what reads AVAILABLE, also when a hold has just ended', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 3 });
  const { queueToken: token } = await enter(api, concertId);
  const left = async () =>
    schedulesOf(await api.call('GET', `/concerts/${concertId}/schedules?all=true`, { token }))[0]?.['availableSeats'];
  t.equal(await left(), 3);
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 2] } });
  t.equal(await left(), 1);
  const [first] = held.body['reservations'] as { expiresAt: string }[];
  await waitFor(() => Date.now() > Date.parse(first?.expiresAt ?? '') + 5, { what: 'the end of the holds' });
  t.equal(await left(), 3);
  const map = await api.call('GET', `/schedules/${scheduleId}/seats`, { token });
  t.equal(map.body['availableSeats'], 3);
});

t.test(
  'a seat map shows price, status, the end of a hold and what is one’s own, and who holds is not told',
  async (t) => {
    const { concertId, scheduleId } = await openSale(api);
    const [fan, viewer] = [await enter(api, concertId), await enter(api, concertId)];
    await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 1_000 } });
    const body = { scheduleId, seatNumbers: [2, 3] };
    const held = await api.call('POST', '/reservations', { token: fan.queueToken, body });
    const [, second] = held.body['reservations'] as { reservationId: string; expiresAt: string }[];
    await api.call('POST', '/payments', { token: fan.queueToken, body: { scheduleId, seatNumber: 2 } });
    const map = async (token: string, query = '') =>
      api.call('GET', `/schedules/${scheduleId}/seats${query}`, { token });
    const shown = await map(viewer.queueToken);
    t.strictSame(Object.keys(shown.body), ['scheduleId', 'epoch', 'seq', 'availableSeats', 'seats']);
    t.match(shown.body, { scheduleId, availableSeats: 48, seq: 3 });
    const seats = shown.body['seats'] as object[];
    t.strictSame(seats.slice(0, 3), [
      { seatNumber: 1, price: 1_000, status: 'AVAILABLE' },
      { seatNumber: 2, price: 1_000, status: 'CONFIRMED' },
      { seatNumber: 3, price: 1_000, status: 'HELD', heldUntil: second?.expiresAt },
    ]);
    t.notOk(JSON.stringify(shown.body).includes(fan.userId));
    const own = (await map(fan.queueToken)).body['seats'] as object[];
    t.strictSame(own.slice(1, 3), [
      { seatNumber: 2, price: 1_000, status: 'CONFIRMED', mine: true },
      { seatNumber: 3, price: 1_000, status: 'HELD', heldUntil: second?.expiresAt, mine: true },
    ]);
    for (const [status, count] of [
      ['AVAILABLE', 48],
      ['HELD', 1],
      ['CONFIRMED', 1],
    ] as const) {
      const filtered = await map(viewer.queueToken, `?status=${status}`);
      t.equal((filtered.body['seats'] as object[]).length, count, status);
      t.equal(filtered.body['availableSeats'], 48, 'a filter does not change the count');
    }
  },
);

t.test('a poller that has the map gets 304, and the next change ends that', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, viewer] = [await enter(api, concertId), await enter(api, concertId)];
  const path = `/schedules/${scheduleId}/seats`;
  const poll = (tag?: string) =>
    api.call('GET', path, { token: viewer.queueToken, headers: tag === undefined ? {} : { 'if-none-match': tag } });
  const first = await poll();
  const tag = String(first.headers.get('etag'));
  t.match(tag, /^(W\/)?"[^"]+"$/);
  for (const header of [tag, `W/${tag.replace(/^W\//, '')}`, `"x", ${tag}`, '*']) {
    const again = await poll(header);
    t.strictSame([again.status, again.headers.get('etag')], [304, tag], header);
    t.strictSame(again.body, {});
  }
  t.equal((await poll('"x"')).status, 200);
  await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 1 } });
  const changed = await poll(tag);
  t.equal(changed.status, 200);
  t.not(changed.headers.get('etag'), tag);
  const held = String(changed.headers.get('etag'));
  await waitFor(async () => (await poll(held)).status === 200, { what: 'the end of the hold to be a change' });
});

t.test('seats are found by the date in the concert’s own time zone', async (t) => {
  const concertId = await addConcert(-DAY_MS, DAY_MS, { timeZone: 'America/Los_Angeles' });
  const evening = await addShow(concertId, { startsAt: '2030-07-02T02:00:00Z' });
  const nextDay = await addShow(concertId, { startsAt: '2030-07-02T20:00:00+00:00', seatCount: 1 });
  const late = await addShow(concertId, { startsAt: '2030-07-03T04:00:00Z', seatCount: 2 });
  const { queueToken: token } = await enter(api, concertId);
  const all = await api.call('GET', `/concerts/${concertId}/schedules`, { token });
  t.match(schedulesOf(all), [
    { scheduleId: evening, date: '2030-07-01', startsAt: '2030-07-02T02:00:00.000Z' },
    { scheduleId: nextDay, date: '2030-07-02' },
    { scheduleId: late, date: '2030-07-02' },
  ]);
  const seats = (query: string) => api.call('GET', `/concerts/${concertId}/seats${query}`, { token });
  t.match(await seats('?date=2030-07-01'), { status: 200, body: { scheduleId: evening } });
  t.match(await seats('?date=2030-07-03'), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
  for (const query of ['', '?date=2030-07-02']) {
    const ambiguous = await seats(query);
    t.match(ambiguous, { status: 400, body: { code: 'SCHEDULE_AMBIGUOUS' } });
    t.strictSame(idsOf(ambiguous), query === '' ? [evening, nextDay, late] : [nextDay, late]);
  }
});

t.test('another concert’s token opens no doors, and what is not there is not found first', async (t) => {
  const [mine, other] = [await openSale(api), await openSale(api)];
  const { queueToken: token } = await enter(api, mine.concertId);
  const get = (path: string) => api.call('GET', path, { token });
  for (const path of [
    `/concerts/${other.concertId}/schedules`,
    `/concerts/${other.concertId}/seats`,
    `/schedules/${other.scheduleId}/seats`,
  ]) {
    t.match(await get(path), { status: 403, body: { code: 'QUEUE_WRONG_CONCERT' } }, path);
  }
  for (const [path, code] of [
    ['/concerts/999999/schedules', 'CONCERT_NOT_FOUND'],
    ['/concerts/999999/seats', 'CONCERT_NOT_FOUND'],
    ['/schedules/999999/seats', 'SCHEDULE_NOT_FOUND'],
  ]) {
    t.match(await get(path ?? ''), { status: 404, body: { code } }, path ?? '');
  }
  const hold = (scheduleId: number, seatNumber: number) =>
    api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
  t.match(await hold(other.scheduleId, 1), { status: 403, body: { code: 'QUEUE_WRONG_CONCERT' } });
  t.match(await hold(other.scheduleId, 51), { status: 404, body: { code: 'SEAT_NOT_FOUND' } });
  t.match(await hold(999_999, 1), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
  const reserve = `/concerts/${other.concertId}/seats/1/reserve`;
  t.match(await api.call('POST', reserve, { token }), { status: 403, body: { code: 'QUEUE_WRONG_CONCERT' } });
  await addSchedule(api, mine.concertId, { inDays: 11 });
  const { accessToken } = await enter(api, other.concertId);
  t.equal((await api.call('GET', `/schedules/${mine.scheduleId}/seats`, { token: accessToken })).status, 401);
});
