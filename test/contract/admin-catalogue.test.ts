import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface Held {
  readonly reservationId: string;
  readonly expiresAt: string;
  readonly price: number;
}

interface AdminConcert {
  readonly concertId: number;
  readonly version: number;
  readonly schedules: readonly { readonly scheduleId: number; readonly closed: boolean }[];
}

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const HOUR_MS = 3_600_000;

const hold = (token: string, scheduleId: number, seatNumber: number, key?: string) =>
  api.call('POST', '/reservations', {
    token,
    body: { scheduleId, seatNumber },
    ...(key === undefined ? {} : { key }),
  });

async function readConcert(concertId: number): Promise<AdminConcert> {
  return (await api.admin('GET', `/admin/concerts/${concertId}`)).as<AdminConcert>();
}

/** Changes a concert that was read as `version`; in its newest version when that is left out. */
async function changeConcert(concertId: number, body: object, readAs?: number) {
  const version = readAs ?? (await readConcert(concertId)).version;
  const headers = { 'if-match': `"${version}"` };
  return api.call('PATCH', `/admin/concerts/${concertId}`, { token: 'an-admin-token-for-tests', headers, body });
}

const changeSchedule = (scheduleId: number, body: object) => api.admin('PATCH', `/admin/schedules/${scheduleId}`, body);

t.test('all concerts are listed with their dates, newest first, those of the past too', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const past = await api.admin('POST', '/admin/concerts', {
    title: 'past',
    artist: 'b',
    venue: 'c',
    bookingOpensAt: '2020-01-01T00:00:00Z',
    bookingClosesAt: '2020-01-02T00:00:00Z',
    queue: { batch: 7 },
  });
  const pastId = Number(past.body['concertId']);
  const begun = await api.admin('POST', `/admin/concerts/${pastId}/schedules`, {
    startsAt: '2020-01-03T00:00:00Z',
    price: 5,
    seatCount: 2,
  });
  const { concerts, nextCursor } = (await api.admin('GET', '/admin/concerts?limit=2')).as<{
    concerts: AdminConcert[];
    nextCursor: string | null;
  }>();
  t.same(
    concerts.map((concert) => concert.concertId),
    [pastId, concertId],
  );
  t.match(concerts[0], {
    title: 'past',
    queue: { batch: 7, maxActive: 100 },
    version: 1,
    schedules: [{ scheduleId: begun.body['scheduleId'], availableSeats: 2, totalSeats: 2, closed: false }],
  });
  t.equal(nextCursor, null);
  const one = await api.admin('GET', `/admin/concerts/${concertId}`);
  t.match(one.body, { concertId, version: 1, schedules: [{ scheduleId, startsAt: /Z$/ }] });
  t.equal(one.headers.get('etag'), '"1"');
  t.match(await api.admin('GET', '/admin/concerts/99999'), { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
});

t.test('a concert is changed in the version that its editor has read, and in no other', async (t) => {
  const { concertId } = await openSale(api);
  const path = `/admin/concerts/${concertId}`;
  const body = { title: ' 새 제목 ', queue: { batch: 3 } };
  t.match(await api.admin('PATCH', path, body), { status: 428, body: { code: 'VERSION_REQUIRED' } });
  t.match(await changeConcert(concertId, { bookingOpensAt: '2098-01-01T00:00:00Z' }), { status: 400 }, 'after its end');
  t.equal((await readConcert(concertId)).version, 1, 'what is refused changes nothing');
  const changed = await changeConcert(concertId, body);
  t.match(changed, { status: 200, body: { title: '새 제목', version: 2, queue: { batch: 3, maxActive: 1_000 } } });
  t.equal(changed.headers.get('etag'), '"2"');
  const token = 'an-admin-token-for-tests';
  const stale = await api.call('PATCH', path, { token, headers: { 'if-match': '"1"' }, body });
  t.match(stale, { status: 412, body: { code: 'VERSION_STALE', version: 2 } });
  const malformed = await api.call('PATCH', path, { token, headers: { 'if-match': '2' }, body });
  t.match(malformed, { status: 400, body: { errors: [{ in: 'header', path: '/if-match' }] } });
  t.match(await api.call('GET', `/concerts/${concertId}`), { body: { title: '새 제목' } });
  const { entries } = (await api.admin('GET', '/admin/log?limit=1')).as<{ entries: object[] }>();
  t.match(entries, [{ action: 'concert.change', before: { title: '밤의 노래' }, after: { title: '새 제목' } }]);
});

t.test('two who change one version at once do not overwrite each other', async (t) => {
  const { concertId } = await openSale(api);
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map((title) => changeConcert(concertId, { title }, 1)));
  t.same(
    answers.map(({ status }) => status).toSorted((one, other) => one - other),
    [200, 412, 412, 412],
  );
});

