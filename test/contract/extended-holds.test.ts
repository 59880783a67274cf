import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { openLiveSocket } from '../fixtures/live-socket.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface Held {
  readonly reservationId: string;
  readonly seatNumber: number;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly seq: number;
}

const hold = (token: string, body: object) => api.call('POST', '/reservations', { token, body });
const extend = (token: string, scheduleId: number, headers = {}) =>
  api.call('POST', '/reservations/extend', { token, body: { scheduleId }, headers });

t.test('an extension is answered with the holds, shown in every map, and repeated under its key', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const held = (await hold(token, { scheduleId, seatNumbers: [7, 8] })).as<{ reservations: Held[] }>();
  const headers = { 'idempotency-key': randomUUID() };
  const extended = await extend(token, scheduleId, headers);
  t.equal(extended.status, 200);
  const { reservations } = extended.as<{ reservations: Held[] }>();
  t.match(reservations, [
    { seatNumber: 7, seatLabel: 'A열 7번', status: 'HELD' },
    { seatNumber: 8, status: 'HELD' },
  ]);
  for (const [index, { createdAt, expiresAt, reservationId, seq }] of reservations.entries()) {
    const before = held.reservations[index];
    t.equal(reservationId, before?.reservationId);
    t.equal(createdAt, before?.createdAt);
    t.ok(expiresAt > (before?.expiresAt ?? ''), 'it ends later than before');
    t.equal(seq, 3 + index);
    t.strictSame((await api.call('GET', `/reservations/${reservationId}`, { token })).body, reservations[index]);
  }
  const map = await api.call('GET', `/schedules/${scheduleId}/seats?status=HELD`, { token });
  t.match(map.body, { seq: 4, seats: reservations.map(({ expiresAt }) => ({ heldUntil: expiresAt })) });
  const again = await extend(token, scheduleId, headers);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.strictSame(again.body, extended.body);
});

t.test('live clients see a hold move to its new end', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  await hold(token, { scheduleId, seatNumber: 1 });
  const socket = await openLiveSocket(t, api.url, { token });
  await socket.subscribe(scheduleId);
  const { reservations } = (await extend(token, scheduleId)).as<{ reservations: Held[] }>();
  t.match(await socket.next('delta'), {
    changes: [{ seatNumber: 1, status: 'HELD', heldUntil: reservations[0]?.expiresAt }],
  });
});

t.test('the eleventh extension is refused, and the hold stays as it is', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  await hold(token, { scheduleId, seatNumber: 1 });
  let last = await extend(token, scheduleId);
  for (let time = 2; time <= 10; time += 1) last = await extend(token, scheduleId);
  t.equal(last.status, 200);
  const refused = await extend(token, scheduleId);
  t.match(refused, { status: 409, body: { code: 'EXTENSION_LIMIT_REACHED', seatNumbers: [1] } });
  const [held] = last.as<{ reservations: Held[] }>().reservations;
  t.match((await api.call('GET', `/reservations/${held?.reservationId}`, { token })).body, { ...held });
});

t.test('an extension needs an ACTIVE token of the concert, a known schedule and a hold', async (t) => {
  const [sale, other] = [await openSale(api), await openSale(api)];
  const [fan, stranger] = [await enter(api, sale.concertId), await enter(api, other.concertId)];
  t.match(await extend(fan.queueToken, sale.scheduleId), { status: 404, body: { code: 'RESERVATION_NOT_FOUND' } });
  await hold(fan.queueToken, { scheduleId: sale.scheduleId, seatNumber: 1 });
  t.match(await extend(fan.accessToken, sale.scheduleId), { status: 401, body: { code: 'UNAUTHENTICATED' } });
  const wrong = await extend(stranger.queueToken, sale.scheduleId);
  t.match(wrong, { status: 403, body: { code: 'QUEUE_WRONG_CONCERT' } });
  t.match(await extend(fan.queueToken, 999_999), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
  const malformed = await api.call('POST', '/reservations/extend', { token: fan.queueToken, body: {} });
  t.match(malformed, { status: 400, body: { code: 'VALIDATION_FAILED' } });
  await api.call('DELETE', `/queue/tokens/${fan.queueToken}`, { token: fan.queueToken });
  const ended = await extend(fan.queueToken, sale.scheduleId);
  t.match(ended, { status: 401, body: { code: 'QUEUE_TOKEN_CANCELLED' } });
});
