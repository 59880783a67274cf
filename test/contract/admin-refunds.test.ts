import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { fillWallet } from '../fixtures/full-wallet.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const PRICE = 1_000;
const RACES = 50;

interface Buyer {
  readonly userId: string;
  readonly accessToken: string;
  readonly queueToken: string;
}

async function pay(fan: Buyer, scheduleId: number, ...seatNumbers: number[]): Promise<string> {
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumbers } });
  const { reservations } = held.as<{ reservations: { reservationId: string }[] }>();
  const reservationIds = reservations.map(({ reservationId }) => reservationId);
  const paid = await api.call('POST', '/payments', { token: fan.accessToken, body: { reservationIds } });
  return String(paid.body['paymentId']);
}

async function buy(concertId: number, scheduleId: number, ...seatNumbers: number[]) {
  const fan = await enter(api, concertId);
  const amount = seatNumbers.length * PRICE;
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount } });
  return { ...fan, paymentId: await pay(fan, scheduleId, ...seatNumbers) };
}

const refund = (paymentId: string, key?: string) =>
  api.admin(
    'POST',
    `/admin/payments/${paymentId}/refund`,
    { reason: 'The seat is broken.' },
    key === undefined ? {} : { 'idempotency-key': key },
  );

async function entriesOf({ accessToken }: Buyer): Promise<readonly { type: string; amount: number }[]> {
  const history = await api.call('GET', '/me/balance/history', { token: accessToken });
  return history.as<{ entries: { type: string; amount: number }[] }>().entries;
}

t.test('a payment is refunded with its entry in the log; repeated, the answer is the refunded payment', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE });
  const fan = await buy(concertId, scheduleId, 1, 2);
  const done = await refund(fan.paymentId);
  const seats = [
    { status: 'REFUNDED', seatNumber: 1, seatLabel: 'A열 1번' },
    { status: 'REFUNDED', seatNumber: 2 },
  ];
  t.match(done, { status: 200, body: { paymentId: fan.paymentId, status: 'REFUNDED', reservations: seats } });
  t.notOk('remainingBalance' in done.body, 'the wallet is the buyer’s');
  const { entries } = (await api.admin('GET', '/admin/log?limit=1')).as<{ entries: { requestId: string }[] }>();
  t.match(entries, [
    {
      action: 'payment.refund',
      target: `payment:${fan.paymentId}`,
      before: { status: 'COMPLETED' },
      after: { status: 'REFUNDED', reason: 'The seat is broken.', userId: fan.userId, scheduleId },
    },
  ]);
  t.match(await refund(fan.paymentId), { status: 200, body: { status: 'REFUNDED', reservations: seats } });
  const own = await api.call('POST', `/payments/${fan.paymentId}/refund`, { token: fan.accessToken });
  t.match(own, { status: 200, body: { status: 'REFUNDED', remainingBalance: 2 * PRICE } });
  t.match(await entriesOf(fan), [{ type: 'REFUND', amount: 2 * PRICE }, { type: 'PAYMENT' }, { type: 'CHARGE' }]);
  const latest = (await api.admin('GET', '/admin/log?limit=1')).as<{ entries: { requestId: string }[] }>().entries;
  t.equal(latest[0]?.requestId, entries[0]?.requestId, 'what changed nothing is not in the log');
});

t.test('the answer under a key is recorded with the refund', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE });
  const fan = await buy(concertId, scheduleId, 1, 2);
  const first = await refund(fan.paymentId, 'refund-1');
  const again = await refund(fan.paymentId, 'refund-1');
  t.strictSame([again.status, again.body], [200, first.body]);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  const other = await buy(concertId, scheduleId, 3);
  t.match(await refund(other.paymentId, 'refund-1'), { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  t.equal((await entriesOf(other)).length, 2, 'the other one is not refunded');
});

t.test('the box office refunds after the start, when the buyer cannot', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE });
  const fan = await buy(concertId, scheduleId, 1);
  const startsAt = new Date(Date.now() - 1_000).toISOString();
  await api.admin('PATCH', `/admin/schedules/${scheduleId}`, { startsAt });
  const own = await api.call('POST', `/payments/${fan.paymentId}/refund`, { token: fan.accessToken });
  t.match(own, { status: 409, body: { code: 'REFUND_CLOSED' } });
  t.match(await refund(fan.paymentId), { status: 200, body: { status: 'REFUNDED' } });
});

t.test('a full wallet takes no refund of the box office, but one of its own', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE });
  const rich = await enter(api, concertId);
  await fillWallet(database, rich.userId);
  const paymentId = await pay(rich, scheduleId, 1);
  await api.call('POST', '/me/balance/charge', { token: rich.accessToken, body: { amount: 1 } });
  t.match(await refund(paymentId), { status: 409, body: { code: 'BALANCE_LIMIT' } });
  const paid = await api.call('GET', `/payments/${paymentId}`, { token: rich.accessToken });
  t.match(paid.body, { status: 'COMPLETED', reservations: [{ status: 'CONFIRMED' }] });
  const own = await api.call('POST', `/payments/${paymentId}/refund`, { token: rich.accessToken });
  t.match(own, { status: 200, body: { status: 'REFUNDED' } });
});

t.test('a refund by the box office and one by the buyer at the same moment are one', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: RACES, price: PRICE });
  for (let round = 1; round <= RACES; round += 1) {
    const fan = await buy(concertId, scheduleId, round);
    const own = () => api.call('POST', `/payments/${fan.paymentId}/refund`, { token: fan.accessToken });
    const [office, buyer] = await Promise.all(
      round % 2 === 0 ? [refund(fan.paymentId), own()] : [own(), refund(fan.paymentId)],
    );
    t.strictSame([office?.status, buyer?.status], [200, 200], `round ${round}`);
    t.strictSame([office?.body['status'], buyer?.body['status']], ['REFUNDED', 'REFUNDED']);
    const types = (await entriesOf(fan)).map(({ type }) => type);
    t.strictSame(types, ['REFUND', 'PAYMENT', 'CHARGE'], `round ${round}`);
  }
});

t.test('unknown payments, and those of concerts that the key does not have, are not found', async (t) => {
  const unknown = await refund('01990000-0000-7000-8000-000000000000');
  t.match(unknown, { status: 404, body: { code: 'PAYMENT_NOT_FOUND' } });
  const [ours, theirs] = [await openSale(api, { price: PRICE }), await openSale(api, { price: PRICE })];
  const fan = await buy(theirs.concertId, theirs.scheduleId, 1);
  const limits = { role: 'BOX_OFFICE', concertIds: [ours.concertId] };
  const { secret } = (await api.admin('POST', '/admin/keys', { name: 'desk', ...limits })).body;
  const foreign = await api.call('POST', `/admin/payments/${fan.paymentId}/refund`, {
    token: String(secret),
    body: { reason: 'x' },
  });
  t.match(foreign, { status: 404, body: { code: 'PAYMENT_NOT_FOUND' } });
  t.match(await api.admin('POST', `/admin/payments/${fan.paymentId}/refund`, {}), { status: 400 });
});
