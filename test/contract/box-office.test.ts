import { randomUUID } from 'node:crypto';
import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import type { Call } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, register, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const ADMIN = 'an-admin-token-for-tests';

interface MapShown {
  readonly seq: number;
  readonly availableSeats: number;
  readonly seats: readonly { readonly seatNumber: number; readonly status: string; readonly mine?: true }[];
}

const post = (path: string, body: object, call: Call = {}) => api.call('POST', path, { token: ADMIN, body, ...call });

function deskOf(scheduleId: number) {
  const path = `/admin/schedules/${scheduleId}/seats`;
  return {
    block: (seatNumbers: readonly number[], call?: Call) =>
      post(`${path}/block`, { seatNumbers, reason: '카메라' }, call),
    unblock: (seatNumbers: readonly number[], call?: Call) =>
      post(`${path}/unblock`, { seatNumbers, reason: '되돌림' }, call),
    comp: (seatNumber: number, userId: string, call?: Call) =>
      post(`${path}/${seatNumber}/comp`, { userId, reason: '초대' }, call),
    hold: (token: string, seatNumber: number) =>
      api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } }),
    read: async (token: string) => (await api.call('GET', `/schedules/${scheduleId}/seats`, { token })).as<MapShown>(),
  };
}

const move = (reservationId: unknown, seatNumber: number, call?: Call) =>
  post(`/admin/reservations/${String(reservationId)}/move`, { seatNumber, reason: '시야 방해' }, call);

const statusOf = ({ seats }: MapShown, seatNumber: number) => seats[seatNumber - 1]?.status;

async function lastEntry(): Promise<unknown> {
  return (await api.admin('GET', '/admin/log?limit=1')).as<{ entries: unknown[] }>().entries[0];
}

t.test('blocked seats are not for sale until they are unblocked', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 4 });
  const { block, unblock, hold, read } = deskOf(scheduleId);
  const fan = await enter(api, concertId);
  const blocked = await block([2, 3]);
  t.match(blocked, {
    status: 200,
    body: { scheduleId, seatNumbers: [2, 3], changed: [2, 3], status: 'BLOCKED', seq: 2, epoch: 1 },
  });
  t.match(await lastEntry(), {
    keyId: 'root',
    action: 'seats.block',
    target: `schedule:${scheduleId}`,
    before: { status: 'AVAILABLE', seatNumbers: [2, 3] },
    after: { status: 'BLOCKED', seatNumbers: [2, 3], reason: '카메라' },
  });
  const map = await read(fan.queueToken);
  t.equal(map.availableSeats, 2);
  t.strictSame(map.seats[1], { seatNumber: 2, price: 1_000, status: 'BLOCKED' }, 'the map gives no reason');
  const listed = await api.admin('GET', `/admin/concerts/${concertId}`);
  t.match(listed.body, { schedules: [{ scheduleId, availableSeats: 2 }] });
  t.match(await hold(fan.queueToken, 2), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [2], seq: 2 } });
  const best = await api.call('POST', '/reservations', {
    token: fan.queueToken,
    body: { scheduleId, count: 3, together: false },
  });
  t.match(best, { status: 409, body: { code: 'NO_BLOCK', largestBlock: 1 } });
  t.match(await unblock([2, 3]), { status: 200, body: { changed: [2, 3], status: 'AVAILABLE', seq: 4 } });
  t.equal((await hold(fan.queueToken, 2)).status, 201);
});

t.test('a block is all or nothing, and a seat that is blocked stays so', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 4 });
  const { block, unblock, hold, read } = deskOf(scheduleId);
  const fan = await enter(api, concertId);
  await hold(fan.queueToken, 2);
  t.match(await block([1, 2, 3]), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [2], seq: 1 } });
  t.match(await unblock([2]), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [2] } });
  t.match(await block([1, 5]), { status: 404, body: { code: 'SEAT_NOT_FOUND' } });
  t.strictSame((await read(fan.queueToken)).availableSeats, 3, 'nothing was blocked');
  t.match(await block([1]), { status: 200, body: { changed: [1], seq: 2 } });
  t.match(await block([1, 3]), { status: 200, body: { seatNumbers: [1, 3], changed: [3], seq: 3 } });
  t.match(await block([1, 3]), { status: 200, body: { seatNumbers: [1, 3], changed: [], seq: 3 } });
  t.match(await unblock([4]), { status: 200, body: { changed: [] } });
});

