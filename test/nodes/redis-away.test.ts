import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const skip = skipWithoutRedis();
const REFUSAL_LIMIT_MS = 500;
/** In real time a sleeping process may take longer to wake than Redis to answer. */
const RETURN_LIMIT_MS = 5_000;

t.test('without Redis seats are held and paid for, and only the queue is missed', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const api = await startTestService(t, await createTestDatabase(t), {
    REDIS_URL: redis.url,
    CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters',
  });
  const readiness = async () => {
    const answer = await fetch(`${api.url}/readyz`);
    return { status: answer.status, body: await answer.json() };
  };
  const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 2 } });
  const [fan, other, waiting] = [await enter(api, concertId), await enter(api, concertId), await enter(api, concertId)];
  const newcomer = await register(api);
  const key = () => randomUUID();
  const charged = await api.call('POST', '/me/balance/charge', {
    token: fan.accessToken,
    key: key(),
    body: { amount: 9_000 },
  });
  t.equal(charged.status, 200);
  t.match(await readiness(), { status: 200, body: { status: 'ready', degraded: [] } });
  const queue = async (token: string) => (await api.call('GET', '/queue/status', { token })).body;
  t.match(await queue(waiting.queueToken), { status: 'WAITING', queuePosition: 1 });

  await redis.kill();
  await waitFor(
    async () => (await readiness()).status === 200 && JSON.stringify(await readiness()).includes('"queue"'),
    {
      what: 'the absence to be told',
    },
  );
  t.match(await readiness(), { status: 200, body: { status: 'ready', degraded: ['queue'] } });
  for (const [what, call] of [
    ['an entry', () => api.call('POST', '/queue/tokens', { token: newcomer.accessToken, body: { concertId } })],
    ['a position', () => api.call('GET', '/queue/status', { token: waiting.queueToken })],
    ['an activation', () => api.call('PATCH', `/queue/tokens/${waiting.queueToken}/activate`)],
    ['a hold of who waits', () => api.call('GET', `/schedules/${scheduleId}/seats`, { token: waiting.queueToken })],
    ['the length of the line', () => api.call('GET', `/concerts/${concertId}`)],
  ] as const) {
    const beganAt = performance.now();
    const answer = await call();
    t.ok(performance.now() - beganAt <= REFUSAL_LIMIT_MS, `${what} is answered in time`);
    t.match(answer, { status: 503, body: { code: 'QUEUE_UNAVAILABLE', outcome: 'none' } }, what);
    t.match(answer.headers.get('retry-after'), /^\d+$/);
  }
  t.match(await queue(fan.queueToken), { status: 'ACTIVE' });

  const map = await api.call('GET', `/schedules/${scheduleId}/seats`, { token: fan.queueToken });
  t.equal(map.status, 200);
  const held = await api.call('POST', '/reservations', {
    token: fan.queueToken,
    key: key(),
    body: { scheduleId, seatNumber: 7 },
  });
  t.equal(held.status, 201);
  const paid = await api.call('POST', '/payments', {
    token: fan.accessToken,
    key: key(),
    body: { reservationId: held.body['reservationId'] },
  });
  t.match(paid, { status: 201, body: { status: 'COMPLETED' } });
  t.match(await queue(fan.queueToken), { status: 'COMPLETED' }, 'the payment ended the token');
  t.equal((await api.call('DELETE', `/queue/tokens/${other.queueToken}`)).status, 204);
  t.match(await queue(other.queueToken), { status: 'CANCELLED' });

  await redis.start();
  await waitFor(async () => (await queue(waiting.queueToken))['status'] === 'ACTIVE', {
    what: 'the next one to go in',
    deadlineMs: RETURN_LIMIT_MS,
  });
  t.match(await api.call('POST', '/queue/tokens', { token: newcomer.accessToken, body: { concertId } }), {
    status: 201,
    body: { status: 'ACTIVE' },
  });
  t.match(await readiness(), { status: 200, body: { degraded: [] } });
});
