import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { openLiveSocket } from '../../fixtures/live-socket.ts';
import { addSchedule, openSale, register, startTestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { seqOf, shopperOf } from './shopping.ts';

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { HOLD_TTL_MS: '1500' });
const watcher = await register(service);

t.test('a watcher gets the whole map, and then every change', async (t) => {
  const hall = await openSale(service, { seatCount: 3, price: 70_000 });
  const { scheduleId } = hall;
  const fan = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });

  t.strictSame(await socket.subscribe(scheduleId), {
    type: 'snapshot',
    channel: 'seats',
    scheduleId,
    epoch: 1,
    seq: 0,
    seats: [1, 2, 3].map((seatNumber) => ({ seatNumber, status: 'AVAILABLE', price: 70_000 })),
  });
  const held = await fan.hold(scheduleId, 2);
  t.strictSame(await socket.next('delta'), {
    type: 'delta',
    channel: 'seats',
    scheduleId,
    epoch: 1,
    fromSeq: 1,
    seq: 1,
    changes: [{ seatNumber: 2, status: 'HELD', heldUntil: held.body['expiresAt'] }],
  });
  const paid = await fan.pay(held);
  t.match(await socket.next('delta'), { fromSeq: 2, seq: 2, changes: [{ seatNumber: 2, status: 'CONFIRMED' }] });
  await fan.refund(paid);
  t.match(await socket.next('delta'), { fromSeq: 3, seq: 3, changes: [{ seatNumber: 2, status: 'AVAILABLE' }] });
  t.match(await socket.subscribe(scheduleId), { type: 'snapshot', seq: 3 }, 'subscribing again is answered again');
});

t.test('a hold that nobody pays is shown to have ended, though nobody asks', async (t) => {
  const hall = await openSale(service, { seatCount: 2 });
  const fan = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await socket.subscribe(hall.scheduleId);
  await fan.hold(hall.scheduleId, 1);
  t.match(await socket.next('delta'), { changes: [{ seatNumber: 1, status: 'HELD' }] });
  t.strictSame((await socket.next('delta')).changes, [{ seatNumber: 1, status: 'AVAILABLE' }]);
});

t.test('a frame never splits a command, and several commands may share one', async (t) => {
  const hall = await openSale(service, { seatCount: 40 });
  const { scheduleId } = hall;
  const fans = await Promise.all(Array.from({ length: 10 }, () => shopperOf(service, hall)));
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await socket.subscribe(scheduleId);
  const answers = await Promise.all(
    fans.map((fan, nth) => fan.hold(scheduleId, 4 * nth + 1, 4 * nth + 2, 4 * nth + 3, 4 * nth + 4)),
  );
  const { seats } = await socket.reach(scheduleId, 40);
  t.ok([...seats.values()].every(({ status }) => status === 'HELD'));
  const lastOfCommands = new Set(answers.map(seqOf));
  const deltas = socket.frames.filter((frame) => frame.type === 'delta');
  for (const { seq } of deltas) t.ok(lastOfCommands.has(seq), `${seq} is the end of a command`);
  t.ok(deltas.length < answers.length, `${deltas.length} frames`);
});

t.test('no frame is ahead of the database, or behind an answer that came before the subscription', async (t) => {
  const hall = await openSale(service, { seatCount: 30 });
  const { scheduleId } = hall;
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  const ahead: string[] = [];
  let checks = 0;
  socket.webSocket.on('message', (data: Buffer) => {
    const { seq } = JSON.parse(data.toString()) as { seq?: number };
    if (seq === undefined) return;
    checks += 1;
    const asked = database.pool.query<{ seq: number }>('SELECT seq FROM schedule_heads WHERE schedule_id = $1', [
      scheduleId,
    ]);
    void asked
      .then(({ rows }) => {
        if ((rows[0]?.seq ?? -1) < seq) ahead.push(`${seq} is not durable: the head is ${rows[0]?.seq}`);
      })
      .finally(() => (checks -= 1));
  });
  await socket.subscribe(scheduleId);
  const fans = await Promise.all(Array.from({ length: 4 }, () => shopperOf(service, hall)));
  for (let round = 0; round < 10; round += 1) {
    const held = await Promise.all(fans.map((fan, nth) => fan.hold(scheduleId, nth + 1)));
    const highest = Math.max(...held.map(seqOf));
    const answer = await socket.subscribe(scheduleId);
    t.ok(answer.seq >= highest, `${answer.seq} after ${highest}`);
    await Promise.all(held.map(async (answer, nth) => await fans[nth]?.release(answer)));
  }
  await socket.reach(scheduleId, 80);
  await waitFor(() => checks === 0, { what: 'the last look into the database' });
  t.strictSame(ahead, []);
});

