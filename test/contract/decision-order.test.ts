import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

/*
 * syntax 400 → identity 401 → replay, or a payment already made → queue status 401/403 → existence 404 → concert 403 → time
 * window 409 → limit 409 → seat 409/410 → balance 400. Each request here is wrong in several ways; the first one counts.
 */

const DAY_MS = 86_400_000;
const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

async function begunSchedule(concertId: number): Promise<number> {
  const show = { startsAt: fromNow(-1_000), price: 1_000, seatCount: 5 };
  return Number((await api.admin('POST', `/admin/concerts/${concertId}/schedules`, show)).body['scheduleId']);
}

const seen = ({ status, body }: Answer) => [status, body['code']];

t.test('a hold is judged in the order of the contract', async (t) => {
  const [sale, other] = [await openSale(api), await openSale(api, { seatCount: 3 })];
  const begun = await begunSchedule(sale.concertId);
  const begunElsewhere = await begunSchedule(other.concertId);
  const [fan, rival, gone] = [
    await enter(api, sale.concertId),
    await enter(api, sale.concertId),
    await enter(api, sale.concertId),
  ];
  const key = randomUUID();
  const hold = (token: string, body: object, more: { key?: string } = {}) =>
    api.call('POST', '/reservations', { token, body, ...more });
  const kept = await hold(gone.queueToken, { scheduleId: sale.scheduleId, seatNumber: 40 }, { key });
  await api.call('DELETE', `/queue/tokens/${gone.queueToken}`);
  await hold(rival.queueToken, { scheduleId: sale.scheduleId, seatNumber: 1 });
  await hold(fan.queueToken, { scheduleId: sale.scheduleId, seatNumbers: [2, 3, 4, 5] });
  const { scheduleId } = sale;
  const cases: readonly (readonly [string, Promise<Answer>, number, string])[] = [
    ['syntax before identity', hold('nobody', { scheduleId: 'x', seatNumber: 1 }), 400, 'VALIDATION_FAILED'],
    ['identity before all else', hold('nobody', { scheduleId: 999_999, seatNumber: 1 }), 401, 'UNAUTHENTICATED'],
    [
      'status before existence',
      hold(gone.queueToken, { scheduleId: 999_999, seatNumber: 1 }),
      401,
      'QUEUE_TOKEN_CANCELLED',
    ],
    [
      'a used key before status',
      hold(gone.queueToken, { scheduleId: 999_999, seatNumber: 1 }, { key }),
      422,
      'IDEMPOTENCY_KEY_REUSED',
    ],
    [
      'existence before concert and time',
      hold(fan.queueToken, { scheduleId: begunElsewhere, seatNumber: 6 }),
      404,
      'SEAT_NOT_FOUND',
    ],
    [
      'concert before time',
      hold(fan.queueToken, { scheduleId: begunElsewhere, seatNumber: 1 }),
      403,
      'QUEUE_WRONG_CONCERT',
    ],
    [
      'time before limit',
      hold(fan.queueToken, { scheduleId: begun, seatNumbers: [1, 2, 3, 4, 5] }),
      409,
      'BOOKING_CLOSED',
    ],
    ['limit before seat', hold(fan.queueToken, { scheduleId, seatNumber: 1 }), 409, 'SEAT_LIMIT_REACHED'],
    [
      'one seat that is not there before the others',
      hold(fan.queueToken, { scheduleId, seatNumbers: [1, 6, 51] }),
      404,
      'SEAT_NOT_FOUND',
    ],
  ];
  for (const [title, answer, status, code] of cases) t.strictSame(seen(await answer), [status, code], title);
  const replay = await hold(gone.queueToken, { scheduleId, seatNumber: 40 }, { key });
  t.strictSame([replay.status, replay.body], [201, kept.body], 'a replay before status');
});

t.test('a payment is judged in the order of the contract', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const second = await addSchedule(api, concertId, { inDays: 11 });
  const [fan, other] = [await enter(api, concertId), await enter(api, concertId)];
  const hold = async (token: string, schedule: number, seatNumber: number) => {
    const body = { scheduleId: schedule, seatNumber };
    return String((await api.call('POST', '/reservations', { token, body })).body['reservationId']);
  };
  const pay = (token: string, body: object) => api.call('POST', '/payments', { token, body });
  const one = await hold(fan.queueToken, scheduleId, 1);
  const released = await hold(fan.queueToken, scheduleId, 2);
  const elsewhere = await hold(fan.queueToken, second, 1);
  const foreign = await hold(other.queueToken, scheduleId, 3);
  await api.call('DELETE', `/reservations/${released}`, { token: fan.accessToken });
  const token = fan.accessToken;
  t.strictSame(seen(await pay('nobody', { reservationId: 'x' })), [400, 'VALIDATION_FAILED']);
  t.strictSame(seen(await pay('nobody', { reservationId: one })), [401, 'UNAUTHENTICATED']);
  t.strictSame(seen(await pay(token, { reservationIds: [elsewhere, one, foreign] })), [404, 'RESERVATION_NOT_FOUND']);
  t.strictSame(seen(await pay(token, { reservationIds: [one, released] })), [409, 'RESERVATION_NOT_HELD']);
  t.strictSame(seen(await pay(token, { reservationId: one })), [400, 'INSUFFICIENT_BALANCE']);
  t.strictSame(seen(await pay(token, { scheduleId: 999_999, seatNumber: 1 })), [404, 'SCHEDULE_NOT_FOUND']);
  t.strictSame(seen(await pay(token, { scheduleId, seatNumber: 51 })), [404, 'SEAT_NOT_FOUND']);
  t.strictSame(seen(await pay(token, { scheduleId, seatNumber: 9 })), [404, 'RESERVATION_NOT_FOUND']);
});

t.test('an entry into the queue is judged in the order of the contract', async (t) => {
  const closed = await api.admin('POST', '/admin/concerts', {
    title: 'a',
    artist: 'b',
    venue: 'c',
    bookingOpensAt: fromNow(-DAY_MS),
    bookingClosesAt: fromNow(-1),
  });
  const concertId = Number(closed.body['concertId']);
  const { accessToken: token } = await enter(api, (await openSale(api)).concertId);
  const queue = (by: string, body: object) => api.call('POST', '/queue/tokens', { token: by, body });
  t.strictSame(seen(await queue('nobody', { concertId: 0 })), [400, 'VALIDATION_FAILED']);
  t.strictSame(seen(await queue('nobody', { concertId })), [401, 'UNAUTHENTICATED']);
  t.strictSame(seen(await queue(token, { concertId: 999_999 })), [404, 'CONCERT_NOT_FOUND']);
  t.strictSame(seen(await queue(token, { concertId })), [409, 'BOOKING_CLOSED']);
});

t.test('maps and dates are judged in the order of the contract', async (t) => {
  const { concertId } = await openSale(api);
  const fan = await enter(api, concertId);
  await api.call('DELETE', `/queue/tokens/${fan.queueToken}`);
  for (const path of ['/concerts/x/schedules', '/schedules/0/seats', `/concerts/${concertId}/seats?date=today`]) {
    t.strictSame(seen(await api.call('GET', path)), [400, 'VALIDATION_FAILED'], path);
  }
  for (const path of ['/concerts/999999/schedules', '/schedules/999999/seats', '/concerts/999999/seats']) {
    t.strictSame(seen(await api.call('GET', path)), [401, 'UNAUTHENTICATED'], path);
    t.strictSame(seen(await api.call('GET', path, { token: fan.queueToken })), [401, 'QUEUE_TOKEN_CANCELLED'], path);
  }
});
