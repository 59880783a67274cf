import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

const hold = (token: string, body: object, headers = {}) => api.call('POST', '/reservations', { token, body, headers });

function numbersOf(answer: Answer): readonly number[] {
  return (answer.body['reservations'] as readonly { seatNumber: number }[]).map(({ seatNumber }) => seatNumber);
}

t.test('the service chooses the middle of the front row, and repeats its choice under the key', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const headers = { 'idempotency-key': randomUUID() };
  const first = await hold(token, { scheduleId, count: 2 }, headers);
  t.equal(first.status, 201);
  t.strictSame(numbersOf(first), [5, 6]);
  const again = await hold(token, { scheduleId, count: 2 }, headers);
  t.equal(again.status, 201);
  t.strictSame(again.body, first.body);
  const map = await api.call('GET', `/schedules/${scheduleId}/seats?status=HELD`, { token });
  t.match(map.body, { availableSeats: 48, seats: [{ seatNumber: 5 }, { seatNumber: 6 }] });
});

t.test('where no block is left, the refusal names the largest, and scattered seats are granted', async (t) => {
  const { concertId } = await openSale(api);
  const scheduleId = await addSchedule(api, concertId, { seatCount: 10 });
  const [fan, rival] = [await enter(api, concertId), await enter(api, concertId)];
  await hold(rival.queueToken, { scheduleId, seatNumbers: [3, 5, 8] });
  const refused = await hold(fan.queueToken, { scheduleId, count: 3, together: true });
  t.match(refused, { status: 409, body: { code: 'NO_BLOCK', largestBlock: 2 } });
  t.type(refused.body['epoch'], 'number');
  t.ok(Number(refused.body['seq']) >= 3);
  t.strictSame(numbersOf(await hold(fan.queueToken, { scheduleId, count: 3, together: false })).length, 3);
});

t.test('no chosen seat costs more than the wish says', async (t) => {
  const { concertId } = await openSale(api);
  const prices = [
    { from: 1, to: 10, price: 90_000 },
    { from: 11, to: 20, price: 50_000 },
  ];
  const scheduleId = await addSchedule(api, concertId, { seatCount: 20, prices });
  const { queueToken: token } = await enter(api, concertId);
  t.strictSame(numbersOf(await hold(token, { scheduleId, count: 2, maxPrice: 50_000 })), [15, 16]);
  t.match(await hold(token, { scheduleId, count: 1, maxPrice: 49_999 }), {
    status: 409,
    body: { code: 'NO_BLOCK', largestBlock: 0 },
  });
});

t.test('the limit of seats comes before the seats', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  t.match(await hold(token, { scheduleId, count: 5 }), { status: 409, body: { code: 'SEAT_LIMIT_REACHED' } });
  t.match(await hold(token, { scheduleId, count: 5, maxPrice: 0 }), {
    status: 409,
    body: { code: 'SEAT_LIMIT_REACHED' },
  });
});

t.test('malformed wishes are refused', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  for (const wish of [
    { count: 0 },
    { count: 11 },
    { count: '2' },
    { count: 2, together: 'yes' },
    { count: 2, maxPrice: -1 },
    { count: 2, seatNumber: 3 },
    { count: 2, row: 1 },
  ]) {
    t.match(
      await hold(token, { scheduleId, ...wish }),
      { status: 400, body: { code: 'VALIDATION_FAILED' } },
      JSON.stringify(wish),
    );
  }
});

t.test('fans who ask for two seats each at once all get neighbours until none are left', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fans: Awaited<ReturnType<typeof enter>>[] = [];
  while (fans.length < 30) fans.push(await enter(api, concertId));
  const answers = await Promise.all(fans.map(({ queueToken }) => hold(queueToken, { scheduleId, count: 2 })));
  const granted = answers.filter(({ status }) => status === 201).map(numbersOf);
  t.equal(granted.length, 25, 'each row of ten has five pairs');
  t.ok(granted.every(([left = 0, right]) => right === left + 1 && left % 10 !== 0));
  t.equal(new Set(granted.flat()).size, 50);
  const refused = answers.filter(({ status }) => status !== 201);
  t.ok(refused.every(({ body }) => body['code'] === 'NO_BLOCK' && body['largestBlock'] === 0));
});
