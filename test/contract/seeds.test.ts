import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Answer, ApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/*
 * What the five documents that the service was asked for in want, each as a test that names the wish. The wishes are named
 * in the order of the documents: 000 flow charts, 001 service design, 002 API specifications, 003 sequence diagrams,
 * 004 requirements.
 */

interface Seat {
  readonly seatNumber: number;
  readonly status: string;
}

function seatsOf(answer: Answer): readonly Seat[] {
  return answer.body['seats'] as readonly Seat[];
}

async function seatOf(api: ApiClient, scheduleId: number, token: string, seatNumber: number): Promise<string> {
  const map = await api.call('GET', `/schedules/${scheduleId}/seats`, { token });
  return seatsOf(map)[seatNumber - 1]?.status ?? `no map: ${map.status}`;
}

// Much of the time goes by in waiting for tokens and holds to end.
t.jobs = 2;

t.test('토큰 발급: the existing live token is returned, by both spellings, however often', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId } = await openSale(api);
  const { accessToken: token, userId } = await register(api);
  const first = await api.call('POST', '/queue/tokens', { token, body: { concertId } });
  t.equal(first.status, 201);
  t.match(first.body, { userId, concertId, status: 'ACTIVE', queuePosition: 0 });
  for (const path of ['/queue/tokens', '/queue/token']) {
    const again = await api.call('POST', path, { token, body: { concertId, userId } });
    t.equal(again.status, 200);
    t.equal(again.body['token'], first.body['token']);
  }
});

t.test('사용자 정보가 존재하지 않습니다: an unknown user gets no token', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const { concertId } = await openSale(api);
  const { accessToken, userId } = await register(api);
  t.match(await api.call('POST', '/queue/tokens', { body: { concertId } }), {
    status: 401,
    body: { code: 'UNAUTHENTICATED' },
  });
  const other = await api.call('POST', '/queue/tokens', {
    token: accessToken,
    body: { concertId, userId: randomUUID() },
  });
  t.match(other, { status: 403, body: { code: 'FORBIDDEN' } });
  await api.close();
  await database.pool.query('DELETE FROM wallets');
  await database.pool.query('DELETE FROM users WHERE user_id = $1', [userId]);
  const anew = await startTestService(t, database);
  const gone = await anew.call('POST', '/queue/tokens', { token: accessToken, body: { concertId } });
  t.match(gone, { status: 404, body: { code: 'USER_NOT_FOUND', detail: '사용자 정보가 존재하지 않습니다' } });
});

t.test(
  '대기 순서: position and estimated wait are learnt by polling; who is next is let in as a slot comes free',
  async (t) => {
    const api = await startTestService(t, await createTestDatabase(t));
    const { concertId } = await openSale(api, { queue: { maxActive: 1, batch: 100, intervalMs: 100 } });
    const [shopper, next, last] = [
      await enter(api, concertId),
      await enter(api, concertId),
      await enter(api, concertId),
    ];
    const poll = (token: string) => api.call('GET', '/queue/status', { token });
    t.match((await poll(next.queueToken)).body, { status: 'WAITING', queuePosition: 1, estimatedWaitTime: 30 });
    t.match((await poll(last.queueToken)).body, { status: 'WAITING', queuePosition: 2, estimatedWaitTime: 60 });
    const byPath = await api.call('GET', `/queue/tokens/${last.queueToken}/position`);
    t.match(byPath.body, { queuePosition: 2 }, 'the same by path');
    t.equal((await api.call('DELETE', `/queue/tokens/${shopper.queueToken}`)).status, 204);
    await waitFor(async () => (await poll(next.queueToken)).body['status'] === 'ACTIVE', { what: 'the admission' });
    t.match((await poll(last.queueToken)).body, { queuePosition: 1 });
    t.match((await poll(shopper.queueToken)).body, { status: 'CANCELLED', queuePosition: null });
  },
);

