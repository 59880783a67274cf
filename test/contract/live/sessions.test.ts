import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { openLiveSocket } from '../../fixtures/live-socket.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { shopperOf } from './shopping.ts';

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { LIVE_SOCKETS_PER_USER: '3' });
const hall = await openSale(service, { seatCount: 5 });
const { concertId, scheduleId } = hall;
const fan = await register(service);
const english = { 'accept-language': 'en' };

const seats = (id: number) => ({ type: 'subscribe', channel: 'seats', scheduleId: id }) as const;
const ENDED_WITHOUT_HELLO_MS = 5_000;
// Most of the time goes by in waiting for tokens to end.
t.jobs = 6;

t.test('a hello is welcomed with the time of the database and the heartbeat', async (t) => {
  const socket = await openLiveSocket(t, service.url);
  const welcome = await socket.hello(fan.accessToken);
  t.strictSame(Object.keys(welcome), ['type', 'serverTime', 'heartbeatMs']);
  t.equal(welcome.heartbeatMs, 30_000);
  t.match(welcome.serverTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.ok(Math.abs(Date.parse(welcome.serverTime) - Date.now()) < 2_000);
  socket.send({ type: 'ping' });
  t.strictSame(await socket.next('pong'), { type: 'pong' });
});

t.test('who says no hello within 5 s is cut off, and is told nothing before', async (t) => {
  const socket = await openLiveSocket(t, service.url);
  const beganMs = performance.now();
  socket.send({ type: 'ping' });
  await socket.next('pong');
  t.match(await socket.refused({ ...seats(scheduleId), id: 'x' }), {
    code: 'UNAUTHENTICATED',
    channel: 'seats',
    scheduleId,
    id: 'x',
  });
  t.match(await socket.refused({ type: 'subscribe', channel: 'queue' }), { code: 'UNAUTHENTICATED', channel: 'queue' });
  t.equal(await socket.closed(), 4401);
  const tookMs = performance.now() - beganMs;
  t.ok(tookMs >= 4_900 && tookMs < 8_000, `${Math.round(tookMs)} ms`);
});

t.test('a token that is forged, unknown or nonsense ends the socket at once', async (t) => {
  const { queueToken } = await enter(service, concertId);
  const { accessToken } = await register(service);
  const forged = [
    'nonsense',
    'fq_',
    `${queueToken.slice(0, -2)}AA`,
    `${accessToken.slice(0, -3)}abc`,
    `Bearer ${accessToken}`,
    'a'.repeat(4_000),
  ];
  for (const token of forged) {
    const socket = await openLiveSocket(t, service.url, { headers: english });
    t.strictSame(await socket.refused({ type: 'hello', token }), {
      type: 'error',
      code: 'UNAUTHENTICATED',
      detail: 'A valid token of the right kind is needed.',
    });
    t.equal(await socket.closed(), 4401, token.slice(0, 20));
  }
});

t.test('errors speak the language of the upgrade request, Korean when nothing is asked', async (t) => {
  const korean = await openLiveSocket(t, service.url, { token: fan.accessToken });
  t.strictSame(await korean.refused({ ...seats(999_999), id: 'a' }), {
    type: 'error',
    code: 'SCHEDULE_NOT_FOUND',
    channel: 'seats',
    scheduleId: 999_999,
    id: 'a',
    detail: '콘서트 일정이 존재하지 않습니다',
  });
  const other = await openLiveSocket(t, service.url, { token: fan.accessToken, headers: english });
  t.match(await other.refused(seats(999_999)), { detail: 'There is no such schedule.' });
  t.match(await other.subscribe(scheduleId), { type: 'snapshot' }, 'a refusal ends nothing else');
  await korean.close();
  await other.close();
});

t.test('seats need an access token, or an ACTIVE queue token of their concert', async (t) => {
  const other = await openSale(service, { queue: { maxActive: 1 } });
  const inside = await enter(service, other.concertId);
  const waiting = await enter(service, other.concertId);
  const socket = await openLiveSocket(t, service.url, { token: waiting.queueToken });
  t.match(await socket.refused(seats(other.scheduleId)), { code: 'QUEUE_NOT_ACTIVE', scheduleId: other.scheduleId });
  t.match(await socket.refused(seats(999_999)), { code: 'QUEUE_NOT_ACTIVE' }, 'which tells nothing of what exists');

  const shopper = await openLiveSocket(t, service.url, { token: inside.queueToken });
  t.match(await shopper.subscribe(other.scheduleId), { type: 'snapshot' });
  t.match(await shopper.refused(seats(scheduleId)), { code: 'QUEUE_WRONG_CONCERT', scheduleId });
  t.match(await shopper.refused(seats(999_999)), { code: 'SCHEDULE_NOT_FOUND' });
});

t.test('subscribing to the seats tries the admission, as requests do', async (t) => {
  const other = await openSale(service, { queue: { maxActive: 0 } });
  const { queueToken } = await enter(service, other.concertId);
  const socket = await openLiveSocket(t, service.url, { token: queueToken });
  t.match(await socket.refused(seats(other.scheduleId)), { code: 'QUEUE_NOT_ACTIVE' });
  await service.admin('PATCH', `/admin/concerts/${other.concertId}/queue`, { maxActive: 10 });
  t.match(await socket.subscribe(other.scheduleId), { type: 'snapshot' });
});

t.test('when a queue token ends, everything that it allowed ends, and then the socket', async (t) => {
  const shopper = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: shopper.queueToken });
  t.match(await socket.subscribeQueue(), { status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0 });
  await socket.subscribe(scheduleId);
  const held = await shopper.hold(scheduleId, 1);
  await shopper.pay(held);
  t.strictSame(await socket.next('queue'), {
    type: 'queue',
    status: 'COMPLETED',
    queuePosition: null,
    estimatedWaitTime: null,
    estimatedWaitRange: null,
  });
  t.match(await socket.next('error'), { code: 'QUEUE_TOKEN_COMPLETED', channel: 'seats', scheduleId });
  const endedMs = performance.now();
  t.match(await socket.refused(seats(scheduleId)), { code: 'QUEUE_TOKEN_COMPLETED' });
  t.match(await socket.refused({ type: 'subscribe', channel: 'queue' }), { code: 'QUEUE_TOKEN_COMPLETED' });
  t.equal(await socket.closed(), 4401);
  t.ok(performance.now() - endedMs >= ENDED_WITHOUT_HELLO_MS - 200);
});

