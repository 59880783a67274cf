import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const HOUR_MS = 3_600_000;

const hold = (token: string, body: object) => api.call('POST', '/reservations', { token, body });
const change = (scheduleId: number, body: object) => api.admin('PATCH', `/admin/schedules/${scheduleId}`, body);

/** A date of a hall with one row of six, of which seat 1 is accessible and seat 2 a companion's. */
async function openHall(more: object) {
  const { concertId } = await openSale(api);
  const seats = Array.from({ length: 6 }, (_, x) => ({
    label: String(x + 1),
    x,
    y: 0,
    level: 'R',
    ...(x > 1 ? {} : { attributes: [x === 0 ? 'ACCESSIBLE' : 'COMPANION'] }),
  }));
  const plan = { name: 'A', sections: [{ name: '1층', rows: [{ label: '1', seats }] }], levels: [{ name: 'R' }] };
  const { planId } = (await api.admin('POST', '/admin/seat-plans', plan)).as<{ planId: number }>();
  const levels = [{ name: 'R', price: 1_000 }];
  const startsAt = new Date(Date.now() + 100 * HOUR_MS).toISOString();
  const body = { startsAt, planId, levels, ...more };
  const created = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, body);
  t.equal(created.status, 201, JSON.stringify(created.body));
  return { concertId, created, scheduleId: Number(created.body['scheduleId']) };
}

t.test('the rule about single seats is set at the creation, shown, and changed', async (t) => {
  const { concertId } = await openSale(api);
  const scheduleId = await addSchedule(api, concertId, { seatCount: 10, singleSeats: 'FORBID' });
  const [fan, rival] = [await enter(api, concertId), await enter(api, concertId)];
  await hold(rival.queueToken, { scheduleId, seatNumber: 1 });
  const refused = await hold(fan.queueToken, { scheduleId, seatNumber: 3 });
  t.match(refused, {
    status: 409,
    body: { code: 'LEAVES_SINGLE_SEAT', seatNumbers: [2], suggestions: [[2], [4], [5]] },
  });
  const schedules = await api.call('GET', `/concerts/${concertId}/schedules`, { token: fan.queueToken });
  t.match(schedules.body['schedules'], [
    { singleSeats: 'AVOID', accessibleReleaseAt: null },
    { singleSeats: 'FORBID' },
  ]);
  t.match(await change(scheduleId, { singleSeats: 'ALLOW' }), { status: 200, body: { singleSeats: 'ALLOW' } });
  t.equal((await hold(fan.queueToken, { scheduleId, seatNumber: 3 })).status, 201);
  t.match(await change(scheduleId, { singleSeats: 'NEVER' }), { status: 400, body: { code: 'VALIDATION_FAILED' } });
  t.match(await change(scheduleId, { closed: false }), { body: { singleSeats: 'ALLOW' } }, 'it stays');
});

t.test('accessible seats are kept until their time, and the plan shows it', async (t) => {
  const accessibleReleaseAt = new Date(Date.now() + HOUR_MS).toISOString();
  const { concertId, scheduleId, created } = await openHall({ accessibleReleaseAt });
  t.match(created.body, { accessibleReleaseAt, singleSeats: 'AVOID' });
  const { queueToken: token } = await enter(api, concertId);
  t.match(await hold(token, { scheduleId, seatNumbers: [3, 1] }), {
    status: 409,
    body: { code: 'SEAT_ACCESSIBLE_ONLY', seatNumbers: [1], accessibleReleaseAt },
  });
  t.match(await hold(token, { scheduleId, seatNumber: 1, accessible: false }), { status: 409 });
  const plan = await api.call('GET', `/schedules/${scheduleId}/plan`);
  t.match(plan.body, { accessibleReleaseAt, sections: [{ rows: [{ seats: [{ attributes: ['ACCESSIBLE'] }] }] }] });
  t.match(await hold(token, { scheduleId, count: 4 }), {
    status: 201,
    body: { reservations: [3, 4, 5, 6].map((seatNumber) => ({ seatNumber })) },
  });
  const rival = await enter(api, concertId);
  t.match(await hold(rival.queueToken, { scheduleId, count: 1 }), { status: 409, body: { code: 'NO_BLOCK' } });
  t.match(await hold(rival.queueToken, { scheduleId, count: 1, accessible: true }), {
    status: 201,
    body: { reservations: [{ seatNumber: 1 }] },
  });
  const other = await enter(api, concertId);
  t.match(await hold(other.queueToken, { scheduleId, seatNumber: 2 }), { status: 409 });
  t.match(await change(scheduleId, { accessibleReleaseAt: null }), {
    status: 200,
    body: { accessibleReleaseAt: null },
  });
  t.equal((await hold(other.queueToken, { scheduleId, seatNumber: 2 })).status, 201, 'they are not kept any more');
  t.match((await api.call('GET', `/schedules/${scheduleId}/plan`)).body, { accessibleReleaseAt: null });
});

t.test('the owner releases accessible seats by itself', async (t) => {
  const releaseAtMs = Date.now() + 700;
  const { concertId, scheduleId } = await openHall({ accessibleReleaseAt: new Date(releaseAtMs).toISOString() });
  const { queueToken: token } = await enter(api, concertId);
  let answer = await hold(token, { scheduleId, seatNumber: 1 });
  for (const deadlineMs = Date.now() + 10_000; answer.status === 409 && Date.now() < deadlineMs; ) {
    t.equal(answer.body['code'], 'SEAT_ACCESSIBLE_ONLY');
    answer = await hold(token, { scheduleId, seatNumber: 1 });
  }
  t.equal(answer.status, 201);
  t.ok(Date.parse(String(answer.body['createdAt'])) >= releaseAtMs);
});
