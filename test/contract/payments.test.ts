import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { ApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const HOLD_TTL_MS = 1_200;
const api = await startTestService(t, database, { HOLD_TTL_MS: String(HOLD_TTL_MS), MAX_SEATS_PER_USER: '10' });

type Shopper = Awaited<ReturnType<typeof shopper>>;

async function shopper(concertId: number, charged = 100_000) {
  const fan = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: charged } });
  return fan;
}

async function hold({ queueToken: token }: Shopper, scheduleId: number, ...seatNumbers: number[]): Promise<string[]> {
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers } });
  if (held.status !== 201) throw new Error(`holding was answered with ${held.status}: ${JSON.stringify(held.body)}`);
  return (held.body['reservations'] as { reservationId: string }[]).map(({ reservationId }) => reservationId);
}

function pay(client: ApiClient, token: string, body: object, key?: string) {
  return client.call('POST', '/payments', { token, body, ...(key === undefined ? {} : { key }) });
}

const balanceOf = async ({ accessToken: token }: Shopper) =>
  (await api.call('GET', '/me/balance', { token })).body['balance'];

t.test('each form of the body pays, and the answer is a whole Payment with the balance that is left', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await shopper(concertId);
  const token = fan.accessToken;
  const [one, two, three, four, five] = await hold(fan, scheduleId, 3, 1, 2, 4, 5);
  const first = await pay(api, token, { reservationId: one });
  t.equal(first.status, 201);
  t.strictSame(Object.keys(first.body).sort(), [
    'amount',
    'concertId',
    'paidAt',
    'paymentId',
    'refundedAt',
    'remainingBalance',
    'reservations',
    'scheduleId',
    'status',
  ]);
  t.match(first.body, { status: 'COMPLETED', amount: 1_000, remainingBalance: 99_000, refundedAt: null });
  const [reservation] = first.body['reservations'] as Record<string, unknown>[];
  t.strictSame(Object.keys(reservation ?? {}).sort(), [
    'concertId',
    'confirmedAt',
    'createdAt',
    'epoch',
    'expiresAt',
    'paymentId',
    'price',
    'reservationId',
    'row',
    'scheduleId',
    'seatLabel',
    'seatNumber',
    'section',
    'seq',
    'startsAt',
    'status',
  ]);
  t.match(reservation, { status: 'CONFIRMED', expiresAt: null, paymentId: first.body['paymentId'] });
  t.match(reservation?.['confirmedAt'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.match(await pay(api, token, { reservationId: two, seatNumber: 1 }), { status: 201 });
  t.match(await pay(api, token, { scheduleId, seatNumber: 2 }), {
    status: 201,
    body: { reservations: [{ reservationId: three }] },
  });
  const many = await pay(api, token, { reservationIds: [five, four] });
  t.match(many, { status: 201, body: { amount: 2_000, remainingBalance: 95_000 } });
  const { remainingBalance: _left, ...payment } = many.body;
  t.strictSame((await api.call('GET', `/payments/${String(many.body['paymentId'])}`, { token })).body, payment);
});

t.test(
  'what a payment paid is answered with it again, in any form, also after the queue token has ended',
  async (t) => {
    const { concertId, scheduleId } = await openSale(api);
    const fan = await shopper(concertId);
    const [one, two] = await hold(fan, scheduleId, 1, 2);
    const paid = await pay(api, fan.queueToken, { reservationIds: [one, two] });
    t.equal(paid.status, 201);
    t.match((await api.call('GET', '/queue/status', { token: fan.queueToken })).body, { status: 'COMPLETED' });
    const again = await pay(api, fan.queueToken, { reservationIds: [two, one] });
    t.match(again, { status: 200, body: { paymentId: paid.body['paymentId'], remainingBalance: 98_000 } });
    t.match(await pay(api, fan.queueToken, { reservationId: one }), {
      status: 409,
      body: { code: 'RESERVATION_NOT_HELD' },
    });
    t.equal(await balanceOf(fan), 98_000, 'paid once');
  },
);

t.test('an answer that an earlier payment stands is recorded under its key like every 2xx', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await shopper(concertId);
  const [one] = await hold(fan, scheduleId, 1);
  const paid = await pay(api, fan.accessToken, { reservationId: one });
  const key = randomUUID();
  const again = await pay(api, fan.accessToken, { reservationId: one }, key);
  t.match(again, { status: 200, body: { paymentId: paid.body['paymentId'] } });
  t.match(await pay(api, fan.accessToken, { reservationId: randomUUID() }, key), {
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
  const path = `/payments/${String(paid.body['paymentId'])}/refund`;
  t.equal((await api.call('POST', path, { token: fan.accessToken })).status, 200);
  const replay = await pay(api, fan.accessToken, { reservationId: one }, key);
  t.equal(replay.status, 200);
  t.equal(replay.headers.get('idempotency-replayed'), 'true');
  t.strictSame(replay.body, again.body);
});

t.test('a second refund is answered with the first, and recorded under its key', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await shopper(concertId);
  const [one] = await hold(fan, scheduleId, 1);
  const paid = await pay(api, fan.accessToken, { reservationId: one });
  const path = `/payments/${String(paid.body['paymentId'])}/refund`;
  const refund = (key: string, body?: object) =>
    api.call('POST', path, { token: fan.accessToken, key, ...(body === undefined ? {} : { body }) });
  const [first, second] = [randomUUID(), randomUUID()];
  const refunded = await refund(first);
  t.match(refunded, { status: 200, body: { status: 'REFUNDED', remainingBalance: 100_000 } });
  t.match(refunded.body['reservations'], [{ status: 'REFUNDED', paymentId: paid.body['paymentId'] }]);
  t.match(refunded.body['refundedAt'], /^\d{4}-.*Z$/);
  t.match(await refund(first), { status: 200, body: refunded.body });
  const twice = await refund(second, {});
  t.match(twice, { status: 200, body: refunded.body });
  t.equal(twice.headers.get('idempotency-replayed'), null);
  const charge = await api.call('POST', '/me/balance/charge', {
    token: fan.accessToken,
    key: second,
    body: { amount: 1 },
  });
  t.match(charge, { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  t.equal(await balanceOf(fan), 100_000);
  t.match(await pay(api, fan.accessToken, { reservationId: one }), {
    status: 409,
    body: { code: 'RESERVATION_NOT_HELD' },
  });
  const byQueueToken = await api.call('POST', path, { token: fan.queueToken });
  t.match(byQueueToken, { status: 401, body: { code: 'UNAUTHENTICATED' } }, 'a refund needs an access token');
});

t.test('reservations of two schedules cannot be paid at once, and nothing is', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const second = await addSchedule(api, concertId, { inDays: 11 });
  const fan = await shopper(concertId);
  const [one] = await hold(fan, scheduleId, 1);
  const [two] = await hold(fan, second, 1);
  t.match(await pay(api, fan.queueToken, { reservationIds: [one, two] }), {
    status: 400,
    body: { code: 'PAYMENT_SPANS_SCHEDULES' },
  });
  t.equal(await balanceOf(fan), 100_000);
});

t.test('what is not wholly on hold is refused by what it is: expired, cancelled, mixed', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await shopper(concertId);
  const token = fan.queueToken;
  const [released, paid, expiring] = await hold(fan, scheduleId, 1, 2, 3);
  t.equal((await api.call('DELETE', `/reservations/${released}`, { token })).status, 200);
  t.equal((await pay(api, token, { reservationId: paid })).status, 201);
  t.match(await pay(api, token, { reservationId: released }), { status: 409, body: { code: 'RESERVATION_CANCELLED' } });
  for (const mixture of [
    [released, expiring],
    [expiring, paid],
    [paid, released],
  ]) {
    const answer = await pay(api, token, { reservationIds: mixture });
    t.match(answer, { status: 409, body: { code: 'RESERVATION_NOT_HELD' } }, mixture.join());
  }
  const isOver = async () =>
    (await api.call('GET', `/reservations/${expiring}`, { token })).body['status'] === 'EXPIRED';
  await waitFor(isOver, { what: 'the hold to end' });
  t.match(await pay(api, token, { reservationId: expiring }), { status: 410, body: { code: 'RESERVATION_EXPIRED' } });
  t.match(await pay(api, token, { scheduleId, seatNumber: 3 }), { status: 410, body: { code: 'RESERVATION_EXPIRED' } });
  t.match(await pay(api, token, { reservationIds: [expiring, released] }), {
    status: 409,
    body: { code: 'RESERVATION_NOT_HELD' },
  });
});

t.test('too little money refuses all of it, tells amount and balance, and leaves the holds and the key', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: 60_000 });
  const fan = await shopper(concertId);
  const token = fan.accessToken;
  const ids = await hold(fan, scheduleId, 1, 2);
  const key = randomUUID();
  t.match(await pay(api, token, { reservationIds: ids }, key), {
    status: 400,
    body: { code: 'INSUFFICIENT_BALANCE', amount: 120_000, balance: 100_000 },
  });
  t.match((await api.call('GET', '/me/reservations?status=HELD', { token })).body['reservations'], [{}, {}]);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 20_000 } });
  const paid = await pay(api, token, { reservationIds: ids }, key);
  t.match(paid, { status: 201, body: { remainingBalance: 0 } }, 'the key was free');
});

