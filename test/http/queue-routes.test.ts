import t from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import { failure, refuse } from './fake-sales.ts';
import { startFakeService } from './fake-service.ts';

t.test('a place in the queue is read by header and by path, also when it has ended', async (t) => {
  const { call, register, enter, catalogue, room } = await startFakeService(t);
  await catalogue.changeQueuePolicy(1, { maxActive: 0 });
  const first = await enter(await register());
  const second = await enter(await register());
  const byPath = await call('GET', `/queue/tokens/${second}/position`);
  t.match(byPath.json(), { token: second, status: 'WAITING', queuePosition: 2, estimatedWaitTime: null });
  t.same((await call('GET', '/queue/status', { token: second })).json(), byPath.json());
  t.match((await call('PATCH', `/queue/tokens/${second}/activate`)).json(), {
    status: 409,
    code: 'QUEUE_NOT_YOUR_TURN',
    queuePosition: 2,
    estimatedWaitTime: null,
  });
  await catalogue.changeQueuePolicy(1, { maxActive: 1 });
  t.match((await call('PATCH', `/queue/tokens/${first}/activate`, { body: {} })).json(), { status: 'ACTIVE' });
  t.match((await call('PATCH', `/queue/tokens/${first}/activate`)).json(), { status: 'ACTIVE', queuePosition: 0 });
  room.end(first, 'EXPIRED');
  t.match((await call('PATCH', `/queue/tokens/${first}/activate`)).json(), {
    status: 401,
    code: 'QUEUE_TOKEN_EXPIRED',
  });
  t.match((await call('GET', `/queue/tokens/${first}/position`)).json(), { status: 'EXPIRED', queuePosition: null });
});

t.test('a poll asks the room once, and not at all under a forged token or too often', async (t) => {
  const { call, register, enter, room } = await startFakeService(t, { options: { rateLimitPerMinute: 3 } });
  const token = await enter(await register());
  let asked = 0;
  const { identify, status } = room;
  Object.assign(room, {
    identify: (text: string) => (asked++, identify(text)),
    status: (text: string) => (asked++, status(text)),
  });
  t.match((await call('GET', '/queue/status', { token })).json(), { token, status: 'ACTIVE' });
  t.equal(asked, 1);
  t.match((await call('GET', '/queue/status', { token: `${token}x` })).json(), { code: 'UNAUTHENTICATED' });
  t.equal(asked, 1);
  const codes = [await call('GET', '/queue/status', { token }), await call('GET', '/queue/status', { token })].map(
    ({ statusCode }) => statusCode,
  );
  t.same(codes, [200, 429], 'the entry counted too');
  t.equal(asked, 2);
});

t.test('leaving ends the token first, then its holds, and can be repeated', async (t) => {
  const { call, shopper, sales, room, enter } = await startFakeService(t);
  const fan = await shopper();
  for (const scheduleId of [1, 2]) {
    await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 5 } });
  }
  sales.before = async (command) => {
    if (command.type === 'EndToken') t.equal(room.places.get(fan.queueToken)?.status, 'CANCELLED');
    return null;
  };
  const left = await call('DELETE', `/queue/tokens/${fan.queueToken}`);
  t.equal(left.statusCode, 204);
  t.equal(left.body, '');
  t.same(
    [...sales.rows.reservations.values()].map(({ status }) => status),
    ['CANCELLED', 'CANCELLED'],
  );
  const next = await enter(fan);
  await call('POST', '/reservations', { token: next, body: { scheduleId: 1, seatNumber: 6 } });
  t.equal((await call('DELETE', `/queue/tokens/${fan.queueToken}`)).statusCode, 204);
  t.equal([...sales.rows.reservations.values()].at(-1)?.status, 'HELD', 'holds of a later token are left alone');
});

t.test('leaving that could not cancel its holds says that the outcome is unknown', async (t) => {
  const { call, shopper, sales, dependencies } = await startFakeService(t);
  const fan = await shopper();
  await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId: 1, seatNumber: 5 } });
  sales.before = async () => failure('OWNER_UNAVAILABLE', 'none');
  const answer = await call('DELETE', `/queue/tokens/${fan.queueToken}`);
  t.match(answer.json(), { status: 503, code: 'OWNER_UNAVAILABLE', outcome: 'unknown' });
  const other = await shopper();
  Object.assign(dependencies.reservations, {
    findDatesOfEnd: () => Promise.reject(new Fault('STORE_UNAVAILABLE', 'none')),
  });
  t.match((await call('DELETE', `/queue/tokens/${other.queueToken}`)).json(), {
    code: 'STORE_UNAVAILABLE',
    outcome: 'unknown',
  });
});