t.test('an act is done once under its key, and each organiser has keys of their own', async (t) => {
  const { scheduleId } = await openSale(api, { seatCount: 4 });
  const { block, unblock } = deskOf(scheduleId);
  const key = randomUUID();
  const first = await block([1], { key });
  await unblock([1]);
  const again = await block([1], { key });
  t.strictSame(again.body, first.body);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.match(await block([2], { key }), { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  const nothing = randomUUID();
  const unchanged = await unblock([1], { key: nothing });
  t.match(unchanged, { status: 200, body: { changed: [] } });
  t.strictSame((await unblock([1], { key: nothing })).body, unchanged.body);
});

t.test('a ticket that is given away costs nothing, is in the list of its user, and can be refunded', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 4 });
  const { block, comp, hold, read } = deskOf(scheduleId);
  const fan = await enter(api, concertId);
  const guest = await register(api);
  const given = await comp(3, guest.userId);
  t.match(given, {
    status: 201,
    body: {
      status: 'COMPLETED',
      amount: 0,
      scheduleId,
      reservations: [{ seatNumber: 3, price: 0, status: 'CONFIRMED', seatLabel: 'A열 3번', seq: 1 }],
    },
  });
  t.match(await lastEntry(), { action: 'seat.comp', after: { seatNumber: 3, userId: guest.userId, reason: '초대' } });
  t.equal(statusOf(await read(fan.queueToken), 3), 'CONFIRMED');
  t.match(await hold(fan.queueToken, 3), { status: 409, body: { code: 'SEAT_TAKEN' } });
  t.match(await comp(3, guest.userId), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [3] } });
  await block([4]);
  t.match(await comp(4, guest.userId), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [4] } });
  t.match(await comp(5, guest.userId), { status: 404, body: { code: 'SEAT_NOT_FOUND' } });
  t.match(await comp(1, randomUUID()), { status: 404, body: { code: 'USER_NOT_FOUND' } });
  const { paymentId } = given.as<{ paymentId: string }>();
  const token = guest.accessToken;
  t.match((await api.call('GET', '/me/payments', { token })).body, { payments: [{ paymentId, amount: 0 }] });
  t.match((await api.call('GET', '/me/reservations', { token })).body, {
    reservations: [{ seatNumber: 3, price: 0, status: 'CONFIRMED', paymentId }],
  });
  t.match(await api.call('POST', `/payments/${paymentId}/refund`, { token }), {
    status: 200,
    body: { status: 'REFUNDED', amount: 0, remainingBalance: 0 },
  });
  t.equal(statusOf(await read(fan.queueToken), 3), 'AVAILABLE');
});

t.test('a reservation moves with its price, on hold and paid', async (t) => {
  const prices = [
    { from: 1, to: 2, price: 1_000 },
    { from: 3, to: 4, price: 5_000 },
  ];
  const { concertId, scheduleId } = await openSale(api, { seatCount: 4, prices });
  const { block, hold, read } = deskOf(scheduleId);
  const fan = await enter(api, concertId);
  const token = fan.accessToken;
  const { body: held } = await hold(fan.queueToken, 1);
  const moved = await move(held['reservationId'], 3);
  t.match(moved, {
    status: 200,
    body: { ...held, seatNumber: 3, seatLabel: 'A열 3번', price: 1_000, status: 'HELD', seq: 3 },
  });
  t.match(await lastEntry(), {
    action: 'reservation.move',
    target: `reservation:${String(held['reservationId'])}`,
    before: { seatNumber: 1 },
    after: { seatNumber: 3, reason: '시야 방해' },
  });
  const map = await read(fan.queueToken);
  t.strictSame([map.seq, statusOf(map, 1), statusOf(map, 3)], [3, 'AVAILABLE', 'HELD']);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 10_000 }, key: randomUUID() });
  const { body: paid } = await api.call('POST', '/payments', { token, body: { reservationId: held['reservationId'] } });
  t.match(paid, { amount: 1_000, remainingBalance: 9_000 });
  const key = randomUUID();
  const again = await move(held['reservationId'], 4, { key });
  t.match(again, { status: 200, body: { seatNumber: 4, price: 1_000, status: 'CONFIRMED', seq: 6 } });
  t.strictSame(
    (await move(held['reservationId'], 4, { key })).body,
    again.body,
    'the repeated request changes nothing',
  );
  t.match(await move(held['reservationId'], 4), { status: 200, body: { seatNumber: 4, seq: 6 } });
  await block([2]);
  t.match(await move(held['reservationId'], 2), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [2] } });
  t.match(await move(held['reservationId'], 9), { status: 404, body: { code: 'SEAT_NOT_FOUND' } });
  t.match(await move(randomUUID(), 1), { status: 404, body: { code: 'RESERVATION_NOT_FOUND' } });
  t.match((await api.call('GET', `/reservations/${String(held['reservationId'])}`, { token })).body, {
    seatNumber: 4,
    seatLabel: 'A열 4번',
  });
  const refund = await api.call('POST', `/payments/${String(paid['paymentId'])}/refund`, { token });
  t.match(refund, { status: 200, body: { remainingBalance: 10_000 } });
  t.match(await move(held['reservationId'], 1), {
    status: 409,
    body: { code: 'RESERVATION_NOT_HELD', status: 409 },
  });
});

t.test('of a block and a hold of the same seat at the same instant, exactly one wins', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 50 });
  const { block, hold } = deskOf(scheduleId);
  const fans = await Promise.all(Array.from({ length: 13 }, () => enter(api, concertId)));
  const seats = Array.from({ length: 50 }, (_, index) => index + 1);
  const rounds = await Promise.all(
    seats.map(async (seatNumber) => {
      const token = fans[seatNumber % fans.length]?.queueToken ?? '';
      const both = [() => block([seatNumber]), () => hold(token, seatNumber)];
      if (seatNumber % 2 === 0) both.reverse();
      const answers = await Promise.all(both.map((ask) => ask()));
      return answers.map(({ status }) => status).sort((a, b) => a - b);
    }),
  );
  for (const [winner, loser] of rounds) t.match([winner, loser], [/^20[01]$/, 409]);
});

t.test('the audit finds nothing in all of that', async (t) => {
  const { violations } = await runAudit(database.pool);
  t.strictSame(violations, []);
});