t.test('a map that is read by HTTP and one that was watched are the same', async (t) => {
  const hall = await openSale(service, { seatCount: 20 });
  const { scheduleId } = hall;
  const fans = await Promise.all(Array.from({ length: 5 }, () => shopperOf(service, hall)));
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await socket.subscribe(scheduleId);
  await Promise.all(
    fans.map(async (fan, nth) => {
      const held = await fan.hold(scheduleId, nth + 1);
      await fan.hold(scheduleId, nth + 6);
      if (nth % 2 === 0) await fan.pay(held);
      else await fan.release(held);
    }),
  );
  const [reader] = fans;
  const map = await service.call('GET', `/schedules/${scheduleId}/seats`, { token: reader?.queueToken ?? '' });
  const { seq, seats } = map.as<{ seq: number; seats: { seatNumber: number; status: string; heldUntil?: string }[] }>();
  const view = await socket.reach(scheduleId, seq);
  t.notMatch(JSON.stringify(map.body), /"seq":.*"seq":/, 'the number of a seat’s change stays inside');
  if (view.seq === seq) {
    for (const { seatNumber, status, heldUntil } of seats) {
      t.match(view.seats.get(seatNumber), heldUntil === undefined ? { status } : { status, heldUntil });
    }
  }
});

t.test('schedules are watched side by side, and one that is not watched any more is silent', async (t) => {
  const hall = await openSale(service, { seatCount: 5 });
  const other = await addSchedule(service, hall.concertId, { inDays: 11, seatCount: 5 });
  const fan = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await socket.subscribe(hall.scheduleId);
  await socket.subscribe(other);
  await fan.hold(hall.scheduleId, 1);
  await fan.hold(other, 2);
  await socket.reach(hall.scheduleId, 1);
  await socket.reach(other, 1);
  socket.send({ type: 'unsubscribe', channel: 'seats', scheduleId: other, id: 'u' });
  t.strictSame(await socket.next('unsubscribed'), {
    type: 'unsubscribed',
    channel: 'seats',
    scheduleId: other,
    id: 'u',
  });
  socket.send({ type: 'unsubscribe', channel: 'seats', scheduleId: 999_999 });
  t.match(await socket.next('unsubscribed'), { scheduleId: 999_999 }, 'also where there was nothing to end');
  await fan.hold(other, 3);
  await fan.hold(hall.scheduleId, 3);
  await socket.reach(hall.scheduleId, 2);
  t.equal(socket.view(other).seq, 1);
});

t.test('a watcher that comes back resumes where it left', async (t) => {
  const hall = await openSale(service, { seatCount: 10 });
  const { scheduleId } = hall;
  const fan = await shopperOf(service, hall);
  const first = await openLiveSocket(t, service.url, { token: watcher.accessToken });
  await first.subscribe(scheduleId);
  await fan.hold(scheduleId, 1);
  const left = await first.reach(scheduleId, 1);
  await first.close();
  await fan.hold(scheduleId, 2, 3);

  const views = new Map([[scheduleId, left]]);
  const back = await openLiveSocket(t, service.url, { token: watcher.accessToken, views });
  t.match(await back.subscribe(scheduleId, { sinceSeq: 1 }), {
    type: 'delta',
    fromSeq: 2,
    seq: 3,
    changes: [{ seatNumber: 2 }, { seatNumber: 3 }],
  });
  t.strictSame(await back.subscribe(scheduleId, { sinceSeq: 3, id: 'again' }), {
    type: 'delta',
    channel: 'seats',
    scheduleId,
    epoch: 1,
    fromSeq: 4,
    seq: 3,
    changes: [],
  });
  t.match(await back.subscribe(scheduleId, { sinceSeq: 0 }), { type: 'delta', fromSeq: 1, seq: 3 });
  t.match(await back.subscribe(scheduleId, { sinceSeq: 4 }), { type: 'snapshot', seq: 3 }, 'the future is unknown');
  await fan.hold(scheduleId, 4);
  t.match(await back.next('delta', ({ seq }) => seq === 4), { fromSeq: 4, changes: [{ seatNumber: 4 }] });
});

t.test('who it is that holds a seat is in no frame', async (t) => {
  const hall = await openSale(service, { seatCount: 2 });
  const fan = await shopperOf(service, hall);
  const socket = await openLiveSocket(t, service.url, { token: fan.queueToken });
  await fan.hold(hall.scheduleId, 1);
  await socket.subscribe(hall.scheduleId);
  await fan.hold(hall.scheduleId, 2);
  await socket.reach(hall.scheduleId, 2);
  t.notMatch(JSON.stringify(socket.frames), new RegExp(`${fan.userId}|mine|userId|reservationId`));
});
