import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, register, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

const charge = (token: string, amount: number) => api.call('POST', '/me/balance/charge', { token, body: { amount } });

t.test(
  'a charge is answered with the balance before and after, and the balance is that of the newest entry',
  async (t) => {
    const { accessToken: token, userId } = await register(api);
    const empty = await api.call('GET', '/me/balance', { token });
    t.strictSame(Object.keys(empty.body), ['userId', 'balance', 'updatedAt']);
    t.match(empty.body['updatedAt'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const first = await charge(token, 1);
    t.equal(first.status, 200);
    t.strictSame(Object.keys(first.body), ['entryId', 'previousBalance', 'currentBalance', 'createdAt']);
    t.match(first.body, { previousBalance: 0, currentBalance: 1 });
    const second = await charge(token, 10_000_000);
    t.match(second.body, { previousBalance: 1, currentBalance: 10_000_001 });
    const { body } = await api.call('GET', '/me/balance', { token });
    t.strictSame(body, { userId, balance: 10_000_001, updatedAt: second.body['createdAt'] });
    for (const amount of [0, -1, 10_000_001, 0.5]) t.equal((await charge(token, amount)).status, 400, `${amount}`);
  },
);

t.test('a hundred charges at once all count, and each has its own line in the ledger', async (t) => {
  const { accessToken: token } = await register(api);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => charge(token, index + 1)));
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200]);
  t.equal(new Set(answers.map(({ body }) => body['currentBalance'])).size, 100);
  t.equal(new Set(answers.map(({ body }) => body['entryId'])).size, 100);
  t.equal((await api.call('GET', '/me/balance', { token })).body['balance'], 5_050);
});

t.test('a wallet holds at most a million million won, to the won', async (t) => {
  const { accessToken: token, userId } = await register(api);
  // As a hundred thousand charges would have left it: 99 999 of the most that one may be, and the rest.
  await database.pool.query(
    `INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, created_at)
     SELECT $1, n, 'CHARGE', CASE WHEN n < 100000 THEN 10000000 ELSE 9999000 END,
       CASE WHEN n < 100000 THEN n * 10000000 ELSE 999999999000 END, now() FROM generate_series(1::bigint, 100000) AS n(n)`,
    [userId],
  );
  await database.pool.query('UPDATE wallets SET balance = 999999999000, entries = 100000 WHERE user_id = $1', [userId]);
  t.match(await charge(token, 1_001), { status: 409, body: { code: 'BALANCE_LIMIT' } });
  const full = await charge(token, 1_000);
  t.match(full, { status: 200, body: { currentBalance: 1_000_000_000_000 } });
  t.match(await charge(token, 1), { status: 409, body: { code: 'BALANCE_LIMIT' } });
  t.equal((await api.call('GET', '/me/balance', { token })).body['balance'], 1_000_000_000_000);
});

t.test('the history tells every change, newest first, with the balance that it led to', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: 300 });
  const { accessToken: token, queueToken } = await enter(api, concertId);
  await charge(token, 1_000);
  await api.call('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumber: 1 } });
  const paid = await api.call('POST', '/payments', { token, body: { scheduleId, seatNumber: 1 } });
  const paymentId = String(paid.body['paymentId']);
  await api.call('POST', `/payments/${paymentId}/refund`, { token });
  const history = await api.call('GET', '/me/balance/history', { token: queueToken });
  const entries = history.body['entries'] as Record<string, unknown>[];
  t.strictSame(Object.keys(entries[0] ?? {}), [
    'entryId',
    'type',
    'amount',
    'balanceAfter',
    'paymentId',
    'description',
    'createdAt',
  ]);
  t.match(entries, [
    { type: 'REFUND', amount: 300, balanceAfter: 1_000, paymentId },
    { type: 'PAYMENT', amount: -300, balanceAfter: 700, paymentId },
    { type: 'CHARGE', amount: 1_000, balanceAfter: 1_000, paymentId: null },
  ]);
  t.equal(entries.length, 3);
  const first = await api.call('GET', '/me/balance/history?limit=1', { token });
  await charge(token, 1);
  const next = await api.call('GET', `/me/balance/history?limit=1&cursor=${String(first.body['nextCursor'])}`, {
    token,
  });
  t.strictSame(next.body['entries'], entries.slice(1, 2), 'stable under inserts');
});
