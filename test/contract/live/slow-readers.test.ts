import t, { type Test } from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { readFigure } from '../../fixtures/figures.ts';
import { type LiveSocket, openLiveSocket } from '../../fixtures/live-socket.ts';
import { type Hall, openSale, register, startTestService, type TestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { shopperOf } from './shopping.ts';

/** More than the buffers of two kernels take in, in snapshots of a large hall. */
const SNAPSHOTS_IN_A_ROW = 100;

interface Stage {
  readonly service: TestService;
  readonly hall: Hall;
  readonly token: string;
}

async function setUp(test: Test): Promise<Stage> {
  const service = await startTestService(test, await createTestDatabase(test), {
    LIVE_MESSAGES_PER_MINUTE: '0',
    LIVE_FLUSH_MS: '10',
  });
  const hall = await openSale(service, { seatCount: 500 });
  return { service, hall, token: (await register(service)).accessToken };
}

/** Opens sockets that read no more, and asks for maps on them until the service finds them all behind. */
async function openDeaf(test: Test, { service, hall, token }: Stage, count: number): Promise<readonly LiveSocket[]> {
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = await openLiveSocket(test, service.url, { token });
      await socket.subscribe(hall.scheduleId);
      socket.transport.pause();
      return socket;
    }),
  );
  await waitFor(
    async () => {
      if ((await readFigure(service.url, 'frontrow_live_sockets_behind')) === count) return true;
      for (const socket of sockets) {
        for (let sent = 0; sent < SNAPSHOTS_IN_A_ROW; sent += 1) {
          socket.send({ type: 'subscribe', channel: 'seats', scheduleId: hall.scheduleId });
        }
      }
      return false;
    },
    { what: 'the sockets to be behind', deadlineMs: 20_000 },
  );
  return sockets;
}

t.test('a socket that falls behind gets one snapshot in place of all that it missed', async (t) => {
  const stage = await setUp(t);
  const { service, hall, token } = stage;
  const { scheduleId } = hall;
  const shopper = await shopperOf(service, hall);
  const prompt = await openLiveSocket(t, service.url, { token });
  await prompt.subscribe(scheduleId);
  const [slow] = await openDeaf(t, stage, 1);
  if (slow === undefined) throw new Error('no socket');

  const MISSED = 30;
  for (let nth = 1; nth <= MISSED; nth += 1) {
    const held = await shopper.hold(scheduleId, nth);
    await prompt.reach(scheduleId, 2 * nth - 1);
    await shopper.release(held);
    await prompt.reach(scheduleId, 2 * nth);
  }
  await shopper.hold(scheduleId, 77);
  const last = 2 * MISSED + 1;
  await prompt.reach(scheduleId, last);
  t.ok((slow.view(scheduleId).seq ?? 0) < last, 'it has not read that');

  slow.transport.resume();
  const view = await slow.reach(scheduleId, last);
  t.equal(view.seats.get(77)?.status, 'HELD');
  t.strictSame([...view.seats.values()].filter(({ status }) => status !== 'AVAILABLE').length, 1);
  t.strictSame(
    slow.frames.filter((frame) => frame.type === 'delta'),
    [],
    'no backlog of changes',
  );
  t.ok(((await readFigure(service.url, 'frontrow_live_slow_snapshots_total')) ?? 0) >= 1);
  t.equal(await readFigure(service.url, 'frontrow_live_sockets_behind'), 0);

  await shopper.hold(scheduleId, 78);
  t.match(await slow.next('delta'), { fromSeq: last + 1, seq: last + 1 }, 'then it is told like everybody');
});

t.test('a socket that stays behind is ended, and nobody else notices', async (t) => {
  const stage = await setUp(t);
  const { service, hall, token } = stage;
  const shopper = await shopperOf(service, hall);
  const prompt = await openLiveSocket(t, service.url, { token });
  await prompt.subscribe(hall.scheduleId);
  const deaf = await openDeaf(t, stage, 3);
  let slowestMs = 0;
  let seq = 0;
  const isCounted = async () => (await readFigure(service.url, 'frontrow_live_closed_total{code="1013"}')) === 3;
  await waitFor(
    async () => {
      const held = await shopper.hold(hall.scheduleId, 1);
      const beganMs = performance.now();
      await prompt.reach(hall.scheduleId, (seq += 1));
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      await shopper.release(held);
      await prompt.reach(hall.scheduleId, (seq += 1));
      return isCounted();
    },
    { what: 'the deaf sockets to be ended', deadlineMs: 20_000 },
  );
  t.ok(slowestMs < 1_000, `${Math.round(slowestMs)} ms to the others`);
  t.equal(await readFigure(service.url, 'frontrow_live_sockets'), 1);
  for (const socket of deaf) {
    socket.transport.resume();
    t.ok(await socket.closed());
  }
});
