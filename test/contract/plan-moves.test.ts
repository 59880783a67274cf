import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { openLiveSocket } from '../fixtures/live-socket.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const HOUR_MS = 3_600_000;

const hold = (token: string, body: object) => api.call('POST', '/reservations', { token, body });
const move = (scheduleId: number, body: object) => api.admin('PATCH', `/admin/schedules/${scheduleId}`, body);

/** A row of seats whose labels and levels are given. */
const planOf = (labels: readonly string[], level = (_label: string) => 'R') => ({
  name: 'A',
  sections: [
    {
      name: '1층',
      rows: [{ label: '1', seats: labels.map((label, x) => ({ label, x, y: 0, level: level(label) })) }],
    },
  ],
  levels: [...new Set(labels.map(level))].map((name) => ({ name })),
});

/** A date of the first plan, and its plan. */
async function openHall(labels: readonly string[]) {
  const { concertId } = await openSale(api);
  const { planId } = (await api.admin('POST', '/admin/seat-plans', planOf(labels))).as<{ planId: number }>();
  const levels = [{ name: 'R', price: 1_000 }];
  const startsAt = new Date(Date.now() + 100 * HOUR_MS).toISOString();
  const body = { startsAt, planId, levels };
  const created = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, body);
  const addVersion = async (plan: object) => {
    const added = await api.admin('POST', `/admin/seat-plans/${planId}/versions`, plan);
    t.equal(added.status, 201, JSON.stringify(added.body));
  };
  return { concertId, scheduleId: Number(created.body['scheduleId']), addVersion };
}

t.test('a date moves to a newer version: new seats are sold, and free ones that are gone are not', async (t) => {
  const { concertId, scheduleId, addVersion } = await openHall(['1', '2', '3']);
  const { queueToken: token } = await enter(api, concertId);
  await hold(token, { scheduleId, seatNumber: 1 });
  const before = await api.call('GET', `/schedules/${scheduleId}/plan`);
  const socket = await openLiveSocket(t, api.url, { token });
  await socket.subscribe(scheduleId);
  await addVersion(planOf(['1', '2', '3', '4', '5']));
  t.match(await move(scheduleId, { planVersion: 2 }), {
    status: 200,
    body: { totalSeats: 5, availableSeats: 4, planVersion: 2 },
  });
  t.match(await socket.next('snapshot'), {
    seats: [1, 2, 3, 4, 5].map((seatNumber) => ({ seatNumber, price: 1_000 })),
  });
  const plan = await api.call('GET', `/schedules/${scheduleId}/plan`);
  t.match(plan.body, { version: 2 });
  t.not(plan.headers.get('etag'), before.headers.get('etag'));
  t.match(await hold(token, { scheduleId, seatNumber: 5 }), {
    status: 201,
    body: { price: 1_000, seatLabel: '1층 1열 5번' },
  });
  await addVersion(planOf(['1', '2', '3', '4', '5', '6']));
  await addVersion(planOf(['1', '2', '3', '4', '5']));
  t.match(await move(scheduleId, { planVersion: 3 }), { status: 200 });
  t.match(await move(scheduleId, { planVersion: 4 }), { status: 200, body: { totalSeats: 5 } });
  t.match(await hold(token, { scheduleId, seatNumber: 6 }), { status: 404, body: { code: 'SEAT_NOT_FOUND' } });
});

t.test('a date does not move while a reserved seat would be another one, or none', async (t) => {
  const { concertId, scheduleId, addVersion } = await openHall(['1', '2', '3']);
  const { queueToken: token } = await enter(api, concertId);
  const held = await hold(token, { scheduleId, seatNumbers: [2, 3] });
  await addVersion(planOf(['1', '2']));
  await addVersion(planOf(['1', '9', '2', '3']));
  t.match(await move(scheduleId, { planVersion: 2 }), {
    status: 409,
    body: { code: 'SEATS_NOT_IN_PLAN', seatNumbers: [3] },
  });
  t.match(await move(scheduleId, { planVersion: 3 }), { status: 409, body: { seatNumbers: [2, 3] } });
  t.match((await api.call('GET', `/schedules/${scheduleId}/plan`)).body, { version: 1 });
  const [, third] = held.as<{ reservations: { reservationId: string }[] }>().reservations;
  await api.call('DELETE', `/reservations/${third?.reservationId}`, { token });
  t.match(await move(scheduleId, { planVersion: 2, closed: true }), {
    status: 200,
    body: { totalSeats: 2, closed: true },
  });
  const own = await api.call('GET', `/me/reservations?status=CANCELLED`, { token });
  t.match(own.body, { reservations: [{ seatNumber: 3 }] }, 'what has ended stays readable');
});

t.test('a date does not move while a blocked seat would be another one, or none', async (t) => {
  const { scheduleId, addVersion } = await openHall(['1', '2', '3']);
  const seats = { seatNumbers: [3], reason: 'camera' };
  t.match(await api.admin('POST', `/admin/schedules/${scheduleId}/seats/block`, seats), { status: 200 });
  await addVersion(planOf(['1', '2']));
  await addVersion(planOf(['1', '2', '4', '3']));
  t.match(await move(scheduleId, { planVersion: 2 }), {
    status: 409,
    body: { code: 'SEATS_NOT_IN_PLAN', seatNumbers: [3] },
  });
  t.match(await move(scheduleId, { planVersion: 3 }), { status: 409, body: { seatNumbers: [3] } });
  t.match(await api.admin('POST', `/admin/schedules/${scheduleId}/seats/unblock`, seats), { status: 200 });
  t.match(await move(scheduleId, { planVersion: 2 }), { status: 200, body: { totalSeats: 2 } });
});

t.test('new seats get the price of their level, and the others keep theirs', async (t) => {
  const { concertId, scheduleId, addVersion } = await openHall(['1', '2']);
  const { queueToken: token } = await enter(api, concertId);
  await hold(token, { scheduleId, seatNumber: 1 });
  await api.admin('PUT', `/admin/schedules/${scheduleId}/prices`, { prices: [{ from: 2, to: 2, price: 1_200 }] });
  await addVersion(planOf(['1', '2', '3', '4'], (label) => (label === '4' ? 'S' : 'R')));
  t.match(await move(scheduleId, { planVersion: 2 }), { status: 400, body: { errors: [{ path: '/levels' }] } });
  const levels = [{ name: 'S', price: 500 }];
  t.match(await move(scheduleId, { planVersion: 2, levels }), {
    status: 200,
    body: { priceFrom: 500, priceTo: 1_200 },
  });
  const map = await api.call('GET', `/schedules/${scheduleId}/seats`, { token });
  t.match(map.body['seats'], [{ price: 1_000 }, { price: 1_200 }, { price: 1_000 }, { price: 500 }]);
});

t.test('a version that is unknown, older or of no plan is refused', async (t) => {
  const { scheduleId, addVersion } = await openHall(['1', '2']);
  await addVersion(planOf(['1', '2', '3']));
  const path = { status: 400, body: { errors: [{ path: '/planVersion' }] } };
  t.match(await move(scheduleId, { planVersion: 9 }), path);
  t.match(await move(scheduleId, { planVersion: 2 }), { status: 200 });
  t.match(await move(scheduleId, { planVersion: 1 }), path);
  t.match(await move(scheduleId, { levels: [{ name: 'R', price: 1 }] }), {
    status: 400,
    body: { errors: [{ path: '/levels' }] },
  });
  const drawn = await openSale(api);
  t.match(await move(drawn.scheduleId, { planVersion: 1 }), path);
});