t.test('who says hello anew after the end of the token stays', async (t) => {
  const shopper = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: shopper.queueToken });
  await socket.subscribe(scheduleId);
  await service.call('DELETE', `/queue/tokens/${shopper.queueToken}`);
  t.match(await socket.next('error'), { code: 'QUEUE_TOKEN_CANCELLED', channel: 'seats', scheduleId });
  t.match(await socket.refused({ type: 'hello', token: shopper.queueToken }), { code: 'QUEUE_TOKEN_CANCELLED' });
  await socket.hello(shopper.accessToken);
  const beganMs = performance.now();
  t.match(await socket.subscribe(scheduleId), { type: 'snapshot' });
  await waitFor(() => performance.now() - beganMs > ENDED_WITHOUT_HELLO_MS + 1_500, {
    what: 'the time after which it would have been cut off',
    deadlineMs: 10_000,
  });
  t.equal(socket.closeCode, null);
});

t.test('a hello with an ended token is told so, and has 5 s for another', async (t) => {
  const { queueToken } = await enter(service, concertId);
  await service.call('DELETE', `/queue/tokens/${queueToken}`);
  const socket = await openLiveSocket(t, service.url);
  t.match(await socket.refused({ type: 'hello', token: queueToken }), { code: 'QUEUE_TOKEN_CANCELLED' });
  t.match(await socket.refused(seats(scheduleId)), { code: 'QUEUE_TOKEN_CANCELLED' });
  t.equal(await socket.closed(), 4401);
});

t.test('an access token ends with its time', async (t) => {
  const brief = await startTestService(t, await createTestDatabase(t), { ACCESS_TOKEN_TTL_MS: '2000' });
  const sale = await openSale(brief, { seatCount: 1 });
  const { accessToken } = await register(brief);
  const socket = await openLiveSocket(t, brief.url, { token: accessToken });
  await socket.subscribe(sale.scheduleId);
  t.match(await socket.next('error'), { code: 'UNAUTHENTICATED', channel: 'seats', scheduleId: sale.scheduleId });
  t.match(await socket.refused(seats(sale.scheduleId)), { code: 'UNAUTHENTICATED' });
  t.equal(await socket.closed(), 4401);
});

