import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface Held {
  readonly reservationId: string;
  readonly seatNumber: number;
  readonly expiresAt: string;
  readonly seq: number;
}

const hold = (token: string, body: object) => api.call('POST', '/reservations', { token, body });
const listOf = (answer: Answer) => answer.body['reservations'] as readonly Held[];
const numbersOf = (answer: Answer) => listOf(answer).map(({ seatNumber }) => seatNumber);

t.test('a hold is answered with a whole Reservation, of the time that is configured', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const held = await hold(token, { scheduleId, seatNumber: 50 });
  t.equal(held.status, 201);
  t.strictSame(Object.keys(held.body), [
    'reservationId',
    'concertId',
    'scheduleId',
    'startsAt',
    'seatNumber',
    'price',
    'status',
    'createdAt',
    'expiresAt',
    'confirmedAt',
    'paymentId',
    'epoch',
    'seq',
    'seatLabel',
    'section',
    'row',
  ]);
  t.match(held.body, { concertId, scheduleId, seatNumber: 50, price: 1_000, status: 'HELD', paymentId: null });
  const { createdAt, expiresAt, startsAt } = held.as<Record<'createdAt' | 'expiresAt' | 'startsAt', string>>();
  for (const time of [createdAt, expiresAt, startsAt]) t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.equal(Date.parse(expiresAt) - Date.parse(createdAt), 300_000);
  const path = `/reservations/${String(held.body['reservationId'])}`;
  t.strictSame((await api.call('GET', path, { token })).body, held.body);
});

t.test('several seats are granted all or none, and answered in the order asked', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, rival] = [await enter(api, concertId), await enter(api, concertId)];
  const held = await hold(fan.queueToken, { scheduleId, seatNumbers: [9, 3, 7] });
  t.equal(held.status, 201);
  t.strictSame(numbersOf(held), [9, 3, 7]);
  const refused = await hold(rival.queueToken, { scheduleId, seatNumbers: [8, 9, 2, 3] });
  t.match(refused, { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [3, 9] } });
  t.type(refused.body['epoch'], 'number');
  t.ok(Number(refused.body['seq']) >= Math.max(...listOf(held).map(({ seq }) => seq)));
  t.strictSame((await api.call('GET', '/me/reservations', { token: rival.queueToken })).body, {
    reservations: [],
    nextCursor: null,
  });
  t.match(await hold(rival.queueToken, { scheduleId, seatNumbers: [8, 51] }), {
    status: 404,
    body: { code: 'SEAT_NOT_FOUND' },
  });
});

t.test('own held seats count as granted with their time unchanged; own confirmed ones are taken', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token, accessToken } = await enter(api, concertId);
  const first = await hold(token, { scheduleId, seatNumber: 1 });
  const again = await hold(token, { scheduleId, seatNumber: 1 });
  t.equal(again.status, 200);
  t.strictSame(again.body, first.body);
  const mixed = await hold(token, { scheduleId, seatNumbers: [2, 1] });
  t.equal(mixed.status, 201);
  t.strictSame(listOf(mixed)[1], first.body);
  const all = await hold(token, { scheduleId, seatNumbers: [1, 2] });
  t.equal(all.status, 200);
  t.strictSame(listOf(all), [...listOf(mixed)].reverse());
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 1_000 } });
  await api.call('POST', '/payments', { token: accessToken, body: { reservationId: first.body['reservationId'] } });
  t.match(await hold(token, { scheduleId, seatNumber: 1 }), {
    status: 409,
    body: { code: 'SEAT_TAKEN', seatNumbers: [1] },
  });
});