t.test('a booking window that moves opens and closes holds from the answer on', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken } = await enter(api, concertId);
  t.equal((await hold(queueToken, scheduleId, 1)).status, 201);
  for (const [round, seatNumber] of [2, 4, 6].entries()) {
    const opensAt = inMs(HOUR_MS);
    t.equal((await changeConcert(concertId, { bookingOpensAt: opensAt })).status, 200);
    const early = await hold(queueToken, scheduleId, seatNumber);
    t.match(early, { status: 409, body: { code: 'BOOKING_NOT_OPEN', bookingOpensAt: opensAt } }, `round ${round}`);
    t.equal((await changeConcert(concertId, { bookingOpensAt: inMs(-HOUR_MS) })).status, 200);
    t.equal((await hold(queueToken, scheduleId, seatNumber)).status, 201, `round ${round}`);
  }
});

t.test('a closed date is not listed and refuses holds, and opens again', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token, accessToken } = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  const { reservationId } = (await hold(token, scheduleId, 1)).as<Held>();
  t.match(await changeSchedule(scheduleId, { closed: true }), { status: 200, body: { closed: true, version: 2 } });
  for (const seatNumber of [1, 2]) {
    t.match(await hold(token, scheduleId, seatNumber), { status: 409, body: { code: 'BOOKING_CLOSED' } });
  }
  const dates = await api.call('GET', `/concerts/${concertId}/schedules?all=true`, { token });
  t.same(dates.body['schedules'], []);
  const paid = await api.call('POST', '/payments', { token: accessToken, body: { reservationId } });
  t.equal(paid.status, 201, 'a live hold stays payable');
  const { queueToken: later } = await enter(api, concertId);
  t.match(await changeSchedule(scheduleId, { closed: false }), { status: 200, body: { closed: false } });
  t.equal((await hold(later, scheduleId, 2)).status, 201);
});

t.test('a start that moves lets holds and refunds follow at once', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token, accessToken } = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  const { reservationId } = (await hold(token, scheduleId, 1)).as<Held>();
  const paid = await api.call('POST', '/payments', { token, body: { reservationId } });
  const paymentId = String(paid.body['paymentId']);
  const startsAt = inMs(-1_000);
  t.equal((await changeSchedule(scheduleId, { startsAt })).status, 200);
  const refund = () => api.call('POST', `/payments/${paymentId}/refund`, { token: accessToken });
  t.match(await refund(), { status: 409, body: { code: 'REFUND_CLOSED', startsAt } });
  const { queueToken: other } = await enter(api, concertId);
  t.match(await hold(other, scheduleId, 2), { status: 409, body: { code: 'BOOKING_CLOSED', startsAt } });
  t.equal((await changeSchedule(scheduleId, { startsAt: inMs(HOUR_MS) })).status, 200);
  t.equal((await hold(other, scheduleId, 2)).status, 201);
  t.match(await refund(), { status: 200, body: { status: 'REFUNDED' } });
});

