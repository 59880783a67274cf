import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database, { HOLD_TTL_MS: '1500' });

/** Keeps whatever changes this user's wallet from being decided until the returned function is called. */
async function lockWallet(t: Test, userId: string): Promise<() => Promise<void>> {
  const client = await database.pool.connect();
  let isReleased = false;
  async function release(): Promise<void> {
    if (isReleased) return;
    isReleased = true;
    await client.query('COMMIT');
    client.release();
  }
  t.teardown(release);
  await client.query('BEGIN');
  await client.query('SELECT FROM wallets WHERE user_id = $1 FOR UPDATE', [userId]);
  return release;
}

async function timed(answer: Promise<Answer>): Promise<Answer & { readonly tookMs: number }> {
  const started = performance.now();
  const given = await answer;
  return { ...given, tookMs: performance.now() - started };
}

t.test('duplicates of a request that is still undecided wait for it, and all get its answer', async (t) => {
  const { concertId } = await openSale(api);
  const { accessToken: token, userId } = await enter(api, concertId);
  const charge = (key: string) => api.call('POST', '/me/balance/charge', { token, key, body: { amount: 100 } });
  const release = await lockWallet(t, userId);
  const key = randomUUID();
  let answered = 0;
  const noted = async (asked: Promise<Answer>) => {
    const answer = await asked;
    answered += 1;
    return answer;
  };
  const same = [noted(charge(key)), noted(charge(key)), noted(charge(key))];
  // Another fan's charge passes meanwhile, so the three have had every chance to be answered.
  const other = await enter(api, concertId);
  const passed = await api.call('POST', '/me/balance/charge', { token: other.accessToken, body: { amount: 1 } });
  t.equal(passed.status, 200);
  t.equal(answered, 0);
  await release();
  const [first, ...others] = await Promise.all(same);
  t.match(first, { status: 200, body: { currentBalance: 100 } });
  for (const answer of others) t.match(answer, { status: 200, body: first?.body ?? {} });
  t.equal((await charge(key)).headers.get('idempotency-replayed'), 'true');
});

t.test('while a payment is undecided its seat reads HELD, even past its time, and commands on it wait', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, rival, payer] = [await enter(api, concertId), await enter(api, concertId), await enter(api, concertId)];
  for (const { accessToken } of [fan, payer]) {
    await api.call('POST', '/me/balance/charge', { token: accessToken, body: { amount: 1_000 } });
  }
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 1 } });
  await api.call('POST', '/reservations', { token: payer.queueToken, body: { scheduleId, seatNumber: 2 } });
  const { reservationId, expiresAt } = held.as<{ reservationId: string; expiresAt: string }>();
  // A payment waits for its wallet for a second and a half, so it comes late.
  await waitFor(() => Date.now() > Date.parse(expiresAt) - 900, { what: 'the last moment' });
  const release = await lockWallet(t, fan.userId);
  const paying = api.call('POST', '/payments', { token: fan.accessToken, body: { reservationId } });
  const passing = { token: payer.accessToken, body: { scheduleId, seatNumber: 2 } };
  t.match(await api.call('POST', '/payments', passing), { status: 201 }, 'a payment that came later is done meanwhile');
  const releasing = api.call('DELETE', `/reservations/${reservationId}`, { token: fan.accessToken });
  await waitFor(() => Date.now() > Date.parse(expiresAt) + 50, { what: 'the end of the hold' });
  const map = await api.call('GET', `/schedules/${scheduleId}/seats?status=HELD`, { token: rival.queueToken });
  t.match(map, { status: 200, body: { seats: [{ seatNumber: 1, status: 'HELD' }] } });
  await release();
  t.match(await paying, { status: 201, body: { remainingBalance: 0 } }, 'it was taken up in time');
  t.match(await releasing, { status: 409, body: { code: 'RESERVATION_NOT_HELD' } });
});

t.test('a payment that cannot be decided is a 503 within seconds, and nothing was done', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 1_000 } });
  await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber: 1 } });
  const release = await lockWallet(t, fan.userId);
  const key = randomUUID();
  const pay = () => api.call('POST', '/payments', { token: fan.accessToken, key, body: { scheduleId, seatNumber: 1 } });
  const undecided = await timed(pay());
  t.match(undecided, { status: 503, body: { outcome: /none|unknown/ } });
  t.ok(undecided.headers.get('retry-after'));
  t.ok(undecided.tookMs < 10_000, `${undecided.tookMs} ms`);
  await release();
  const settled = await waitFor(
    async () => {
      const answer = await pay();
      return answer.status < 500 ? answer : null;
    },
    { what: 'an answer to the same key' },
  );
  t.ok(settled.status === 201 || settled.body['code'] === 'RESERVATION_EXPIRED', JSON.stringify(settled.body));
  const { body } = await api.call('GET', '/me/balance', { token: fan.accessToken });
  t.equal(body['balance'], settled.status === 201 ? 0 : 1_000);
});
