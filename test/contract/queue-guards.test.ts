import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, register, startTestService, type TestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const EVERYTHING = { QUEUE_GUARDS: 'all' };

const READS = ['/me/balance', '/me/balance/history', '/me/payments', '/payments/01990000-0000-7000-8000-000000000000'];

async function hold(api: TestService, token: string, scheduleId: number, seatNumber: number): Promise<string> {
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
  return String(held.body['reservationId']);
}

function pay(api: TestService, token: string, reservationId: string) {
  return api.call('POST', '/payments', { token, body: { reservationId } });
}

/** A fan whose admission has ended by its time, with a live hold. */
async function expiredHolder(api: TestService, seatNumber: number) {
  const hall = await openSale(api, { queue: { activeTtlMs: 1_000 } });
  const fan = await enter(api, hall.concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.queueToken, body: { amount: 10_000 } });
  const reservationId = await hold(api, fan.queueToken, hall.scheduleId, seatNumber);
  await waitFor(
    async () =>
      (await api.call('GET', '/queue/status', { token: fan.queueToken })).body['status'] === 'EXPIRED' || null,
    { what: 'the end of the token' },
  );
  return { ...hall, ...fan, reservationId };
}

t.test('with QUEUE_GUARDS=all the wallet and payments ask for an active queue token, as the seats do', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t), EVERYTHING);
  const hall = await openSale(api, { queue: { maxActive: 1 } });
  const active = await enter(api, hall.concertId);
  const waiting = await enter(api, hall.concertId);
  const gone = await enter(api, hall.concertId);
  await api.call('DELETE', `/queue/tokens/${gone.queueToken}`);
  const refusals = [
    [active.accessToken, 401, 'UNAUTHENTICATED'],
    [waiting.queueToken, 403, 'QUEUE_NOT_ACTIVE'],
    [gone.queueToken, 401, 'QUEUE_TOKEN_CANCELLED'],
  ] as const;
  const body = { amount: 1_000 };
  for (const [token, status, code] of refusals) {
    for (const path of READS) t.match(await api.call('GET', path, { token }), { status, body: { code } }, path);
    t.match(await api.call('POST', '/me/balance/charge', { token, body }), { status, body: { code } }, code);
    t.match(await pay(api, token, '01990000-0000-7000-8000-000000000000'), { status, body: { code } }, code);
  }
  const { queueToken: token } = active;
  t.match(await api.call('POST', '/me/balance/charge', { token, body }), { status: 200 });
  for (const path of READS.slice(0, 3)) t.match(await api.call('GET', path, { token }), { status: 200 }, path);
  t.match(await pay(api, token, await hold(api, token, hall.scheduleId, 1)), { status: 201 });
});

t.test('a payment takes the token of its concert; a payment and a charge that were made are given again', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t), EVERYTHING);
  const [one, two] = [await openSale(api), await openSale(api)];
  const fan = await register(api);
  const first = await enter(api, one.concertId, fan);
  const second = await enter(api, two.concertId, fan);
  const { queueToken: token } = first;
  const charge = () => api.call('POST', '/me/balance/charge', { token, key: 'charge', body: { amount: 1_000 } });
  await charge();
  const reservationId = await hold(api, token, one.scheduleId, 1);
  t.match(await pay(api, second.queueToken, reservationId), { status: 403, body: { code: 'QUEUE_WRONG_CONCERT' } });
  const paid = await pay(api, token, reservationId);
  t.equal(paid.status, 201);
  t.match(await api.call('GET', '/me/balance', { token }), { status: 401, body: { code: 'QUEUE_TOKEN_COMPLETED' } });
  t.match(await pay(api, token, reservationId), { status: 200, body: { paymentId: paid.body['paymentId'] } });
  const again = await charge();
  t.match([again.status, again.headers.get('idempotency-replayed')], [200, 'true']);
  const refund = `/payments/${String(paid.body['paymentId'])}/refund`;
  t.match(await api.call('POST', refund, { token: fan.accessToken }), { status: 200 }, 'money that is due');
});

t.test('a live hold stays payable with the token that granted it, and with no later one', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t), EVERYTHING);
  const holder = await expiredHolder(api, 1);
  t.match(await api.call('GET', '/me/balance', { token: holder.queueToken }), {
    status: 401,
    body: { code: 'QUEUE_TOKEN_EXPIRED' },
  });
  await api.admin('PATCH', `/admin/concerts/${holder.concertId}/queue`, { maxActive: 0 });
  const later = await enter(api, holder.concertId, holder);
  t.match(await pay(api, later.queueToken, holder.reservationId), {
    status: 403,
    body: { code: 'QUEUE_NOT_ACTIVE' },
  });
  t.match(await pay(api, holder.queueToken, holder.reservationId), { status: 201 });
});

t.test('an ended token pays for no hold that was made after its end', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t), EVERYTHING);
  const hall = await openSale(api);
  const fan = await register(api);
  const first = await enter(api, hall.concertId, fan);
  await api.call('POST', '/me/balance/charge', { token: first.queueToken, body: { amount: 10_000 } });
  await api.call('DELETE', `/queue/tokens/${first.queueToken}`);
  const second = await enter(api, hall.concertId, fan);
  const reservationId = await hold(api, second.queueToken, hall.scheduleId, 1);
  t.match(await pay(api, first.queueToken, reservationId), { status: 401, body: { code: 'QUEUE_TOKEN_CANCELLED' } });
  t.match(await pay(api, second.queueToken, reservationId), { status: 201 });
});

t.test('by default the wallet and payments take the access token', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const { accessToken: token } = await register(api);
  for (const path of READS.slice(0, 3)) t.match(await api.call('GET', path, { token }), { status: 200 }, path);
});