t.test('활성화: a token is activated on its request only when its turn has come', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId } = await openSale(api, { queue: { maxActive: 1, batch: 100, intervalMs: 100 } });
  const [shopper, waiting] = [await enter(api, concertId), await enter(api, concertId)];
  const activate = (token: string) => api.call('PATCH', `/queue/tokens/${token}/activate`);
  t.match(await activate(shopper.queueToken), { status: 200, body: { status: 'ACTIVE' } });
  t.match(await activate(waiting.queueToken), {
    status: 409,
    body: { code: 'QUEUE_NOT_YOUR_TURN', queuePosition: 1, estimatedWaitTime: 30 },
  });
  const guarded = await api.call('GET', `/concerts/${concertId}/schedules`, { token: waiting.queueToken });
  t.match(guarded, { status: 403, body: { code: 'QUEUE_NOT_ACTIVE', queuePosition: 1 } });
  await api.call('DELETE', `/queue/tokens/${shopper.queueToken}`);
  await waitFor(async () => (await activate(waiting.queueToken)).status === 200, { what: 'the turn' });
  t.match(await activate(shopper.queueToken), { status: 401, body: { code: 'QUEUE_TOKEN_CANCELLED' } });
});

t.test(
  '입장 정책: ten at a time up to a hundred by default, five with five minutes or an hour as configured',
  async (t) => {
    const database = await createTestDatabase(t);
    const api = await startTestService(t, database);
    const concert = await api.admin('POST', '/admin/concerts', {
      title: 'a',
      artist: 'b',
      venue: 'c',
      bookingOpensAt: '2020-01-01T00:00:00.000Z',
      bookingClosesAt: '2100-01-01T00:00:00.000Z',
    });
    const concertId = concert.body['concertId'] as number;
    const fans = [];
    for (let count = 0; count < 12; count += 1) fans.push(await enter(api, concertId));
    const queue = (await api.call('GET', `/concerts/${concertId}`)).body['queue'];
    t.match(
      queue,
      { active: 10, waiting: 2, maxActive: 100, paused: false },
      'ten at once, the others wait for the window',
    );
    const admitted = await api.call('GET', '/queue/status', { token: fans[0]?.queueToken ?? '' });
    const { activatedAt, activeUntil } = admitted.as<{ activatedAt: string; activeUntil: string }>();
    t.equal(Date.parse(activeUntil) - Date.parse(activatedAt), 3_600_000, 'an hour');

    const five = await openSale(api, { queue: { maxActive: 5, batch: 5, intervalMs: 60_000, activeTtlMs: 300_000 } });
    const tokens = [];
    for (let count = 0; count < 7; count += 1) tokens.push((await enter(api, five.concertId)).queueToken);
    const statuses = await Promise.all(tokens.map((token) => api.call('GET', '/queue/status', { token })));
    t.strictSame(
      statuses.map(({ body }) => body['status']),
      [...Array<string>(5).fill('ACTIVE'), 'WAITING', 'WAITING'],
    );
    const shown = statuses[0]?.body as { activatedAt: string; activeUntil: string };
    t.equal(Date.parse(shown.activeUntil) - Date.parse(shown.activatedAt), 300_000, 'five minutes');
  },
);

t.test('토큰 만료: an active token ends with its time, and buys nothing more', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId, scheduleId } = await openSale(api, { queue: { activeTtlMs: 1_000 } });
  const fan = await enter(api, concertId);
  const token = fan.queueToken;
  await waitFor(async () => (await api.call('GET', '/queue/status', { token })).body['status'] === 'EXPIRED', {
    what: 'the end',
  });
  const refused = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  t.match(refused, { status: 401, body: { code: 'QUEUE_TOKEN_EXPIRED' } });
  const anew = await api.call('POST', '/queue/tokens', { token: fan.accessToken, body: { concertId } });
  t.equal(anew.status, 201, 'who wants more queues again');
});

t.test('예약 가능 날짜: only dates with seats left are shown, and none at all is not found', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId, scheduleId } = await openSale(api, { seatCount: 1 });
  const second = await addSchedule(api, concertId, { inDays: 11, seatCount: 2 });
  const { queueToken: token } = await enter(api, concertId);
  const dates = async (query = '') => {
    const { body } = await api.call('GET', `/concerts/${concertId}/schedules${query}`, { token });
    return (body['schedules'] as { scheduleId: number; availableSeats: number }[]).map((schedule) => [
      schedule.scheduleId,
      schedule.availableSeats,
    ]);
  };
  t.strictSame(await dates(), [
    [scheduleId, 1],
    [second, 2],
  ]);
  await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  t.strictSame(await dates(), [[second, 2]], 'a hold lowers the seats left at once');
  t.strictSame(await dates('?all=true'), [
    [scheduleId, 0],
    [second, 2],
  ]);
  const concert = await api.admin('POST', '/admin/concerts', {
    title: 'a',
    artist: 'b',
    venue: 'c',
    bookingOpensAt: '2020-01-01T00:00:00.000Z',
    bookingClosesAt: '2100-01-01T00:00:00.000Z',
  });
  const empty = concert.body['concertId'] as number;
  const { queueToken } = await enter(api, empty);
  const none = await api.call('GET', `/concerts/${empty}/schedules`, { token: queueToken });
  t.match(none, { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
});

