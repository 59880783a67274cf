import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { openLiveSocket } from '../../fixtures/live-socket.ts';
import { enter, openSale, register, startTestService } from '../../fixtures/service.ts';

t.test('a watcher gets the whole map, and then every change', async (t) => {
  const database = await createTestDatabase(t);
  const service = await startTestService(t, database);
  const { concertId, scheduleId } = await openSale(service, { seatCount: 3, price: 70_000 });
  const fan = await enter(service, concertId);
  const watcher = await register(service);
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });

  const snapshot = await socket.subscribe(scheduleId);
  t.strictSame(snapshot, {
    type: 'snapshot',
    channel: 'seats',
    scheduleId,
    epoch: 1,
    seq: 0,
    seats: [1, 2, 3].map((seatNumber) => ({ seatNumber, status: 'AVAILABLE', price: 70_000 })),
  });
  const held = await service.call('POST', '/reservations', {
    token: fan.queueToken,
    key: 'hold',
    body: { scheduleId, seatNumber: 2 },
  });
  t.equal(held.status, 201);
  const delta = await socket.next('delta');
  t.strictSame(delta, {
    type: 'delta',
    channel: 'seats',
    scheduleId,
    epoch: 1,
    fromSeq: 1,
    seq: 1,
    changes: [{ seatNumber: 2, status: 'HELD', heldUntil: held.body['expiresAt'] }],
  });
  const { reservationId } = held.as<{ reservationId: string }>();
  await service.call('DELETE', `/reservations/${reservationId}`, { token: fan.queueToken });
  t.match(await socket.next('delta'), { fromSeq: 2, seq: 2, changes: [{ seatNumber: 2, status: 'AVAILABLE' }] });
});
