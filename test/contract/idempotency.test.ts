import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Fan } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

const charge = (token: string, key: string, body: object = { amount: 1_000 }) =>
  api.call('POST', '/me/balance/charge', { token, key, body });
const balanceOf = async ({ accessToken: token }: Fan) =>
  (await api.call('GET', '/me/balance', { token })).body['balance'];

t.test('the first answer is given again, status and body, and says that it is a replay', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const token = fan.queueToken;
  const key = '!~'.repeat(127);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  const calls = [
    ['/reservations', { scheduleId, seatNumber: 1 }, 201],
    ['/reservations', { scheduleId, seatNumbers: [3, 2] }, 201],
    ['/reservations', { scheduleId, seatNumber: 1 }, 200],
    [`/concerts/${concertId}/seats/4/reserve`, { scheduleId }, 201],
    ['/me/balance/charge', { amount: 7 }, 200],
    ['/payments', { scheduleId, seatNumber: 1 }, 201],
    ['/payments', { scheduleId, seatNumber: 2 }, 201],
  ] as const;
  const first = [];
  for (const [index, [path, body, status]] of calls.entries()) {
    const answer = await api.call('POST', path, { token, body, key: `${key}${index}` });
    t.equal(answer.status, status, path);
    t.equal(answer.headers.get('idempotency-replayed'), null);
    first.push(answer);
  }
  const changed = await database.pool.query('SELECT sum(seq) AS seq FROM schedule_heads');
  for (const [index, [path, body]] of calls.entries()) {
    const answer = await api.call('POST', path, { token, body, key: `${key}${index}` });
    t.equal(answer.status, first[index]?.status, path);
    t.equal(answer.headers.get('idempotency-replayed'), 'true');
    t.match(answer.headers.get('content-type'), /^application\/json/);
    t.strictSame(answer.body, first[index]?.body);
  }
  t.strictSame(
    (await database.pool.query('SELECT sum(seq) AS seq FROM schedule_heads')).rows,
    changed.rows,
    'a replay takes no number',
  );
});