t.test('a hold that would outlive the new start ends by it, and its seat is free', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const key = 'a-hold-that-is-shortened';
  const { reservationId, expiresAt } = (await hold(token, scheduleId, 1, key)).as<Held>();
  const startsAt = inMs(1_500);
  t.ok(expiresAt > startsAt);
  t.equal((await changeSchedule(scheduleId, { startsAt })).status, 200);
  const read = async () => (await api.call('GET', `/reservations/${reservationId}`, { token })).body;
  t.match(await read(), { status: 'HELD', expiresAt: startsAt, startsAt });
  t.match((await hold(token, scheduleId, 1)).body, { reservationId, expiresAt: startsAt }, 'the owner knows it');
  await waitFor(async () => (await read())['status'] === 'EXPIRED', {
    deadlineMs: 10_000,
    what: 'the end of the hold',
  });
  t.equal((await changeSchedule(scheduleId, { startsAt: inMs(HOUR_MS) })).status, 200);
  t.equal((await hold(token, scheduleId, 1)).status, 201);
});

t.test('times of a date that make no sense together are refused', async (t) => {
  const { scheduleId } = await openSale(api);
  const faulty: readonly (readonly [object, string])[] = [
    [{ endsAt: '2020-01-01T00:00:00Z' }, '/endsAt'],
    [{ reservationOpensAt: '2098-01-01T00:00:00Z' }, '/reservationOpensAt'],
    [{}, ''],
    [{ closed: 'yes' }, '/closed'],
    [{ startsAt: null }, '/startsAt'],
    [{ seatCount: 5 }, '/seatCount'],
  ];
  for (const [body, path] of faulty) {
    t.match(await changeSchedule(scheduleId, body), { status: 400, body: { errors: [{ in: 'body', path }] } }, path);
  }
  const times = { endsAt: '2099-01-01T00:00:00.000Z', reservationOpensAt: '2020-01-01T00:00:00.000Z' };
  t.match(await changeSchedule(scheduleId, times), { status: 200, body: times });
  const none = { endsAt: null, reservationOpensAt: null };
  t.match(await changeSchedule(scheduleId, none), { status: 200, body: none });
  t.match(await changeSchedule(99_999, { closed: true }), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
});

t.test('a price changes for the seats without a live reservation, and is fixed for the others', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 5 });
  const { queueToken: token, accessToken } = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 1_000 } });
  const { reservationId } = (await hold(token, scheduleId, 2)).as<Held>();
  const put = (body: object) => api.admin('PUT', `/admin/schedules/${scheduleId}/prices`, body);
  t.match(await put({ price: 7 }), { status: 200, body: { scheduleId, unchanged: [2] } });
  const prices = async () =>
    (await api.call('GET', `/schedules/${scheduleId}/seats`, { token }))
      .as<{ seats: { price: number }[] }>()
      .seats.map(({ price }) => price);
  t.same(await prices(), [7, 1_000, 7, 7, 7]);
  const paid = await api.call('POST', '/payments', { token, body: { reservationId } });
  t.match(paid.body, { amount: 1_000, remainingBalance: 0 });
  t.match(await put({ prices: [{ from: 2, to: 3, price: 9 }] }), { body: { unchanged: [2] } });
  const other = await enter(api, concertId);
  t.match((await hold(other.queueToken, scheduleId, 3)).body, { price: 9 });
  const paymentId = String(paid.body['paymentId']);
  await api.call('POST', `/payments/${paymentId}/refund`, { token: accessToken });
  t.match(await put({ prices: [{ from: 2, to: 2, price: 9 }] }), { body: { unchanged: [] } });
  for (const body of [
    {},
    { price: 1, prices: [{ from: 1, to: 1, price: 1 }] },
    { prices: [{ from: 6, to: 6, price: 1 }] },
  ]) {
    t.equal((await put(body)).status, 400, JSON.stringify(body));
  }
});

t.test('prices that change during a rush are never mixed up with those of holds', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 40 });
  const tokens = await Promise.all(Array.from({ length: 10 }, async () => (await enter(api, concertId)).queueToken));
  const changes = (async () => {
    for (let price = 1; price <= 10; price += 1) {
      const answer = await api.admin('PUT', `/admin/schedules/${scheduleId}/prices`, { price });
      if (answer.status !== 200) throw new Error(`changing prices was answered with ${answer.status}`);
    }
  })();
  const holds = tokens.flatMap((token, fan) =>
    [0, 1, 2, 3].map(async (nth) => {
      const answer = await hold(token, scheduleId, fan * 4 + nth + 1);
      return answer.status;
    }),
  );
  const statuses = await Promise.all(holds);
  await changes;
  t.same(
    statuses,
    statuses.map(() => 201),
  );
});

