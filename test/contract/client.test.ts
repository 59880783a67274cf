import t from 'tap';
import { ApiProblem } from '../../src/client/failures.ts';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { startTestService } from '../fixtures/service.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const ADMIN_TOKEN = 'an-admin-token-for-the-client';
const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

const database = await createTestDatabase(t);
const { url } = await startTestService(t, database, { ADMIN_TOKEN });
const client = createFrontrowClient({ baseUrl: url, language: () => 'en' });
const admin = client.admin(ADMIN_TOKEN);

async function openSale(queue: { batch?: number } = {}) {
  const concert = await admin.createConcert({
    title: 'Songs at Night',
    artist: 'Daybreak',
    venue: 'Hall',
    bookingOpensAt: inDays(-1),
    bookingClosesAt: inDays(5),
    queue: { maxActive: 100, batch: 100, intervalMs: 1_000, ...queue },
  });
  const { concertId } = concert;
  const schedule = await admin.createSchedule(concertId, { startsAt: inDays(10), seatCount: 20, price: 1_000 });
  return { concert, concertId, schedule, scheduleId: schedule.scheduleId };
}

let registered = 0;
async function register() {
  registered += 1;
  return client.register({ name: 'Ada', email: `ada-${registered}@example.com` });
}

t.test('a fan goes through everything with it, from the queue to a refund', async (t) => {
  const { concert, concertId, schedule, scheduleId } = await openSale();
  t.match(concert, { title: 'Songs at Night', timeZone: 'Asia/Seoul' });
  t.match(schedule, { totalSeats: 20, availableSeats: 20 });
  const newest = await client.concerts.available({ limit: 1 });
  t.match(newest.items, [{ concertId }]);
  t.match(await client.concerts.find(concertId), { concertId, queue: { waiting: 0, maxActive: 100, paused: false } });

  const user = await register();
  const fan = client.as(user.accessToken);
  t.match(await fan.me(), { userId: user.userId, name: 'Ada' });
  t.match(await client.as((await fan.renewToken()).accessToken).me(), { userId: user.userId });
  const token = await fan.enterQueue(concertId);
  t.match(token, { concertId, status: 'ACTIVE', queuePosition: 0 });
  t.match(await fan.enterQueue(concertId), { token: token.token }, 'a second entry finds the first');

  const shopper = client.inQueue(token.token);
  t.match(await shopper.status(), { status: 'ACTIVE' });
  t.match(await shopper.activate(), { status: 'ACTIVE' });
  t.match(await shopper.schedules(concertId), [{ scheduleId }]);
  t.equal((await shopper.schedules(concertId, { all: true })).length, 1);
  const { reservations, isNew } = await shopper.hold(scheduleId, [3, 4]);
  t.equal(isNew, true);
  t.match(reservations, [{ seatNumber: 3, status: 'HELD', price: 1_000 }, { seatNumber: 4 }]);
  t.equal((await shopper.hold(scheduleId, [3])).isNew, false, 'what is held already is no new hold');
  const map = await shopper.seats(scheduleId);
  t.match(map.seats[2], { seatNumber: 3, status: 'HELD', mine: true });
  t.equal((await shopper.seats(scheduleId, { status: 'HELD' })).seats.length, 2);

  const ids = reservations.map((reservation) => reservation.reservationId);
  const [, given = ''] = ids;
  t.match(await fan.release(given), { status: 'CANCELLED' });
  t.match(await fan.release(given), { status: 'CANCELLED' }, 'a hold that is released is released');
  await t.rejects(shopper.pay([ids[0] ?? '']), {
    code: 'INSUFFICIENT_BALANCE',
    members: { amount: 1_000, balance: 0 },
  });
  t.match(await shopper.charge(5_000), { previousBalance: 0, currentBalance: 5_000 });
  const payment = await shopper.pay({ scheduleId, seatNumber: 3 });
  t.match(payment, { status: 'COMPLETED', amount: 1_000, remainingBalance: 4_000 });
  t.match(await fan.pay([ids[0] ?? '']), { paymentId: payment.paymentId }, 'what is paid is paid once');
  t.match(await fan.payment(payment.paymentId), { status: 'COMPLETED' });
  t.match(await fan.payments(), { items: [{ paymentId: payment.paymentId }], nextCursor: null });
  t.match(await fan.refund(payment.paymentId), { status: 'REFUNDED' });
  t.match(await fan.balance(), { balance: 5_000 });

  const first = await fan.walletHistory({ limit: 2 });
  t.match(first.items, [{ type: 'REFUND' }, { type: 'PAYMENT', amount: -1_000 }]);
  const rest = await fan.walletHistory({ limit: 2, cursor: first.nextCursor ?? '' });
  t.match(rest, { items: [{ type: 'CHARGE', amount: 5_000 }], nextCursor: null });
  t.match(await fan.reservations({ status: 'REFUNDED' }), { items: [{ seatNumber: 3 }] });
  t.match(await fan.reservation(ids[0] ?? ''), { status: 'REFUNDED' });
  t.match(await admin.overview(), { totals: { revenue: 0 }, schedules: [{ scheduleId, availableSeats: 20 }] });
  const { samples, stepMs } = await admin.activity();
  t.equal(stepMs, 1_000);
  const number = samples.at(-1)?.number ?? 0;
  t.ok((await admin.activity({ since: number })).samples.every((sample) => sample.number > number));
});

