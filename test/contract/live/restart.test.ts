import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { openLiveSocket } from '../../fixtures/live-socket.ts';
import { openSale, register, startTestService } from '../../fixtures/service.ts';
import { shopperOf } from './shopping.ts';

t.test('a watcher resumes after a restart of the service, under the new epoch and without a gap', async (t) => {
  const database = await createTestDatabase(t);
  const before = await startTestService(t, database);
  const hall = await openSale(before, { seatCount: 6 });
  const { scheduleId } = hall;
  const { accessToken } = await register(before);
  const shopper = await shopperOf(before, hall);
  const [prompt, early] = [
    await openLiveSocket(t, before.url, { token: accessToken }),
    await openLiveSocket(t, before.url, { token: accessToken }),
  ];
  await prompt.subscribe(scheduleId);
  await early.subscribe(scheduleId);
  await shopper.hold(scheduleId, 1);
  const left = await early.reach(scheduleId, 1);
  await early.close();
  const second = await shopper.hold(scheduleId, 2);
  await shopper.release(second);
  await shopper.hold(scheduleId, 3);
  const last = await prompt.reach(scheduleId, 4);
  await before.close();
  t.equal(await prompt.closed(), 1012);

  const after = await startTestService(t, database);
  const back = await openLiveSocket(t, after.url, { token: accessToken, views: new Map([[scheduleId, last]]) });
  const nothing = await back.subscribe(scheduleId, { sinceSeq: 4 });
  t.match(nothing, { type: 'delta', fromSeq: 5, seq: 4, changes: [] });
  t.ok(nothing.epoch > last.epoch, 'the schedule has a new epoch');

  const late = await openLiveSocket(t, after.url, { token: accessToken, views: new Map([[scheduleId, left]]) });
  t.match(await late.subscribe(scheduleId, { sinceSeq: 1 }), { type: 'delta', fromSeq: 2, seq: 4 });
  for (const socket of [back, late]) {
    const statuses = [...socket.view(scheduleId).seats.values()].map(({ status }) => status);
    t.strictSame(statuses, ['HELD', 'AVAILABLE', 'HELD', 'AVAILABLE', 'AVAILABLE', 'AVAILABLE']);
  }
  const fan = await shopperOf(after, hall);
  await fan.hold(scheduleId, 6);
  for (const socket of [back, late]) t.match(await socket.next('delta', ({ seq }) => seq === 5), { fromSeq: 5 });
});