t.test("somebody else's reservation or payment is exactly like an unknown one", async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, other] = [await shopper(concertId), await shopper(concertId)];
  const [one, two] = await hold(fan, scheduleId, 1, 2);
  const paid = await pay(api, fan.accessToken, { reservationId: one });
  const paymentId = String(paid.body['paymentId']);
  const token = other.accessToken;
  const pairs = [
    ['GET', `/reservations/${one}`, `/reservations/${randomUUID()}`],
    ['DELETE', `/reservations/${two}`, `/reservations/${randomUUID()}`],
    ['GET', `/payments/${paymentId}`, `/payments/${randomUUID()}`],
    ['POST', `/payments/${paymentId}/refund`, `/payments/${randomUUID()}/refund`],
  ] as const;
  for (const [method, foreign, unknown] of pairs) {
    const [first, second] = [await api.call(method, foreign, { token }), await api.call(method, unknown, { token })];
    t.equal(first.status, 404, `${method} ${foreign}`);
    t.strictSame({ ...first.body, instance: '' }, { ...second.body, instance: '' });
  }
  const bodies = [{ reservationId: two }, { reservationIds: [two] }, { scheduleId, seatNumber: 2 }];
  for (const body of bodies) {
    const answer = await pay(api, token, body);
    t.match(answer, { status: 404, body: { code: 'RESERVATION_NOT_FOUND' } }, JSON.stringify(body));
  }
  t.match(await pay(api, token, { reservationIds: [one] }), { status: 404 }, 'a foreign payment is no earlier one');
  t.match(await pay(api, fan.accessToken, { reservationId: two, seatNumber: 1 }), { status: 404 });
});