t.test('an organiser hands out keys, sees what was done with them, and takes them back', async (t) => {
  const { concertId } = await openSale();
  const { keyId, secret } = await admin.createKey({ name: 'Front desk', role: 'MANAGER', concertIds: [concertId] });
  const manager = client.admin(secret ?? '');
  await manager.changeQueue(concertId, { batch: 3 });
  await t.rejects(manager.createKey({ name: 'x', role: 'OWNER' }), {
    code: 'ROLE_REQUIRED',
    members: { role: 'OWNER' },
  });
  t.match(await admin.log({ limit: 1 }), { items: [{ keyId, action: 'queue.change', after: { batch: 3 } }] });
  t.match(await admin.keys({ limit: 1 }), {
    items: [{ keyId, role: 'MANAGER', concertIds: [concertId], revokedAt: null }],
  });
  await admin.revokeKey(keyId);
  await t.rejects(manager.overview(), { status: 401, code: 'UNAUTHENTICATED' });
});

t.test('an organiser changes a concert, its dates and prices, and deletes what nobody reserved', async (t) => {
  const { concertId, scheduleId } = await openSale();
  const { version, schedules } = await admin.concert(concertId);
  t.match(schedules, [{ scheduleId, closed: false, availableSeats: 20 }]);
  t.match(await admin.changeConcert(concertId, version, { title: 'Renamed' }), {
    title: 'Renamed',
    version: version + 1,
  });
  await t.rejects(admin.changeConcert(concertId, version, { title: 'x' }), { code: 'VERSION_STALE' });
  t.match(await admin.changeSchedule(scheduleId, { closed: true, endsAt: null }), { closed: true, endsAt: null });
  t.match(await admin.changePrices(scheduleId, 7), { scheduleId, unchanged: [] });
  t.match(await admin.changePrices(scheduleId, [{ from: 1, to: 2, price: 9 }]), { unchanged: [] });
  t.match(await admin.concerts({ limit: 1 }), { items: [{ concertId, title: 'Renamed' }] });
  await admin.deleteSchedule(scheduleId);
  await admin.deleteConcert(concertId);
  await t.rejects(admin.deleteConcert(concertId), { code: 'CONCERT_NOT_FOUND' });
});

t.test('problems are told in words and by code, with what they add', async (t) => {
  const { concertId, scheduleId } = await openSale();
  const [one, other] = await Promise.all([register(), register()]);
  const [mine, theirs] = await Promise.all(
    [one, other].map(async ({ accessToken }) =>
      client.inQueue((await client.as(accessToken).enterQueue(concertId)).token),
    ),
  );
  if (mine === undefined || theirs === undefined) throw new Error('two shoppers were asked for');
  await theirs.hold(scheduleId, [5]);
  const error: unknown = await mine.hold(scheduleId, [4, 5]).catch((error: unknown) => error);
  t.ok(error instanceof ApiProblem);
  t.match(error, { status: 409, code: 'SEAT_TAKEN', members: { seatNumbers: [5] }, detail: /held or sold/ });
  t.match(error, { requestId: /^[0-9a-f-]{36}$/, outcome: null });
  await t.rejects(client.as('nonsense').me(), { status: 401, code: 'UNAUTHENTICATED' });
  await t.rejects(client.admin('nonsense').overview(), { status: 403, code: 'FORBIDDEN' });
  await theirs.leave();
  await theirs.leave();
  await t.rejects(theirs.seats(scheduleId), { code: 'QUEUE_TOKEN_CANCELLED' });
});

