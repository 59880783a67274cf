import t, { type Test } from 'tap';
import type { CommandRouter, Reply, SeatMap } from '../../../src/actors/command.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { NOWHERE, type SeatWatcher } from '../../../src/http/live/fan-out.ts';
import { createLiveSchedule } from '../../../src/http/live/live-schedule.ts';
import type { Outbox } from '../../../src/http/live/outbox.ts';
import type { SeatPublisher, SeatUpdate } from '../../../src/domain/seat-broadcast.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { skipWithoutRedis, startTestRedis, type TestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { joinSeatBus } from './seat-bus-nodes.ts';

const skip = skipWithoutRedis();
const SCHEDULE = 7;
const SEATS = 20;
const STATUSES = ['HELD', 'CONFIRMED', 'AVAILABLE'] as const;

/** A schedule as the database knows it, whoever owns it. */
function createHall() {
  const seats = Array.from({ length: SEATS }, (_, index) => ({
    seatNumber: index + 1,
    price: 1_000,
    status: 'AVAILABLE' as SeatUpdate['status'],
    heldUntil: null as string | null,
    userId: null,
    seq: 0,
  }));
  const hall = { epoch: 1, seq: 0 };
  return {
    hall,
    statuses: () => seats.map(({ status }) => status),
    map: (): SeatMap => ({
      scheduleId: SCHEDULE,
      ...hall,
      availableSeats: 0,
      seats: seats.map((seat) => ({ ...seat })),
    }),
    head: () => ({ scheduleId: SCHEDULE, ...hall }),
    /** Commits the next change, and tells of it as an owner does: only if somebody watches. */
    change(publisher: SeatPublisher) {
      const status = STATUSES[hall.seq % STATUSES.length] ?? 'HELD';
      const seat = seats[Math.floor(hall.seq / STATUSES.length) % SEATS];
      if (seat === undefined) throw new Error('there is such a seat');
      hall.seq += 1;
      const heldUntil = status === 'HELD' ? '2026-11-20T12:00:00.000Z' : null;
      Object.assign(seat, { status, heldUntil, seq: hall.seq });
      if (!publisher.isWatched(SCHEDULE)) return;
      const { epoch, seq } = hall;
      const updates = [{ seatNumber: seat.seatNumber, status, heldUntil }];
      publisher.publish({ scheduleId: SCHEDULE, epoch, fromSeq: seq, seq, updates });
    },
  };
}

interface Frame {
  readonly type: string;
  readonly fromSeq?: number;
  readonly seq: number;
  readonly seats?: readonly { seatNumber: number; status: SeatUpdate['status'] }[];
  readonly changes?: readonly { seatNumber: number; status: SeatUpdate['status'] }[];
}

/** A socket that takes every frame, and notes each that does not follow on the one before. */
function createSocket() {
  const seen = { seq: -1, gaps: 0, frames: 0, statuses: [] as SeatUpdate['status'][] };
  const outbox = {
    behindSinceMs: null,
    offer(bytes: Buffer) {
      const frame = JSON.parse(bytes.toString()) as Frame;
      if (frame.type === 'delta' && frame.fromSeq !== seen.seq + 1) seen.gaps += 1;
      seen.frames += 1;
      seen.seq = frame.seq;
      for (const { seatNumber, status } of frame.seats ?? frame.changes ?? []) seen.statuses[seatNumber - 1] = status;
      return true;
    },
  } as unknown as Outbox;
  const watcher: SeatWatcher = { outbox, seq: NOWHERE, isOver: false };
  return { seen, watcher };
}

/** A watching node, whose commands reach the owner however Redis fares. */
async function watchFromAfar(
  t: Test,
  redis: TestRedis,
  hall: ReturnType<typeof createHall>,
  { onRead = () => {}, clock = systemClock }: { readonly onRead?: () => void; readonly clock?: Clock } = {},
) {
  const node = await joinSeatBus(t, redis.url, { clock });
  let reads = 0;
  const router = {
    dispatch() {
      reads += 1;
      const reply = { outcome: 'granted', value: hall.map() } as Reply;
      onRead();
      return Promise.resolve(reply);
    },
  } as unknown as CommandRouter;
  const tally = { framesSent: 0, slowSnapshots: 0, observeDelay: () => undefined, countClose: () => undefined };
  const deps = { router, seats: node.bus, clock: systemClock, log: silentLog, tally, flushMs: 5 };
  const schedule = createLiveSchedule(SCHEDULE, deps);
  const socket = createSocket();
  t.equal(await schedule.join(socket.watcher, null), null);
  t.teardown(() => schedule.close());
  return { node, schedule, seen: socket.seen, reads: () => reads };
}

