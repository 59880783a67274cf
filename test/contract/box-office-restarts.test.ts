import { randomUUID } from 'node:crypto';
import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import type { ApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { shopperOf } from './live/shopping.ts';

interface MapShown {
  readonly epoch: number;
  readonly seq: number;
  readonly availableSeats: number;
  readonly seats: readonly { readonly seatNumber: number; readonly status: string }[];
}

interface Listed {
  readonly concerts: readonly {
    readonly concertId: number;
    readonly schedules: readonly { readonly scheduleId: number; readonly availableSeats: number }[];
  }[];
}

/** `available` as the list of concerts on sale says it. */
async function look(api: ApiClient, concertId: number, scheduleId: number, token: string) {
  const map = (await api.call('GET', `/schedules/${scheduleId}/seats`, { token })).as<MapShown>();
  const { concerts } = (await api.call('GET', '/concerts/available?limit=100')).as<Listed>();
  const schedules = concerts.find((concert) => concert.concertId === concertId)?.schedules;
  const available = schedules?.find((schedule) => schedule.scheduleId === scheduleId)?.availableSeats;
  return { ...map, available, statuses: map.seats.map(({ status }) => status) };
}

t.test('what the box office did is still so after a restart', async (t) => {
  const database = await createTestDatabase(t);
  const before = await startTestService(t, database);
  const { concertId, scheduleId } = await openSale(before, { seatCount: 8 });
  const [reader, buyer, holder, guest] = [
    await enter(before, concertId),
    await shopperOf(before, { concertId }),
    await shopperOf(before, { concertId }),
    await register(before),
  ];
  const seats = `/admin/schedules/${scheduleId}/seats`;
  await before.admin('POST', `${seats}/block`, { seatNumbers: [1, 2, 3], reason: '카메라' });
  await before.admin('POST', `${seats}/unblock`, { seatNumbers: [3], reason: '되돌림' });
  const comped = await before.admin('POST', `${seats}/4/comp`, { userId: guest.userId, reason: '초대' });
  const paid = await buyer.hold(scheduleId, 5);
  await buyer.pay(paid);
  const held = await holder.hold(scheduleId, 7);
  const move = (api: ApiClient, { body }: typeof held, seatNumber: number, key: string) =>
    api.admin(
      'POST',
      `/admin/reservations/${String(body['reservationId'])}/move`,
      { seatNumber, reason: '시야 방해' },
      { 'idempotency-key': key },
    );
  const key = randomUUID();
  await move(before, paid, 6, key);
  const moved = await move(before, held, 8, randomUUID());
  const statuses = ['BLOCKED', 'BLOCKED', 'AVAILABLE', 'CONFIRMED', 'AVAILABLE', 'CONFIRMED', 'AVAILABLE', 'HELD'];
  const seen = await look(before, concertId, scheduleId, reader.queueToken);
  t.strictSame([seen.statuses, seen.availableSeats, seen.available], [statuses, 3, 3]);
  t.equal(seen.seq, moved.body['seq']);
  await before.close();

  const after = await startTestService(t, database);
  const again = await look(after, concertId, scheduleId, reader.queueToken);
  t.strictSame([again.statuses, again.availableSeats, again.available], [statuses, 3, 3]);
  t.equal(again.seq, seen.seq, 'a restart changes no seat');
  t.ok(again.epoch > seen.epoch, 'the schedule has a new owner');

  const holdBy = (seatNumber: number) =>
    after.call('POST', '/reservations', { token: reader.queueToken, body: { scheduleId, seatNumber } });
  for (const seatNumber of [1, 4, 6, 8]) {
    t.match(await holdBy(seatNumber), { status: 409, body: { code: 'SEAT_TAKEN', seatNumbers: [seatNumber] } });
  }
  for (const seatNumber of [3, 5]) t.equal((await holdBy(seatNumber)).status, 201, `seat ${seatNumber} is free`);
  t.match(await move(after, paid, 6, key), { status: 200, body: { seatNumber: 6, status: 'CONFIRMED' } });
  t.match(await move(after, paid, 7, randomUUID()), { status: 200, body: { seatNumber: 7, price: 1_000 } });
  const unblocked = await after.admin('POST', `${seats}/unblock`, { seatNumbers: [1, 6], reason: '되돌림' });
  t.match(unblocked, { status: 200, body: { changed: [1] } });
  const settled = await after.call('POST', '/payments', {
    token: holder.accessToken,
    body: { reservationId: held.body['reservationId'] },
  });
  t.match(settled, { status: 201, body: { amount: 1_000, reservations: [{ seatNumber: 8 }] } });
  const refund = await after.call('POST', `/payments/${String(comped.body['paymentId'])}/refund`, {
    token: guest.accessToken,
  });
  t.match(refund, { status: 200, body: { status: 'REFUNDED', amount: 0 } });
  const last = await look(after, concertId, scheduleId, reader.queueToken);
  t.strictSame(last.statuses, [
    'AVAILABLE',
    'BLOCKED',
    'HELD',
    'AVAILABLE',
    'HELD',
    'AVAILABLE',
    'CONFIRMED',
    'CONFIRMED',
  ]);
  t.strictSame([last.availableSeats, last.available], [3, 3]);
  t.strictSame((await runAudit(database.pool)).violations, []);
});