t.test('a second hello replaces the token, and ends what the new one does not allow', async (t) => {
  const other = await openSale(service);
  const second = await addSchedule(service, concertId, { inDays: 12 });
  const shopper = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: shopper.accessToken });
  await socket.subscribe(scheduleId);
  await socket.subscribe(second);
  await socket.subscribe(other.scheduleId);

  await socket.hello(shopper.queueToken);
  t.match(await socket.next('error'), { code: 'QUEUE_WRONG_CONCERT', channel: 'seats', scheduleId: other.scheduleId });
  const held = await shopper.hold(scheduleId, 2);
  await socket.next('delta', (delta) => delta.changes.some((change) => change.seatNumber === 2));
  t.match(await socket.subscribeQueue(), { status: 'ACTIVE' });

  await socket.hello(shopper.accessToken);
  t.match(await socket.next('error'), { code: 'UNAUTHENTICATED', channel: 'queue' }, 'that token has no place');
  await shopper.release(held);
  await socket.next('delta', (delta) => delta.changes.some(({ status }) => status === 'AVAILABLE'));
  t.equal(socket.frames.filter((frame) => frame.type === 'error').length, 2, 'nothing else has ended');

  t.match(await socket.refused({ type: 'hello', token: 'fq_forged.token' }), { code: 'UNAUTHENTICATED' });
  t.equal(await socket.closed(), 4401);
});

t.test('the queue channel goes on with the queue token of a second hello', async (t) => {
  const other = await openSale(service, { queue: { maxActive: 1 } });
  const [first, second] = [await enter(service, other.concertId), await enter(service, other.concertId)];
  const socket = await openLiveSocket(t, service.url, { token: first.queueToken });
  t.match(await socket.subscribeQueue(), { status: 'ACTIVE', queuePosition: 0 });
  await socket.hello(second.queueToken);
  t.match(await socket.next('queue', ({ status }) => status === 'WAITING'), { queuePosition: 1 });
  await service.call('DELETE', `/queue/tokens/${first.queueToken}`);
  t.match(await socket.next('queue', ({ status }) => status === 'ACTIVE'), { queuePosition: 0 });
  t.equal(socket.frames.filter((frame) => frame.type === 'error').length, 0, 'the former token ends unnoticed');
});

t.test('a user has so many sockets and no more, and each that ends makes room', async (t) => {
  const user = await register(service);
  const { queueToken } = await enter(service, concertId, user);
  const sockets = [
    await openLiveSocket(t, service.url, { token: user.accessToken }),
    await openLiveSocket(t, service.url, { token: queueToken }),
    await openLiveSocket(t, service.url, { token: user.accessToken }),
  ];
  await sockets[0]?.hello(user.accessToken);
  const late = await openLiveSocket(t, service.url);
  t.match(await late.refused({ type: 'hello', token: user.accessToken }), { code: 'RATE_LIMITED' });
  t.equal(await late.closed(), 4429);
  await openLiveSocket(t, service.url, { token: (await register(service)).accessToken });
  await sockets[1]?.close();
  await waitFor(
    async () => {
      const again = await openLiveSocket(t, service.url);
      again.send({ type: 'hello', token: user.accessToken });
      await waitFor(() => again.frames.length > 0, { what: 'an answer' });
      return again.frames[0]?.type === 'welcome';
    },
    { what: 'room for another socket' },
  );
});

t.test('a socket has twenty subscriptions and no more', async (t) => {
  const own = await openSale(service, { seatCount: 1 });
  const schedules = [own.scheduleId];
  while (schedules.length < 21) schedules.push(await addSchedule(service, own.concertId, { seatCount: 1 }));
  const { queueToken } = await enter(service, own.concertId);
  const socket = await openLiveSocket(t, service.url, { token: queueToken });
  await socket.subscribeQueue();
  for (const id of schedules.slice(0, 19)) await socket.subscribe(id);
  t.match(await socket.refused({ ...seats(schedules[19] ?? 0), id: 'more' }), {
    code: 'TOO_MANY_SUBSCRIPTIONS',
    channel: 'seats',
    scheduleId: schedules[19],
    id: 'more',
  });
  await socket.subscribe(schedules[0] ?? 0);
  socket.send({ type: 'unsubscribe', channel: 'queue' });
  await socket.next('unsubscribed');
  await socket.subscribe(schedules[19] ?? 0);
  t.match(await socket.refused({ type: 'subscribe', channel: 'queue' }), { code: 'TOO_MANY_SUBSCRIPTIONS' });
});

t.test('a socket that sends too much is told so and ended', async (t) => {
  const { accessToken } = await register(service);
  const socket = await openLiveSocket(t, service.url, { token: accessToken });
  for (let sent = 0; sent < 119; sent += 1) socket.send({ type: 'ping' });
  await waitFor(() => socket.frames.filter(({ type }) => type === 'pong').length === 119, { what: 'all pongs' });
  socket.send({ type: 'ping' });
  t.match(await socket.next('error'), { code: 'RATE_LIMITED' });
  t.equal(await socket.closed(), 4429);
});
