import t from 'tap';
import { startFakeService } from './fake-service.ts';

t.test('a fan registers, queues, looks, holds, charges, pays and refunds', async (t) => {
  const { call, register, room } = await startFakeService(t);
  const fan = await register('민지');
  t.match(fan, { userId: /^[0-9a-f-]{36}$/, accessToken: /^ey/ });

  const me = await call('GET', '/me', { token: fan.accessToken });
  t.equal(me.statusCode, 200);
  t.same(Object.keys(me.json()), ['userId', 'name', 'email', 'createdAt']);

  const available = await call('GET', '/concerts/available');
  t.same(
    available.json<{ concerts: { concertId: number }[] }>().concerts.map(({ concertId }) => concertId),
    [4, 2, 1],
    'concerts that open tomorrow are not bookable; the newest comes first',
  );

  const entered = await call('POST', '/queue/tokens', { token: fan.accessToken, body: { concertId: 2 } });
  t.equal(entered.statusCode, 201);
  const { token } = entered.json<{ token: string }>();
  t.match(entered.json(), { status: 'ACTIVE', queuePosition: 0, concertId: 2, userId: fan.userId, endedAt: null });
  const again = await call('POST', '/queue/token', { token: fan.accessToken, body: { concertId: 2 } });
  t.equal(again.statusCode, 200, 'the live token is given again');
  t.equal(again.json<{ token: string }>().token, token);

  const schedules = await call('GET', '/concerts/2/schedules', { token });
  t.match(schedules.json(), { concertId: 2, schedules: [{ scheduleId: 3, totalSeats: 10, availableSeats: 10 }] });

  const held = await call('POST', '/reservations', { token, body: { scheduleId: 3, seatNumber: 7 } });
  t.equal(held.statusCode, 201, held.body);
  const reservation = held.json<{ reservationId: string }>();
  t.same(Object.keys(reservation), [
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

  const map = await call('GET', '/schedules/3/seats', { token });
  t.match(map.json(), { scheduleId: 3, epoch: 1, seq: 1, availableSeats: 9 });
  t.match(map.json<{ seats: object[] }>().seats[6], { seatNumber: 7, status: 'HELD', price: 50_000, mine: true });

  const poor = await call('POST', '/payments', { token, body: { reservationId: reservation.reservationId } });
  t.equal(poor.statusCode, 400);
  t.match(poor.json(), { code: 'INSUFFICIENT_BALANCE', amount: 50_000, balance: 0, detail: '잔액이 부족합니다' });

  const charged = await call('POST', '/me/balance/charge', { token, body: { amount: 100_000 } });
  t.match(charged.json(), { entryId: 1, previousBalance: 0, currentBalance: 100_000 });

  const paid = await call('POST', '/payments', { token, body: { reservationId: reservation.reservationId } });
  t.equal(paid.statusCode, 201, paid.body);
  t.match(paid.json(), { status: 'COMPLETED', amount: 50_000, remainingBalance: 50_000, refundedAt: null });
  t.match(paid.json<{ reservations: object[] }>().reservations, [
    { status: 'CONFIRMED', expiresAt: null, seatNumber: 7 },
  ]);
  t.same(room.notes, [`completed ${fan.userId} 2`], 'the queue token ends with the payment');

  const refused = await call('GET', '/schedules/3/seats', { token });
  t.equal(refused.statusCode, 401);
  t.match(refused.json(), { code: 'QUEUE_TOKEN_COMPLETED' });
  t.equal((await call('GET', '/queue/status', { token })).json<{ status: string }>().status, 'COMPLETED');

  const { paymentId } = paid.json<{ paymentId: string }>();
  const refunded = await call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken });
  t.equal(refunded.statusCode, 200, refunded.body);
  t.match(refunded.json(), { status: 'REFUNDED', remainingBalance: 100_000 });
  const twice = await call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken, body: {} });
  t.equal(twice.statusCode, 200);
  t.match(twice.json(), { status: 'REFUNDED', remainingBalance: 100_000 });

  const history = await call('GET', '/me/balance/history', { token: fan.accessToken });
  t.match(history.json(), { entries: [{ type: 'REFUND' }, { type: 'PAYMENT' }, { type: 'CHARGE' }], nextCursor: null });
  const payments = await call('GET', '/me/payments', { token: fan.accessToken });
  t.match(payments.json(), { payments: [{ paymentId, status: 'REFUNDED' }], nextCursor: null });
});

t.test('operations answer at the root', async (t) => {
  const { call } = await startFakeService(t);
  t.same((await call('GET', '//healthz')).json(), { status: 'ok' });
  t.same((await call('GET', '//readyz')).json(), { status: 'ready', degraded: [] });
  const metrics = await call('GET', '//metrics');
  t.match(metrics.headers['content-type'], /^text\/plain/);
  t.match(metrics.body, /nodejs_eventloop_lag/);
  t.match(metrics.body, /http_request_duration_seconds_count\{method="GET",route="\/healthz",status="2xx"\} 1/);
  t.match((await call('GET', '//openapi.json')).json(), { openapi: '3.1.0' });
  const docs = await call('GET', '//docs');
  t.equal(docs.statusCode, 200);
  t.match(docs.headers['content-security-policy'], /script-src 'self';/);
});