t.test('what was never reserved can be deleted, and nothing else', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const other = await addSchedule(api, concertId, { inDays: 11 });
  const { queueToken: token } = await enter(api, concertId);
  const { reservationId } = (await hold(token, scheduleId, 1)).as<Held>();
  await api.call('DELETE', `/reservations/${reservationId}`, { token });
  const refused = { status: 409, body: { code: 'HAS_RESERVATIONS' } };
  t.match(await api.admin('DELETE', `/admin/schedules/${scheduleId}`), refused);
  t.match(await api.admin('DELETE', `/admin/concerts/${concertId}`), refused);
  await api.call('GET', `/schedules/${other}/seats`, { token });
  t.equal((await api.admin('DELETE', `/admin/schedules/${other}`)).status, 204);
  t.match(await hold(token, other, 1), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
  t.match(await api.admin('DELETE', `/admin/schedules/${other}`), { status: 404 });
});

t.test('a concert whose queue has fans can be deleted as long as nothing was reserved', async (t) => {
  const { concertId } = await openSale(api, { queue: { maxActive: 1 } });
  const fans = await Promise.all([1, 2, 3].map(async () => enter(api, concertId, await register(api))));
  t.equal((await api.admin('DELETE', `/admin/concerts/${concertId}`)).status, 204);
  t.match(await api.call('GET', `/concerts/${concertId}`), { status: 404 });
  for (const { queueToken, accessToken } of fans) {
    const answer = await api.call('GET', '/queue/status', { token: queueToken });
    t.ok(answer.status < 500, `a poll is answered with ${answer.status}`);
    const entry = await api.call('POST', '/queue/tokens', { token: accessToken, body: { concertId } });
    t.match(entry, { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
  }
});

t.test('fans who wait go out at the new end of booking', async (t) => {
  const { concertId } = await openSale(api, { queue: { maxActive: 0 } });
  const { queueToken: token } = await enter(api, concertId);
  const status = async () => (await api.call('GET', '/queue/status', { token })).body['status'];
  t.equal(await status(), 'WAITING');
  t.equal((await changeConcert(concertId, { bookingClosesAt: inMs(300) })).status, 200);
  await waitFor(async () => (await status()) === 'EXPIRED', { deadlineMs: 10_000, what: 'the end of the queue' });
  const late = await register(api);
  const entry = { token: late.accessToken, body: { concertId } };
  t.match(await api.call('POST', '/queue/tokens', entry), { status: 409, body: { code: 'BOOKING_CLOSED' } });
  t.equal((await changeConcert(concertId, { bookingClosesAt: inMs(HOUR_MS) })).status, 200);
  t.equal((await api.call('POST', '/queue/tokens', entry)).status, 201);
});

t.test('organisers see the seats of a date and who has them, and a key only those of its concerts', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 3 });
  const { userId, queueToken } = await enter(api, concertId);
  await api.call('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumber: 2 } });
  const map = await api.admin('GET', `/admin/schedules/${scheduleId}/seats`);
  t.equal(map.status, 200);
  t.match(map.body, {
    scheduleId,
    availableSeats: 2,
    seats: [
      { seatNumber: 1, status: 'AVAILABLE', userId: null, heldUntil: null },
      { seatNumber: 2, status: 'HELD', userId, heldUntil: /Z$/ },
      { seatNumber: 3, status: 'AVAILABLE', userId: null, heldUntil: null },
    ],
  });
  const other = await openSale(api);
  const key = await api.admin('POST', '/admin/keys', { name: 'x', role: 'VIEWER', concertIds: [other.concertId] });
  const { secret } = key.as<{ secret: string }>();
  const refused = await api.call('GET', `/admin/schedules/${scheduleId}/seats`, { token: secret });
  t.match(refused.body, { status: 404, code: 'SCHEDULE_NOT_FOUND' });
});
