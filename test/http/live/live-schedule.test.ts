import t from 'tap';
import type { CommandRouter, Reply, SeatMap } from '../../../src/actors/command.ts';
import { createInProcessSeatBus } from '../../../src/cluster/in-process-seat-bus.ts';
import type { SeatWatcher } from '../../../src/http/live/fan-out.ts';
import { NOWHERE } from '../../../src/http/live/fan-out.ts';
import { createLiveSchedule } from '../../../src/http/live/live-schedule.ts';
import type { Outbox } from '../../../src/http/live/outbox.ts';
import type { SeatUpdate } from '../../../src/domain/seat-broadcast.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

const FLUSH_MS = 50;

interface Told {
  readonly type: string;
  readonly epoch: number;
  readonly seq: number;
  readonly fromSeq?: number;
  readonly cancelled?: boolean;
  readonly changes?: readonly { seatNumber: number; status: string }[];
}

/** A schedule whose owner is the test. */
function setUp(flushMs = FLUSH_MS) {
  const clock = createManualClock();
  const bus = createInProcessSeatBus({ log: silentLog });
  const owner = {
    epoch: 1,
    isCancelled: false,
    statuses: ['AVAILABLE', 'AVAILABLE', 'AVAILABLE'] as SeatUpdate['status'][],
    seq: 0,
  };
  const seqs = [0, 0, 0];
  const questions: PromiseWithResolvers<Reply>[] = [];
  /** Null: the owner answers at once. */
  let isHeldBack = false;

  function map(): SeatMap {
    const seats = owner.statuses.map((status, index) => ({
      seatNumber: index + 1,
      price: 1_000,
      status,
      heldUntil: null,
      userId: null,
      seq: seqs[index] ?? 0,
    }));
    const shown = { scheduleId: 7, epoch: owner.epoch, seq: owner.seq, availableSeats: 0, seats };
    return owner.isCancelled ? { ...shown, isCancelled: true } : shown;
  }

  const router = {
    dispatch() {
      const question = Promise.withResolvers<Reply>();
      questions.push(question);
      if (!isHeldBack) question.resolve({ outcome: 'granted', value: map() });
      return question.promise;
    },
  } as unknown as CommandRouter;
  const tally = { framesSent: 0, slowSnapshots: 0, observeDelay: () => undefined, countClose: () => undefined };
  const schedule = createLiveSchedule(7, { router, seats: bus, clock, log: silentLog, tally, flushMs });

  return {
    clock,
    bus,
    owner,
    questions,
    schedule,
    map,
    holdBack: (heldBack: boolean) => {
      isHeldBack = heldBack;
    },
    /** Decides changes, and tells of them unless it is to be missed. */
    change(numbers: readonly number[], status: SeatUpdate['status'], isTold = true) {
      const fromSeq = owner.seq + 1;
      for (const seatNumber of numbers) {
        owner.seq += 1;
        owner.statuses[seatNumber - 1] = status;
        seqs[seatNumber - 1] = owner.seq;
      }
      const updates = numbers.map((seatNumber) => ({ seatNumber, status, heldUntil: null }));
      if (isTold) bus.publish({ scheduleId: 7, epoch: owner.epoch, fromSeq, seq: owner.seq, updates });
    },
    watcher() {
      const told: Told[] = [];
      const frames: Buffer[] = [];
      const outbox = {
        behindSinceMs: null,
        offer(frame: Buffer) {
          frames.push(frame);
          told.push(JSON.parse(frame.toString()) as Told);
          return true;
        },
      } as unknown as Outbox;
      const watcher: SeatWatcher = { outbox, seq: NOWHERE, isOver: false };
      return { told, frames, watcher };
    },
    /** Lets promises that are decided go on. */
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

t.test('changes gather for the flush time, and all watchers of one place get the same bytes', async (t) => {
  const { schedule, watcher, change, clock } = setUp();
  const [one, other] = [watcher(), watcher()];
  await schedule.join(one.watcher, null);
  await schedule.join(other.watcher, null);
  change([1, 2], 'HELD');
  clock.advance(FLUSH_MS - 1);
  change([1], 'CONFIRMED');
  t.equal(one.told.length, 1, 'nothing before the flush');
  clock.advance(1);
  t.match(one.told[1], { type: 'delta', fromSeq: 1, seq: 3 });
  t.strictSame(one.told[1]?.changes, [
    { seatNumber: 1, status: 'CONFIRMED' },
    { seatNumber: 2, status: 'HELD' },
  ]);
  t.equal(one.frames[1], other.frames[1], 'it was written once');
  clock.advance(10 * FLUSH_MS);
  t.equal(one.told.length, 2, 'and nothing without a change');
});

t.test('without a flush time changes are told in the turn in which they happen', async (t) => {
  const { schedule, watcher, change, settle } = setUp(0);
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  change([1], 'HELD');
  change([2], 'HELD');
  t.equal(told.length, 1, 'but not before the answers of that turn');
  await settle();
  t.match(told.slice(1), [{ fromSeq: 1, seq: 2 }]);
});

t.test('a watcher that came between a change and its flush is told of what follows its map', async (t) => {
  const { schedule, watcher, change, clock } = setUp();
  const [early, late] = [watcher(), watcher()];
  await schedule.join(early.watcher, null);
  change([1], 'HELD');
  await schedule.join(late.watcher, null);
  t.match(late.told, [{ type: 'snapshot', seq: 1 }]);
  change([2], 'HELD');
  clock.advance(FLUSH_MS);
  t.match(early.told[1], { fromSeq: 1, seq: 2 });
  t.match(late.told[1], { fromSeq: 2, seq: 2 });
});

t.test('who subscribes while a map is under way is answered from the next one', async (t) => {
  const { schedule, watcher, questions, map, holdBack, change, settle } = setUp();
  holdBack(true);
  const first = watcher();
  const joined = schedule.join(first.watcher, null);
  const early = map();
  change([1], 'HELD', false);
  const others = [watcher(), watcher(), watcher()];
  const joins = others.map(({ watcher: each }) => schedule.join(each, null));
  t.equal(questions.length, 1, 'one map at a time');
  questions[0]?.resolve({ outcome: 'granted', value: early });
  await joined;
  t.match(first.told, [{ type: 'snapshot', seq: 0 }]);
  await settle();
  t.equal(questions.length, 2, 'one map for all who came meanwhile');
  t.strictSame(
    others.map(({ told }) => told.length),
    [0, 0, 0],
  );
  questions[1]?.resolve({ outcome: 'granted', value: map() });
  await Promise.all(joins);
  for (const { told } of others) t.match(told, [{ type: 'snapshot', seq: 1 }]);
});

t.test('a gap in what is told is closed by the owner as one delta', async (t) => {
  const { schedule, watcher, change, clock, questions, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  change([1], 'HELD', false);
  change([2], 'HELD', false);
  change([3], 'HELD');
  await settle();
  clock.advance(FLUSH_MS);
  t.equal(questions.length, 2);
  t.equal(told.length, 2);
  t.match(told[1], { type: 'delta', fromSeq: 1, seq: 3 });
  t.equal(told[1]?.changes?.length, 3);
});

t.test('a change that nobody told of is noticed by the head', async (t) => {
  const { schedule, watcher, change, clock, bus, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  change([2], 'HELD', false);
  bus.announce({ scheduleId: 7, epoch: 1, seq: 1 });
  await settle();
  clock.advance(FLUSH_MS);
  t.match(told[1], { type: 'delta', fromSeq: 1, seq: 1, changes: [{ seatNumber: 2, status: 'HELD' }] });
});

t.test('a cancellation reaches every watcher in a snapshot, although it takes no number', async (t) => {
  const { schedule, watcher, owner, bus, clock, settle } = setUp();
  const [first, second] = [watcher(), watcher()];
  await schedule.join(first.watcher, null);
  await schedule.join(second.watcher, null);
  Object.assign(owner, { epoch: 2, isCancelled: true });
  bus.announce({ scheduleId: 7, epoch: 2, seq: 0, isCancelled: true });
  await settle();
  clock.advance(FLUSH_MS);
  for (const { told } of [first, second]) {
    t.match(told, [{ type: 'snapshot' }, { type: 'snapshot', epoch: 2, seq: 0, cancelled: true }]);
    t.notOk('cancelled' in (told[0] ?? {}));
  }
  bus.announce({ scheduleId: 7, epoch: 2, seq: 0, isCancelled: true });
  await settle();
  clock.advance(FLUSH_MS);
  t.equal(first.told.length, 2, 'once');
});

t.test('a cancellation that is read behind a later change keeps that change', async (t) => {
  const { schedule, watcher, owner, bus, clock, change, map, questions, holdBack, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  holdBack(true);
  Object.assign(owner, { epoch: 2, isCancelled: true });
  bus.announce({ scheduleId: 7, epoch: 2, seq: 0, isCancelled: true });
  const early = map();
  change([2], 'CONFIRMED');
  questions[1]?.resolve({ outcome: 'granted', value: early });
  await settle();
  clock.advance(FLUSH_MS);
  t.match(told.at(-1), { type: 'snapshot', seq: 1, cancelled: true, seats: [{}, { status: 'CONFIRMED' }] });
});

t.test('what is told while a gap is being closed is not lost', async (t) => {
  const { schedule, watcher, change, clock, questions, holdBack, map, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  holdBack(true);
  change([1], 'HELD', false);
  change([2], 'HELD');
  const early = map();
  change([3], 'HELD');
  holdBack(false);
  questions[1]?.resolve({ outcome: 'granted', value: early });
  await settle();
  clock.advance(FLUSH_MS);
  t.equal(told.at(-1)?.seq, 3);
  t.match(told[1], { fromSeq: 1 });
});

t.test('a new owner with nothing new changes the epoch only', async (t) => {
  const { schedule, watcher, change, clock, bus, owner, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  owner.epoch = 2;
  bus.announce({ scheduleId: 7, epoch: 2, seq: 0 });
  await settle();
  clock.advance(FLUSH_MS);
  t.equal(told.length, 1);
  change([1], 'HELD');
  clock.advance(FLUSH_MS);
  t.match(told[1], { epoch: 2, fromSeq: 1, seq: 1 });
});

t.test('changes that the database lost are taken back by a snapshot to everybody', async (t) => {
  const { schedule, watcher, change, clock, bus, owner, settle } = setUp();
  const [one, other] = [watcher(), watcher()];
  await schedule.join(one.watcher, null);
  change([1, 2, 3], 'HELD');
  clock.advance(FLUSH_MS);
  await schedule.join(other.watcher, null);
  Object.assign(owner, { epoch: 2, seq: 1, statuses: ['HELD', 'AVAILABLE', 'AVAILABLE'] });
  bus.announce({ scheduleId: 7, epoch: 2, seq: 1 });
  await settle();
  // Before anybody is told, the new history has more changes than the lost one had.
  change([1, 2, 3, 1], 'CONFIRMED');
  clock.advance(FLUSH_MS);
  for (const { told } of [one, other]) {
    t.match(told.at(-1), { type: 'snapshot', epoch: 2, seq: 5 });
    t.equal(told.at(-2)?.seq, 3);
  }
  change([2], 'AVAILABLE');
  clock.advance(FLUSH_MS);
  t.match(one.told.at(-1), { type: 'delta', fromSeq: 6, seq: 6 });
});

t.test('words of a former owner change nothing', async (t) => {
  const { schedule, watcher, change, clock, bus, owner, questions, settle } = setUp();
  owner.epoch = 5;
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  change([1], 'HELD');
  clock.advance(FLUSH_MS);
  bus.announce({ scheduleId: 7, epoch: 4, seq: 0 });
  const updates = [{ seatNumber: 1, status: 'CONFIRMED', heldUntil: null } as const];
  bus.publish({ scheduleId: 7, epoch: 4, fromSeq: 1, seq: 1, updates });
  await settle();
  clock.advance(FLUSH_MS);
  t.equal(told.length, 2);
  t.equal(questions.length, 1);
});

t.test('an owner of whom nothing is heard is asked after 3 s, and only while somebody watches', async (t) => {
  const { schedule, watcher, change, clock, questions, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  change([1], 'HELD', false);
  clock.advance(2_999);
  schedule.look(clock.monotonicMs());
  t.equal(questions.length, 1);
  clock.advance(1);
  schedule.look(clock.monotonicMs());
  await settle();
  clock.advance(FLUSH_MS);
  t.equal(questions.length, 2);
  t.match(told[1], { type: 'delta', seq: 1 });
  schedule.leave(each);
  clock.advance(10_000);
  schedule.look(clock.monotonicMs());
  t.equal(questions.length, 2);
});

t.test('an owner that cannot answer is asked again by the next look, not at once', async (t) => {
  const { schedule, watcher, change, clock, questions, holdBack, settle } = setUp();
  const { watcher: each, told } = watcher();
  await schedule.join(each, null);
  holdBack(true);
  change([1], 'HELD', false);
  change([2], 'HELD');
  questions[1]?.resolve({ outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' });
  await settle();
  t.equal(questions.length, 2);
  const refused = schedule.join(watcher().watcher, null);
  questions[2]?.resolve({ outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' });
  t.equal(await refused, 'STORE_UNAVAILABLE', 'and who subscribes is told why');
  await settle();
  holdBack(false);
  clock.advance(1_000);
  schedule.look(clock.monotonicMs());
  await settle();
  clock.advance(FLUSH_MS);
  t.match(told.at(-1), { type: 'delta', fromSeq: 1, seq: 2 });
});

t.test('a bug of the owner is an answer, not a crash', async (t) => {
  const { schedule, watcher, questions, holdBack } = setUp();
  holdBack(true);
  const { watcher: each } = watcher();
  const answer = schedule.join(each, null);
  questions[0]?.reject(new Error('planned'));
  t.equal(await answer, 'INTERNAL_ERROR');
});

t.test('who has left meanwhile gets no answer and no frames', async (t) => {
  const { schedule, watcher, questions, holdBack, map, change, clock } = setUp();
  holdBack(true);
  const { watcher: each, told } = watcher();
  const answer = schedule.join(each, null);
  schedule.leave(each);
  questions[0]?.resolve({ outcome: 'granted', value: map() });
  t.equal(await answer, null);
  change([1], 'HELD');
  clock.advance(FLUSH_MS);
  t.strictSame(told, []);
  t.equal(schedule.watchers, 0);
});