t.test('leaving again cancels the holds that a former attempt could not, and no later ones', async (t) => {
  const { call, shopper, sales, enter, time } = await startFakeService(t);
  const fan = await shopper();
  const statuses = () => [...sales.rows.reservations.values()].map(({ status }) => status);
  const leave = async () => (await call('DELETE', `/queue/tokens/${fan.queueToken}`)).statusCode;
  for (const scheduleId of [1, 2]) {
    await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 5 } });
  }
  time.nowMs += 1_000;
  sales.before = async () => failure('OWNER_UNAVAILABLE', 'none');
  t.equal(await leave(), 503);
  t.equal(await leave(), 503, 'as long as they cannot be cancelled');
  t.same(statuses(), ['HELD', 'HELD']);
  sales.before = async ({ scheduleId }) =>
    scheduleId === 1 ? refuse('RESERVATION_NOT_HELD', { status: 'CONFIRMED' }) : null;
  t.equal(await leave(), 204, 'what a payment has won is no failure');
  t.same(statuses(), ['HELD', 'CANCELLED']);
  sales.before = null;
  t.equal(await leave(), 204);
  t.same(statuses(), ['CANCELLED', 'CANCELLED']);
  const next = await enter(fan);
  await call('POST', '/reservations', { token: next, body: { scheduleId: 1, seatNumber: 6 } });
  t.equal(await leave(), 204);
  t.equal(statuses().at(-1), 'HELD');
});

t.test('a token that ended otherwise gives up nothing when its holder leaves', async (t) => {
  const { call, shopper, sales, room } = await startFakeService(t);
  const fan = await shopper();
  await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId: 1, seatNumber: 5 } });
  room.end(fan.queueToken, 'EXPIRED');
  t.equal((await call('DELETE', `/queue/tokens/${fan.queueToken}`)).statusCode, 204);
  t.same(
    [...sales.rows.reservations.values()].map(({ status }) => status),
    ['HELD'],
    'a live hold stays payable until it ends',
  );
});

t.test("a body may name the caller's own id and nobody else's", async (t) => {
  const { call, register } = await startFakeService(t);
  const fan = await register();
  const other = await register();
  const token = fan.accessToken;
  const own = await call('POST', '/queue/tokens', { token, body: { concertId: 1, userId: fan.userId } });
  t.equal(own.statusCode, 201);
  const theirs = await call('POST', '/queue/tokens', { token, body: { concertId: 99, userId: other.userId } });
  t.match(theirs.json(), { status: 403, code: 'FORBIDDEN' });
  const charged = await call('POST', '/me/balance/charge', { token, body: { amount: 1, userId: fan.userId } });
  t.equal(charged.statusCode, 200);
  const charging = await call('POST', '/me/balance/charge', { token, body: { amount: 1, userId: other.userId } });
  t.match(charging.json(), { status: 403, code: 'FORBIDDEN' });
});

t.test('a wallet has a limit', async (t) => {
  const { call, register, sales } = await startFakeService(t);
  const fan = await register();
  sales.rows.entries.set(fan.userId, [
    {
      entryId: 1,
      type: 'CHARGE',
      amount: 1,
      balanceAfter: 999_999_999_999,
      paymentId: null,
      description: '',
      createdAt: '2026-11-20T03:00:00.000Z',
    },
  ]);
  const charge = (amount: number) => call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount } });
  t.match((await charge(2)).json(), { status: 409, code: 'BALANCE_LIMIT' });
  t.match((await charge(1)).json(), { previousBalance: 999_999_999_999, currentBalance: 1_000_000_000_000 });
});

t.test('an email address belongs to one user, whatever its letter case', async (t) => {
  const { call } = await startFakeService(t);
  const register = (email: string) => call('POST', '/users', { body: { name: '\u1112\u1161\u11ab ', email } });
  const first = await register('Minji@Example.com');
  t.match(first.json(), { name: '한', email: 'Minji@Example.com' }, 'names are stored in one spelling');
  t.match((await register('minji@example.com')).json(), { status: 409, code: 'EMAIL_TAKEN' });
});