t.test('예약 가능 좌석: seats 1 to 50 of a date, by both spellings', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const schedules = await api.call('GET', `/concerts/${concertId}/schedules`, { token });
  const [{ date }] = schedules.body['schedules'] as [{ date: string }];
  const map = await api.call('GET', `/schedules/${scheduleId}/seats`, { token });
  t.strictSame(
    seatsOf(map).map(({ seatNumber }) => seatNumber),
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
  const byDate = await api.call('GET', `/concerts/${concertId}/seats?date=${date}`, { token });
  t.strictSame(byDate.body, map.body);
  t.strictSame((await api.call('GET', `/concerts/${concertId}/seats`, { token })).body, map.body);
  t.match(await api.call('GET', `/concerts/${concertId}/seats?date=2020-01-01`, { token }), { status: 404 });
  await api.call('POST', `/concerts/${concertId}/seats/15/reserve`, { token });
  const free = await api.call('GET', `/schedules/${scheduleId}/seats?status=AVAILABLE`, { token });
  t.equal(seatsOf(free).length, 49);
  await addSchedule(api, concertId, { inDays: 20 });
  t.match(await api.call('GET', `/concerts/${concertId}/seats`, { token }), {
    status: 400,
    body: { code: 'SCHEDULE_AMBIGUOUS' },
  });
});

t.test(
  '임시 배정: a hold keeps the seat for its time, then frees itself, also on read and on the next attempt',
  async (t) => {
    const api = await startTestService(
      t,
      await createTestDatabase(t),
      { HOLD_TTL_MS: '1000' },
      { isExpiryTimerOn: false },
    );
    const { concertId, scheduleId } = await openSale(api);
    const [fan, rival] = [await enter(api, concertId), await enter(api, concertId)];
    const hold = (token: string) => api.call('POST', `/concerts/${concertId}/seats/15/reserve`, { token });
    const held = await hold(fan.queueToken);
    t.match(held, { status: 201, body: { status: 'HELD', seatNumber: 15 } });
    const { createdAt, expiresAt } = held.as<{ createdAt: string; expiresAt: string }>();
    t.equal(Date.parse(expiresAt) - Date.parse(createdAt), 1_000);
    t.match(await hold(rival.queueToken), {
      status: 409,
      body: { code: 'SEAT_TAKEN', detail: '이미 예약된 좌석입니다', seatNumbers: [15] },
    });
    await waitFor(async () => (await hold(rival.queueToken)).status === 201, {
      what: 'the seat to come free on the next attempt',
    });
    await waitFor(async () => (await seatOf(api, scheduleId, fan.queueToken, 15)) === 'AVAILABLE', {
      what: 'it to be free on read',
    });
    const mine = await api.call('GET', '/me/reservations', { token: fan.queueToken });
    t.match(mine.body['reservations'], [{ status: 'EXPIRED', seatNumber: 15 }]);
  },
);

t.test(
  '잔액: charging answers with the previous and the current amount, and the ledger’s last line is the balance',
  async (t) => {
    const api = await startTestService(t, await createTestDatabase(t));
    const { accessToken: token, userId } = await register(api);
    t.match((await api.call('GET', '/me/balance', { token })).body, { userId, balance: 0 });
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 50_000 } });
    const charged = await api.call('POST', '/me/balance/charge', { token, body: { amount: 100_000, userId } });
    t.match(charged, { status: 200, body: { previousBalance: 50_000, currentBalance: 150_000 } });
    const { body } = await api.call('GET', '/me/balance/history', { token });
    t.match(body['entries'], [
      { type: 'CHARGE', amount: 100_000, balanceAfter: 150_000 },
      { type: 'CHARGE', amount: 50_000, balanceAfter: 50_000 },
    ]);
    t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 150_000 });
    const foreign = await api.call('POST', '/me/balance/charge', { token, body: { amount: 1, userId: randomUUID() } });
    t.match(foreign, { status: 403, body: { code: 'FORBIDDEN' } });
  },
);