t.test('the same request may be spelled differently: order of members, space and escapes do not count', async (t) => {
  const fan = await register(api);
  const key = randomUUID();
  const first = await charge(fan.accessToken, key, { amount: 1_000, userId: fan.userId });
  t.equal(first.status, 200);
  const response = await fetch(`${api.url}/api/v1/me/balance/charge`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${fan.accessToken}`,
      'idempotency-key': key,
      'content-type': 'application/json; charset=UTF-8',
    },
    body: `{ "userId": "${fan.userId}",\n "amo\\u0075nt": 1000 }`,
  });
  t.equal(response.status, 200);
  t.equal(response.headers.get('idempotency-replayed'), 'true');
  t.strictSame(await response.json(), first.body);
});

t.test('another request under a used key is refused: another body, another path, another route', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const token = fan.queueToken;
  const key = randomUUID();
  t.equal((await api.call('POST', '/reservations', { token, key, body: { scheduleId, seatNumber: 1 } })).status, 201);
  const others = [
    ['/reservations', { scheduleId, seatNumber: 2 }],
    ['/reservations', { scheduleId, seatNumbers: [1] }],
    [`/concerts/${concertId}/seats/1/reserve`, { scheduleId }],
    ['/me/balance/charge', { amount: 1 }],
    ['/payments', { scheduleId, seatNumber: 1 }],
  ] as const;
  for (const [path, body] of others) {
    const answer = await api.call('POST', path, { token, key, body });
    t.match(answer, { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } }, path);
  }
  const refund = await api.call('POST', `/payments/${randomUUID()}/refund`, { token: fan.accessToken, key });
  t.match(refund, { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } }, 'refund');
  t.equal(await balanceOf(fan), 0);
});

t.test('each user has a key space of their own, for both of their tokens', async (t) => {
  const { concertId } = await openSale(api);
  const [fan, other] = [await enter(api, concertId), await register(api)];
  const key = randomUUID();
  t.equal((await charge(fan.accessToken, key)).headers.get('idempotency-replayed'), null);
  t.equal((await charge(other.accessToken, key)).headers.get('idempotency-replayed'), null);
  t.equal((await charge(fan.queueToken, key)).headers.get('idempotency-replayed'), 'true');
  t.strictSame([await balanceOf(fan), await balanceOf(other)], [1_000, 1_000]);
});

t.test('a refusal leaves no trace, and the key may be used for anything', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const [fan, rival] = [await enter(api, concertId), await enter(api, concertId)];
  await api.call('POST', '/reservations', { token: rival.queueToken, body: { scheduleId, seatNumber: 1 } });
  const key = randomUUID();
  const { queueToken: token } = fan;
  const refusals = [
    ['/reservations', { scheduleId, seatNumber: 1 }, 409],
    ['/reservations', { scheduleId, seatNumber: 999 }, 404],
    ['/reservations', { scheduleId, seatNumber: 0 }, 400],
    ['/payments', { scheduleId, seatNumber: 1 }, 404],
    ['/me/balance/charge', { amount: 1, userId: randomUUID() }, 403],
  ] as const;
  for (const [path, body, status] of refusals) {
    t.equal((await api.call('POST', path, { token, key, body })).status, status, path);
  }
  const { rows } = await database.pool.query('SELECT 1 FROM idempotency_keys WHERE user_id = $1', [fan.userId]);
  t.strictSame(rows, []);
  t.equal((await api.call('POST', '/reservations', { token, key, body: { scheduleId, seatNumber: 2 } })).status, 201);
});

t.test('fifty duplicates at once do it once and all get the one answer', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const at = (path: string, body: object) => {
    const key = randomUUID();
    return Promise.all(Array.from({ length: 50 }, () => api.call('POST', path, { token: fan.queueToken, key, body })));
  };
  for (const [path, body, status] of [
    ['/me/balance/charge', { amount: 2_000 }, 200],
    ['/reservations', { scheduleId, seatNumbers: [5, 6] }, 201],
    ['/payments', { scheduleId, seatNumber: 5 }, 201],
  ] as const) {
    const answers = await at(path, body);
    t.strictSame([...new Set(answers.map((answer) => answer.status))], [status], path);
    t.equal(new Set(answers.map((answer) => JSON.stringify(answer.body))).size, 1, path);
    t.equal(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null).length, 1, path);
  }
  t.equal(await balanceOf(fan), 1_000);
});

t.test('of two different requests that race under one key one is done, and the other is refused', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const second = await addSchedule(api, concertId, { inDays: 12 });
  for (let round = 0; round < 10; round += 1) {
    const { queueToken: token } = await enter(api, concertId);
    const key = randomUUID();
    const answers = await Promise.all([
      api.call('POST', '/reservations', { token, key, body: { scheduleId, seatNumber: round + 1 } }),
      api.call('POST', '/reservations', { token, key, body: { scheduleId: second, seatNumber: round + 1 } }),
      api.call('POST', '/me/balance/charge', { token, key, body: { amount: 1 } }),
    ]);
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    t.strictSame(statuses.slice(1), [422, 422], statuses.join());
    t.ok((statuses[0] ?? 0) < 300);
  }
});

t.test('a replay is decided before the status of the queue token, a first request after it', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const key = randomUUID();
  const body = { scheduleId, seatNumber: 1 };
  const held = await api.call('POST', '/reservations', { token, key, body });
  const viaPath = { token, key: randomUUID(), body: { scheduleId } };
  const other = await api.call('POST', `/concerts/${concertId}/seats/2/reserve`, viaPath);
  t.strictSame([held.status, other.status], [201, 201]);
  await api.call('DELETE', `/queue/tokens/${token}`);
  const replay = await api.call('POST', '/reservations', { token, key, body });
  t.equal(replay.status, 201);
  t.strictSame(replay.body, held.body);
  t.strictSame((await api.call('POST', `/concerts/${concertId}/seats/2/reserve`, viaPath)).body, other.body);
  t.match(await api.call('POST', '/reservations', { token, key, body: { scheduleId, seatNumber: 3 } }), {
    status: 422,
  });
  t.match(await api.call('POST', '/reservations', { token, key: randomUUID(), body }), {
    status: 401,
    body: { code: 'QUEUE_TOKEN_CANCELLED' },
  });
});

t.test('a key that is no visible ASCII of 1 to 255 characters is refused before anything else', async (t) => {
  const { accessToken } = await register(api);
  for (const key of ['', 'a b', 'x'.repeat(256), 'caf\u00e9']) {
    t.match(await charge(accessToken, key), { status: 400, body: { code: 'VALIDATION_FAILED' } }, key);
    t.match(await charge('nobody', key), { status: 400 }, `${key} of nobody`);
  }
  t.equal((await charge(accessToken, 'x'.repeat(255))).status, 200);
});