t.test('a paused queue keeps everybody waiting', async (t) => {
  const { concertId } = await openSale({ batch: 0 });
  const { accessToken } = await register();
  const { token } = await client.as(accessToken).enterQueue(concertId);
  const shopper = client.inQueue(token);
  t.match(await shopper.status(), { status: 'WAITING', queuePosition: 1 });
  await t.rejects(shopper.activate(), { code: 'QUEUE_NOT_YOUR_TURN', members: { queuePosition: 1 } });
  t.match(await admin.changeQueue(concertId, { batch: 10 }), { queue: { batch: 10, maxActive: 100 } });
  await waitFor(async () => (await shopper.status()).status === 'ACTIVE', { what: 'the admission' });
});

t.test('an answer that is lost on its way does not charge, hold, pay or refund a second time', async (t) => {
  const { concertId, scheduleId } = await openSale();
  const { accessToken } = await register();
  const direct = client.as(accessToken);
  const proxy = await startTcpProxy(t, url);
  const attempts = new Map<string, number>();
  const patient = createFrontrowClient({
    baseUrl: proxy.url,
    limits: { firstRetryMs: 20 },
    onAttempt: ({ operation, attempt }) => void attempts.set(operation, attempt),
  });
  const shopper = patient.inQueue((await direct.enterQueue(concertId)).token);

  async function whileAnswersAreLost<T>(call: Promise<T>): Promise<T> {
    await waitFor(() => proxy.hasSwallowed, { what: 'the first answer to be swallowed' });
    proxy.cut();
    return call;
  }
  proxy.muteServer();
  t.match(await whileAnswersAreLost(shopper.charge(5_000)), { previousBalance: 0, currentBalance: 5_000 });
  proxy.muteServer();
  const { reservations, isNew } = await whileAnswersAreLost(shopper.hold(scheduleId, [7]));
  t.equal(isNew, true, 'the first answer again');
  proxy.muteServer();
  const payment = await whileAnswersAreLost(shopper.pay(reservations.map(({ reservationId }) => reservationId)));
  t.match(payment, { amount: 1_000, remainingBalance: 4_000 });
  proxy.muteServer();
  t.match(await whileAnswersAreLost(patient.as(accessToken).refund(payment.paymentId)), { status: 'REFUNDED' });

  for (const operation of ['charge', 'hold', 'pay', 'refund']) t.equal(attempts.get(operation), 2, operation);
  t.match(await direct.walletHistory(), {
    items: [
      { type: 'REFUND', balanceAfter: 5_000 },
      { type: 'PAYMENT', balanceAfter: 4_000 },
      { type: 'CHARGE', balanceAfter: 5_000 },
    ],
    nextCursor: null,
  });
  t.equal((await direct.reservations()).items.length, 1);
});

t.test('a release whose answer is lost is done', async (t) => {
  const { concertId, scheduleId } = await openSale();
  const { accessToken } = await register();
  const proxy = await startTcpProxy(t, url);
  const patient = createFrontrowClient({ baseUrl: proxy.url, limits: { firstRetryMs: 20 } });
  const shopper = patient.inQueue((await client.as(accessToken).enterQueue(concertId)).token);
  const { reservations } = await shopper.hold(scheduleId, [1]);
  proxy.muteServer();
  const release = shopper.release(reservations[0]?.reservationId ?? '');
  await waitFor(() => proxy.hasSwallowed, { what: 'the answer to be swallowed' });
  proxy.cut();
  t.match(await release, { status: 'CANCELLED', seatNumber: 1 });
});
