import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { openLiveSocket } from '../../fixtures/live-socket.ts';
import { openSale, register, startTestService } from '../../fixtures/service.ts';
import { seqOf, shopperOf } from './shopping.ts';

const database = await createTestDatabase(t);
const service = await startTestService(t, database);
const watcher = await register(service);

function deskOf(scheduleId: number) {
  const path = `/admin/schedules/${scheduleId}/seats`;
  return {
    block: (...seatNumbers: number[]) => service.admin('POST', `${path}/block`, { seatNumbers, reason: '카메라' }),
    unblock: (...seatNumbers: number[]) => service.admin('POST', `${path}/unblock`, { seatNumbers, reason: '되돌림' }),
    comp: (seatNumber: number) =>
      service.admin('POST', `${path}/${seatNumber}/comp`, { userId: watcher.userId, reason: '초대' }),
    move: (reservationId: unknown, seatNumber: number) =>
      service.admin('POST', `/admin/reservations/${String(reservationId)}/move`, { seatNumber, reason: '시야' }),
  };
}

t.test('a watcher sees what the box office does, change after change', async (t) => {
  const hall = await openSale(service, { seatCount: 6 });
  const { scheduleId } = hall;
  const { block, unblock, comp, move } = deskOf(scheduleId);
  const fan = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await socket.subscribe(scheduleId);
  const next = async () => {
    const { fromSeq, seq, changes } = await socket.next('delta');
    return { fromSeq, seq, changes };
  };

  await block(1, 2);
  t.strictSame(await next(), {
    fromSeq: 1,
    seq: 2,
    changes: [1, 2].map((seatNumber) => ({ seatNumber, status: 'BLOCKED' })),
  });
  await unblock(2);
  t.strictSame(await next(), { fromSeq: 3, seq: 3, changes: [{ seatNumber: 2, status: 'AVAILABLE' }] });
  await comp(3);
  t.strictSame(await next(), { fromSeq: 4, seq: 4, changes: [{ seatNumber: 3, status: 'CONFIRMED' }] });
  const held = await fan.hold(scheduleId, 4);
  t.match(await next(), { fromSeq: 5, seq: 5 });
  await move(held.body['reservationId'], 5);
  t.strictSame(
    await next(),
    {
      fromSeq: 6,
      seq: 7,
      changes: [
        { seatNumber: 4, status: 'AVAILABLE' },
        { seatNumber: 5, status: 'HELD', heldUntil: held.body['expiresAt'] },
      ],
    },
    'both seats of a move in one frame',
  );
  await fan.pay(held);
  t.match(await next(), { fromSeq: 8, seq: 8, changes: [{ seatNumber: 5, status: 'CONFIRMED' }] });
  const moved = await move(held.body['reservationId'], 6);
  t.strictSame(await next(), {
    fromSeq: 9,
    seq: 10,
    changes: [
      { seatNumber: 5, status: 'AVAILABLE' },
      { seatNumber: 6, status: 'CONFIRMED' },
    ],
  });
  t.equal(seqOf(moved), 10);
  t.notMatch(JSON.stringify(socket.frames), /카메라|초대|시야|userId|reservationId/, 'no frame says why or for whom');

  const late = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  const snapshot = await late.subscribe(scheduleId);
  t.match(snapshot, { type: 'snapshot', seq: 10 });
  const statusesOf = ({ seats }: ReturnType<typeof socket.view>) => [...seats.values()].map(({ status }) => status);
  const statuses = ['BLOCKED', 'AVAILABLE', 'CONFIRMED', 'AVAILABLE', 'AVAILABLE', 'CONFIRMED'];
  t.strictSame(statusesOf(late.view(scheduleId)), statuses, 'whoever comes later sees the same');
  t.strictSame(statusesOf(socket.view(scheduleId)), statuses);
});

t.test('a watcher that comes back is told what the box office did meanwhile', async (t) => {
  const hall = await openSale(service, { seatCount: 4 });
  const { scheduleId } = hall;
  const { block, comp, move } = deskOf(scheduleId);
  const fan = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await socket.subscribe(scheduleId);
  const held = await fan.hold(scheduleId, 1);
  const left = await socket.reach(scheduleId, 1);
  await socket.close();
  await block(2);
  await comp(3);
  await move(held.body['reservationId'], 4);

  const views = new Map([[scheduleId, left]]);
  const back = await openLiveSocket(t, service.url, { token: watcher.accessToken, views });
  t.match(await back.subscribe(scheduleId, { sinceSeq: 1 }), { type: 'delta', fromSeq: 2, seq: 5 });
  const { seats } = back.view(scheduleId);
  t.strictSame(
    [1, 2, 3, 4].map((seatNumber) => seats.get(seatNumber)?.status),
    ['AVAILABLE', 'BLOCKED', 'CONFIRMED', 'HELD'],
  );
});