t.test('from startsAt on nothing is refunded any more', async (t) => {
  const { concertId } = await openSale(api);
  const startsAt = new Date(Date.now() + 900).toISOString();
  const added = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, { startsAt, price: 0 });
  const fan = await shopper(concertId);
  const [one] = await hold(fan, Number(added.body['scheduleId']), 1);
  const paid = await pay(api, fan.accessToken, { reservationId: one });
  t.match(paid, { status: 201, body: { amount: 0, remainingBalance: 100_000 } }, 'a free seat is paid with nothing');
  await waitFor(() => Date.now() > Date.parse(startsAt) + 5, { what: 'the performance to begin' });
  const refund = await api.call('POST', `/payments/${String(paid.body['paymentId'])}/refund`, {
    token: fan.accessToken,
  });
  t.match(refund, { status: 409, body: { code: 'REFUND_CLOSED' } });
});

t.test('a hold stays payable to its holder after the token was given up elsewhere or has ended', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { queue: { activeTtlMs: 1_000 } });
  for (let seat = 1; ; seat += 2) {
    const fan = await shopper(concertId);
    const isExpired = async () =>
      (await api.call('GET', '/queue/status', { token: fan.queueToken })).body['status'] === 'EXPIRED';
    const askedAtMs = performance.now();
    const [one, two] = await hold(fan, scheduleId, seat, seat + 1);
    await waitFor(isExpired, { what: 'the end of the token' });
    const released = await api.call('DELETE', `/reservations/${two}`, { token: fan.queueToken });
    const paid = await pay(api, fan.queueToken, { reservationId: one });
    // On a busy machine the hold itself may have ended by now, which says nothing about the token.
    if (performance.now() - askedAtMs >= HOLD_TTL_MS) continue;
    t.match(released, { status: 200 });
    t.match(paid, { status: 201 });
    return;
  }
});

t.test('payments are listed newest first, by page, and only the caller’s', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, other] = [await shopper(concertId), await shopper(concertId)];
  const ids = await hold(fan, scheduleId, 1, 2, 3);
  const paid: unknown[] = [];
  for (const reservationId of ids) {
    paid.unshift((await pay(api, fan.accessToken, { reservationId })).body['paymentId']);
  }
  const seen: unknown[] = [];
  for (let query: string | null = ''; query !== null; ) {
    const page = await api.call('GET', `/me/payments?limit=2${query}`, { token: fan.accessToken });
    const { payments, nextCursor } = page.as<{ payments: { paymentId: string }[]; nextCursor: string | null }>();
    seen.push(...payments.map(({ paymentId }) => paymentId));
    query = nextCursor === null ? null : `&cursor=${nextCursor}`;
  }
  t.strictSame(seen, paid);
  t.strictSame((await api.call('GET', '/me/payments', { token: other.accessToken })).body, {
    payments: [],
    nextCursor: null,
  });
});