t.test('a user has at most four live seats of a schedule, held under a hundred parallel calls', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 200 });
  const second = await addSchedule(api, concertId, { inDays: 11 });
  const { queueToken: token, accessToken } = await enter(api, concertId);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => hold(token, { scheduleId, seatNumber: index + 1 })),
  );
  t.equal(answers.filter(({ status }) => status === 201).length, 4);
  t.equal(answers.filter(({ body }) => body['code'] === 'SEAT_LIMIT_REACHED').length, 96);
  t.match(await hold(token, { scheduleId, seatNumbers: [1, 2, 3, 4, 5] }), { status: 409 });
  t.equal((await hold(token, { scheduleId: second, seatNumbers: [1, 2, 3, 4] })).status, 201, 'each schedule counts');
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 10_000 } });
  const mine = await api.call('GET', '/me/reservations?status=HELD&limit=100', { token });
  const paidFor = listOf(mine).find(({ seatNumber }) => seatNumber >= 1)?.reservationId;
  t.equal((await api.call('POST', '/payments', { token, body: { reservationId: paidFor } })).status, 201);
  const limited = await hold(token, { scheduleId: second, seatNumber: 9 });
  t.match(limited, { status: 409, body: { code: 'SEAT_LIMIT_REACHED' } }, 'a confirmed seat counts');
  const others = [];
  const rival = await enter(api, concertId);
  for (const seatNumber of [197, 198, 199]) {
    others.push(await hold(rival.queueToken, { scheduleId, seatNumber }));
  }
  const over = await hold(token, { scheduleId, seatNumbers: [197, 200] });
  t.match(over.body, { code: 'SEAT_LIMIT_REACHED' }, 'the limit is decided before the seats');
  t.equal((await api.call('GET', '/me', { token: accessToken })).status, 200);
});

t.test(
  'one seat is reserved by concert and number, with a schedule, a date or, where there is one, neither',
  async (t) => {
    const { concertId, scheduleId } = await openSale(api);
    const { queueToken: token } = await enter(api, concertId);
    const reserve = (seatNumber: number, body?: object) =>
      api.call('POST', `/concerts/${concertId}/seats/${seatNumber}/reserve`, {
        token,
        ...(body === undefined ? {} : { body }),
      });
    t.match(await reserve(1), { status: 201, body: { scheduleId, seatNumber: 1 } });
    t.match(await reserve(1, {}), { status: 200 });
    const second = await addSchedule(api, concertId, { inDays: 20 });
    const ambiguous = await reserve(2);
    t.match(ambiguous, { status: 400, body: { code: 'SCHEDULE_AMBIGUOUS' } });
    const schedules = ambiguous.body['schedules'] as { scheduleId: number; date: string }[];
    t.strictSame(
      schedules.map((each) => each.scheduleId),
      [scheduleId, second],
    );
    t.match(await reserve(2, { date: schedules[1]?.date }), { status: 201, body: { scheduleId: second } });
    t.match(await reserve(2, { scheduleId }), { status: 201, body: { scheduleId } });
    t.match(await reserve(2, { date: '2001-01-01' }), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
    const elsewhere = await openSale(api);
    t.match(await reserve(2, { scheduleId: elsewhere.scheduleId }), {
      status: 404,
      body: { code: 'SCHEDULE_NOT_FOUND' },
    });
  },
);

t.test(
  'a released hold is CANCELLED, its seat free at once; what is not held is refused with its status',
  async (t) => {
    const { concertId, scheduleId } = await openSale(api);
    const [fan, rival] = [await enter(api, concertId), await enter(api, concertId)];
    const { body } = await hold(fan.queueToken, { scheduleId, seatNumber: 1 });
    const path = `/reservations/${String(body['reservationId'])}`;
    const released = await api.call('DELETE', path, { token: fan.accessToken });
    t.equal(released.status, 200);
    t.strictSame(released.body, { ...body, status: 'CANCELLED', seq: Number(body['seq']) + 1 });
    t.strictSame((await api.call('GET', path, { token: fan.accessToken })).body, released.body);
    t.equal((await hold(rival.queueToken, { scheduleId, seatNumber: 1 })).status, 201);
    const twice = await api.call('DELETE', path, { token: fan.accessToken });
    t.match(twice, { status: 409, body: { code: 'RESERVATION_NOT_HELD', reservationStatus: 'CANCELLED' } });
  },
);

t.test('pages are newest first and stable under inserts; damaged and foreign cursors are refused', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, other] = [await enter(api, concertId), await enter(api, concertId)];
  const ids: string[] = [];
  for (const seatNumber of [1, 2, 3]) {
    ids.unshift(String((await hold(fan.queueToken, { scheduleId, seatNumber })).body['reservationId']));
  }
  const page = (query: string, token = fan.accessToken) => api.call('GET', `/me/reservations${query}`, { token });
  const first = await page('?limit=2');
  t.strictSame(
    listOf(first).map(({ reservationId }) => reservationId),
    ids.slice(0, 2),
  );
  const cursor = String(first.body['nextCursor']);
  await hold(fan.queueToken, { scheduleId, seatNumber: 4 });
  const second = await page(`?limit=2&cursor=${cursor}`);
  t.strictSame(
    listOf(second).map(({ reservationId }) => reservationId),
    ids.slice(2),
  );
  t.equal(second.body['nextCursor'], null);
  const foreign: readonly (readonly [string, string])[] = [
    [`?cursor=${cursor}`, other.accessToken],
    [`?cursor=${cursor}&status=HELD`, fan.accessToken],
    [`?cursor=${cursor.slice(0, -1)}`, fan.accessToken],
    [`?cursor=${cursor}A`, fan.accessToken],
    [`?cursor=${cursor.slice(0, 5)}${cursor[5] === 'A' ? 'B' : 'A'}${cursor.slice(6)}`, fan.accessToken],
  ];
  for (const [query, token] of foreign) {
    t.match(await page(query, token), { status: 400, body: { code: 'VALIDATION_FAILED' } }, query);
  }
  for (const list of ['/me/payments', '/me/balance/history']) {
    const answer = await api.call('GET', `${list}?cursor=${cursor}`, { token: fan.accessToken });
    t.equal(answer.status, 400, `${list} does not take a cursor of reservations`);
  }
  t.equal(listOf(await page('?status=HELD')).length, 4);
  t.equal(listOf(await page('?status=CONFIRMED')).length, 0);
});