t.test('결제: short of money, expired, unknown, then paid in one transaction that ends the token', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t), { HOLD_TTL_MS: '1500' });
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const token = fan.queueToken;
  const hold = async (seatNumber: number) => {
    const { body } = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
    return body['reservationId'] as string;
  };
  const pay = (body: object) => api.call('POST', '/payments', { token, body });
  const lost = await hold(1);
  t.match(await pay({ reservationId: lost }), {
    status: 400,
    body: { code: 'INSUFFICIENT_BALANCE', detail: '잔액이 부족합니다', amount: 1_000, balance: 0 },
  });
  t.equal(await seatOf(api, scheduleId, token, 1), 'HELD', 'the hold stays for the rest of its time');
  await waitFor(async () => (await seatOf(api, scheduleId, token, 1)) === 'AVAILABLE', { what: 'the hold to end' });
  t.match(await pay({ reservationId: lost }), {
    status: 410,
    body: { code: 'RESERVATION_EXPIRED', detail: '예약 시간이 만료되었습니다' },
  });
  t.match(await pay({ reservationId: randomUUID() }), { status: 404, body: { code: 'RESERVATION_NOT_FOUND' } });
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  const reservationId = await hold(2);
  t.match(await pay({ reservationId, seatNumber: 3 }), { status: 404 }, 'the seat number must match');
  const paid = await pay({ reservationId, seatNumber: 2 });
  t.match(paid, { status: 201, body: { status: 'COMPLETED', amount: 1_000, remainingBalance: 4_000 } });
  t.match(paid.body['reservations'], [{ status: 'CONFIRMED', seatNumber: 2, expiresAt: null }]);
  t.match((await api.call('GET', '/queue/status', { token })).body, { status: 'COMPLETED' });
  t.match(await pay({ reservationId }), { status: 200, body: { paymentId: paid.body['paymentId'] } }, 'paid is paid');
  const { body } = await api.call('GET', '/me/payments', { token });
  t.match(body['payments'], [{ paymentId: paid.body['paymentId'], status: 'COMPLETED' }], 'the payment history');
});

t.test('환불과 취소: a payment is refunded once, a hold is released', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const viewer = await enter(api, concertId);
  const { accessToken, queueToken: token } = fan;
  const first = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  const released = await api.call('DELETE', `/reservations/${String(first.body['reservationId'])}`, { token });
  t.match(released, { status: 200, body: { status: 'CANCELLED' } });
  const repeated = await api.call('DELETE', `/reservations/${String(first.body['reservationId'])}`, { token });
  t.match(repeated, { status: 409, body: { code: 'RESERVATION_NOT_HELD', reservationStatus: 'CANCELLED' } });

  await api.call('POST', '/me/balance/charge', { token, body: { amount: 1_000 } });
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  const paid = await api.call('POST', '/payments', { token, body: { reservationId: held.body['reservationId'] } });
  const refund = () => api.call('POST', `/payments/${String(paid.body['paymentId'])}/refund`, { token: accessToken });
  t.match(await refund(), { status: 200, body: { status: 'REFUNDED' } });
  t.match(await refund(), { status: 200, body: { status: 'REFUNDED' } });
  t.match((await api.call('GET', '/me/balance', { token: accessToken })).body, { balance: 1_000 });
  t.equal(await seatOf(api, scheduleId, viewer.queueToken, 1), 'AVAILABLE');
});

t.test('동시성: of a hundred users on one seat exactly one gets it', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { concertId, scheduleId } = await openSale(api);
  const fans = await Promise.all(Array.from({ length: 100 }, () => enter(api, concertId)));
  const answers = await Promise.all(
    fans.map(({ queueToken: token }) =>
      api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 25 } }),
    ),
  );
  t.equal(answers.filter(({ status }) => status === 201).length, 1);
  t.equal(answers.filter(({ status, body }) => status === 409 && body.code === 'SEAT_TAKEN').length, 99);
});
