import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

/** Enough for both orders of two requests to be met. */
const ROUNDS = 12;

const database = await createTestDatabase(t);
const api = await startTestService(t, database, { MAX_SEATS_PER_USER: '50' });
const { concertId, scheduleId } = await openSale(api, { seatCount: 500 });

async function buyer(...seatNumbers: number[]) {
  const fan = await enter(api, concertId);
  const token = fan.accessToken;
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 10_000 } });
  const body = { scheduleId, seatNumbers };
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body });
  const ids = held.as<{ reservations: { reservationId: string }[] }>().reservations.map((each) => each.reservationId);
  return {
    ...fan,
    ids,
    pay: (reservationIds: readonly (string | undefined)[], key?: string) =>
      api.call('POST', '/payments', { token, body: { reservationIds }, ...(key === undefined ? {} : { key }) }),
    release: (id = '') => api.call('DELETE', `/reservations/${id}`, { token }),
    refund: (payment: Answer) => api.call('POST', `/payments/${String(payment.body['paymentId'])}/refund`, { token }),
    leave: () => api.call('DELETE', `/queue/tokens/${fan.queueToken}`),
    statusOf: async (id = '') => (await api.call('GET', `/reservations/${id}`, { token })).body['status'],
    balance: async () => (await api.call('GET', '/me/balance', { token })).body['balance'],
  };
}

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).toSorted((a, b) => a - b);

t.test('a payment that is sent many times at once is one payment, and a refund one refund', async (t) => {
  const fan = await buyer(1, 2);
  const paid = await Promise.all(Array.from({ length: 10 }, () => fan.pay(fan.ids)));
  t.strictSame(statuses(paid), [...Array<number>(9).fill(200), 201]);
  t.equal(new Set(paid.map(({ body }) => body['paymentId'])).size, 1);
  t.equal(await fan.balance(), 8_000);
  const [first] = paid;
  if (first === undefined) return;
  const refunds = await Promise.all(Array.from({ length: 10 }, () => fan.refund(first)));
  t.strictSame([...new Set(statuses(refunds))], [200]);
  t.equal(await fan.balance(), 10_000);
});

t.test('of two payments that share a seat one is done, and the other is refused whole', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const fan = await buyer(10 + 3 * round, 11 + 3 * round, 12 + 3 * round);
    const [a, b, c] = fan.ids;
    const answers = await Promise.all([fan.pay([a, b]), fan.pay([b, c])]);
    t.strictSame(statuses(answers), [201, 409]);
    t.match(answers.find(({ status }) => status === 409)?.body, { code: 'RESERVATION_NOT_HELD' });
    t.equal(await fan.balance(), 8_000);
  }
});

t.test('a payment and a release at once: one of them, and the seat is what was answered', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const fan = await buyer(100 + round);
    const [id] = fan.ids;
    const [first, second] = round % 2 === 0 ? [fan.pay([id]), fan.release(id)] : [fan.release(id), fan.pay([id])];
    const answers = await Promise.all([first, second]);
    const isPaid = answers.some(({ status }) => status === 201);
    t.strictSame(statuses(answers), isPaid ? [201, 409] : [200, 409]);
    t.equal(await fan.statusOf(id), isPaid ? 'CONFIRMED' : 'CANCELLED');
    t.equal(await fan.balance(), isPaid ? 9_000 : 10_000);
  }
});

t.test('who pays and leaves at once has paid or has lost the seat, and left in any case', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const fan = await buyer(200 + round);
    const [paid, left] = await Promise.all([fan.pay(fan.ids), fan.leave()]);
    t.equal(left.status, 204);
    const isPaid = paid.status === 201;
    if (!isPaid) t.match(paid, { status: 409, body: { code: 'RESERVATION_CANCELLED' } });
    t.equal(await fan.statusOf(fan.ids[0]), isPaid ? 'CONFIRMED' : 'CANCELLED');
    const { body } = await api.call('GET', '/queue/status', { token: fan.queueToken });
    t.match(body['status'], isPaid ? /^(COMPLETED|CANCELLED)$/ : /^CANCELLED$/);
  }
});

t.test('a seat that is refunded while others reach for it goes to one of them', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const fan = await buyer(300 + round);
    const rivals = await Promise.all(Array.from({ length: 6 }, () => enter(api, concertId)));
    const paid = await fan.pay(fan.ids);
    const [refunded, ...held] = await Promise.all([
      fan.refund(paid),
      ...rivals.flatMap(({ queueToken: token }) =>
        [1, 2].map(() => api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 300 + round } })),
      ),
    ]);
    t.equal(refunded?.status, 200);
    t.ok(held.filter(({ status }) => status === 201).length <= 1);
    t.strictSame(
      [...new Set(statuses(held))].filter((status) => ![200, 201, 409].includes(status)),
      [],
    );
  }
});

t.test('a key that pays wins once, whatever it pays for', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const fan = await buyer(400 + 2 * round, 401 + 2 * round);
    const [a, b] = fan.ids;
    const key = randomUUID();
    const answers = await Promise.all([fan.pay([a], key), fan.pay([b], key), fan.pay([a, b], key)]);
    t.strictSame(statuses(answers), [201, 422, 422]);
  }
});