t.test('seq numbers every change once, and never falls from one answer to the next', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fans = [await enter(api, concertId), await enter(api, concertId)];
  let last = 0;
  const seen = (answer: Answer) => {
    const seq = Number(answer.body['seq']);
    if (Number.isNaN(seq)) return;
    if (seq < last) t.fail(`${seq} after ${last}: ${JSON.stringify(answer.body)}`);
    last = Math.max(last, seq);
  };
  for (let step = 0; step < 40; step += 1) {
    const token = fans[step % 2]?.queueToken ?? '';
    const held = await hold(token, { scheduleId, seatNumber: 1 + (step % 3) });
    // A 200 tells of a hold that stood already, and carries that one's number.
    if (held.status !== 200) seen(held);
    seen(await api.call('GET', `/schedules/${scheduleId}/seats`, { token }));
    if (step % 4 === 3 && held.status === 201) {
      seen(await api.call('DELETE', `/reservations/${String(held.body['reservationId'])}`, { token }));
    }
  }
  const { rows } = await database.pool.query<{ seq: number; changes: number }>(
    `SELECT max(last_seq)::int AS seq, sum(last_seq - first_seq + 1)::int AS changes FROM seat_log WHERE schedule_id = $1`,
    [scheduleId],
  );
  t.strictSame(rows, [{ seq: last, changes: last }], 'the last answer has the last number, and there is no gap');
});

t.test('an unknown reservation is not found by any token of anybody', async (t) => {
  const { concertId } = await openSale(api);
  const fan = await enter(api, concertId);
  for (const token of [fan.accessToken, fan.queueToken]) {
    for (const method of ['GET', 'DELETE']) {
      const answer = await api.call(method, `/reservations/${randomUUID()}`, { token });
      t.match(answer, { status: 404, body: { code: 'RESERVATION_NOT_FOUND' } });
    }
  }
});