async function joinAsOwner(t: Test, redis: TestRedis, hall: ReturnType<typeof createHall>) {
  const owner = {
    isOwner: false,
    node: await joinSeatBus(t, redis.url, { onNewInterest: () => announce() }),
  };
  function announce(): void {
    if (owner.isOwner) owner.node.bus.announce(hall.head());
  }
  return { owner, announce };
}

t.test(
  'a change between the map and the interest is noticed without waiting for the next head',
  { skip },
  async (t) => {
    const redis = await startTestRedis(t);
    const hall = createHall();
    const { owner } = await joinAsOwner(t, redis, hall);
    owner.isOwner = true;
    let isFirst = true;
    const { seen } = await watchFromAfar(t, redis, hall, {
      onRead() {
        if (isFirst) hall.change(owner.node.bus);
        isFirst = false;
      },
      // It stands still, so that no interest is renewed.
      clock: createManualClock(),
    });
    t.equal(seen.seq, 0, 'the map is from before it');
    await waitFor(() => seen.seq === 1, { what: 'the change' });
    t.same(seen.statuses, hall.statuses());
  },
);

t.test('a last change that is lost is made good by the heads of an owner on another node', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const hall = createHall();
  const { owner, announce } = await joinAsOwner(t, redis, hall);
  owner.isOwner = true;
  const { node, seen, reads } = await watchFromAfar(t, redis, hall);
  await waitFor(() => owner.node.bus.isWatched(SCHEDULE), { what: 'the interest' });
  hall.change(owner.node.bus);
  await waitFor(() => seen.seq === 1, { what: 'a change that is not lost' });
  const readsBefore = reads();
  node.lose(() => true);
  const receivedBefore = node.broadcast.counts().received;
  hall.change(owner.node.bus);
  await waitFor(() => node.broadcast.counts().received > receivedBefore, { what: 'the loss' });
  node.lose(() => false);
  t.equal(seen.seq, 1);
  // As the registry does once a second for whatever somebody watches.
  for (const scheduleId of owner.node.bus.watched()) if (scheduleId === SCHEDULE) announce();
  await waitFor(() => seen.seq === 2, { what: 'the lost change' });
  t.equal(reads(), readsBefore + 1, 'the owner was asked once');
  t.equal(seen.gaps, 0);
  t.same(seen.statuses, hall.statuses());
});

t.test(
  'watchers on a third node miss nothing while a schedule changes hands and messages are lost',
  { skip },
  async (t) => {
    const redis = await startTestRedis(t);
    const hall = createHall();
    const sides = [await joinAsOwner(t, redis, hall), await joinAsOwner(t, redis, hall)] as const;
    const { node, seen } = await watchFromAfar(t, redis, hall);
    for (const { owner } of sides) {
      await waitFor(() => owner.node.bus.isWatched(SCHEDULE), { what: 'the interest' });
    }
    let told = 0;
    node.lose((channel) => channel.startsWith('seats') && (told += 1) % 7 === 0);
    for (let move = 0; move < 6; move += 1) {
      const [from, to] = move % 2 === 0 ? sides : [sides[1], sides[0]];
      from.owner.isOwner = false;
      to.owner.isOwner = true;
      hall.hall.epoch += 1;
      to.announce();
      for (let nth = 0; nth < 40; nth += 1) {
        hall.change(to.owner.node.bus);
        if (nth % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    t.ok(told > 0);
    await waitFor(
      () => {
        for (const { announce } of sides) announce();
        return seen.seq === hall.hall.seq;
      },
      { what: 'the last change' },
    );
    t.equal(seen.gaps, 0);
    t.same(seen.statuses, hall.statuses());
  },
);

t.test('without Redis the owner is asked every three seconds, and at once when Redis is back', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const hall = createHall();
  const { owner } = await joinAsOwner(t, redis, hall);
  owner.isOwner = true;
  const { schedule, seen } = await watchFromAfar(t, redis, hall);
  await waitFor(() => owner.node.bus.isWatched(SCHEDULE), { what: 'the interest' });
  await redis.kill();
  hall.change(owner.node.bus);
  const look = () => schedule.look(performance.now());
  await waitFor(() => (look(), seen.seq === 1), { what: 'the change', deadlineMs: 6_000 });
  hall.change(owner.node.bus);
  await redis.start();
  await waitFor(() => seen.seq === 2, { what: 'the change that nobody looked for' });
  t.same(seen.statuses, hall.statuses());
});
