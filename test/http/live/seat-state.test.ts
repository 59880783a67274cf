import t from 'tap';
import type { SeatMap } from '../../../src/actors/command.ts';
import { SeatState } from '../../../src/http/live/seat-state.ts';
import type { SeatUpdate } from '../../../src/domain/seat-broadcast.ts';

const UNTIL = '2026-11-20T03:05:00.000Z';

function mapAt(seq: number, seatSeqs: readonly number[] = [0, 0, 0], epoch = 1): SeatMap {
  const seats = seatSeqs.map((seatSeq, index) => ({
    seatNumber: index + 1,
    price: 1_000,
    status: 'AVAILABLE' as const,
    heldUntil: null,
    userId: null,
    seq: seatSeq,
  }));
  return { scheduleId: 7, epoch, seq, availableSeats: seats.length, seats };
}

const held = (seatNumber: number): SeatUpdate => ({ seatNumber, status: 'HELD', heldUntil: UNTIL });
const free = (seatNumber: number): SeatUpdate => ({ seatNumber, status: 'AVAILABLE', heldUntil: null });
const read = (frame: Buffer): unknown => JSON.parse(frame.toString());

function update(state: SeatState, ...updates: readonly SeatUpdate[]): void {
  const fromSeq = state.seq + 1;
  state.apply({ scheduleId: 7, epoch: 1, fromSeq, seq: state.seq + updates.length, updates });
}

t.test('a delta holds every seat that changed after its beginning, once, as it is now', async (t) => {
  const state = new SeatState(mapAt(10));
  update(state, held(1), held(2));
  update(state, free(1));
  t.strictSame(read(state.deltaAfter(10)), {
    type: 'delta',
    channel: 'seats',
    scheduleId: 7,
    epoch: 1,
    fromSeq: 11,
    seq: 13,
    changes: [
      { seatNumber: 1, status: 'AVAILABLE' },
      { seatNumber: 2, status: 'HELD', heldUntil: UNTIL },
    ],
  });
  t.match(read(state.deltaAfter(12)), { fromSeq: 13, seq: 13, changes: [{ seatNumber: 1, status: 'AVAILABLE' }] });
  t.strictSame(read(state.deltaAfter(13)), {
    type: 'delta',
    channel: 'seats',
    scheduleId: 7,
    epoch: 1,
    fromSeq: 14,
    seq: 13,
    changes: [],
  });
});

t.test('what is known of an update already is not applied again', async (t) => {
  const state = new SeatState(mapAt(10, [10, 0, 0]));
  update(state, held(1));
  state.apply({ scheduleId: 7, epoch: 1, fromSeq: 10, seq: 12, updates: [held(3), free(1), held(2)] });
  t.equal(state.seq, 12);
  t.match(read(state.snapshot()), {
    seats: [{ status: 'HELD' }, { status: 'HELD' }, { status: 'AVAILABLE' }],
  });
});

t.test('a snapshot names no holder, and a frame is written once until something changes', async (t) => {
  const map = mapAt(1);
  const [first, ...others] = map.seats;
  if (first === undefined) throw new Error('no seat');
  const mine = { ...first, status: 'HELD' as const, heldUntil: UNTIL, userId: 'somebody', seq: 1 };
  const state = new SeatState({ ...map, seats: [mine, ...others] });
  const snapshot = state.snapshot();
  t.strictSame(Object.keys((read(snapshot) as { seats: object[] }).seats[0] ?? {}), [
    'seatNumber',
    'status',
    'price',
    'heldUntil',
  ]);
  t.notMatch(snapshot.toString(), /somebody|userId/);
  t.equal(state.snapshot(), snapshot);
  t.equal(state.deltaAfter(0), state.deltaAfter(0));
  const delta = state.deltaAfter(0);
  update(state, held(2));
  t.not(state.snapshot(), snapshot);
  t.not(state.deltaAfter(0), delta);
});

t.test('an epoch shows in the next frame and changes nothing else', async (t) => {
  const state = new SeatState(mapAt(5));
  state.snapshot();
  state.enterEpoch(3);
  state.enterEpoch(2);
  t.match(read(state.snapshot()), { epoch: 3, seq: 5 });
  t.match(read(state.deltaAfter(5)), { epoch: 3, fromSeq: 6, seq: 5 });
});

t.test('the last 1 000 changes are remembered however long ago they were', async (t) => {
  const state = new SeatState(mapAt(5_000));
  for (let atMs = 0; atMs <= 120_000; atMs += 1_000) state.mark(atMs);
  t.ok(state.remembers(5_000, 120_000));
  t.ok(state.remembers(4_000, 120_000));
  t.notOk(state.remembers(3_999, 120_000));
  t.notOk(state.remembers(5_001, 120_000), 'nor is the future');
});

t.test('the last 60 s are remembered however many changes there were', async (t) => {
  const state = new SeatState(mapAt(0));
  for (let second = 0; second <= 100; second += 1) {
    state.mark(second * 1_000);
    update(state, ...Array.from({ length: 100 }, (_, nth) => held((nth % 3) + 1)));
  }
  // It stood at 100 times the second.
  t.ok(state.remembers(4_000, 100_000));
  t.notOk(state.remembers(3_900, 100_000));
  state.mark(101_000);
  t.ok(state.remembers(4_100, 101_000));
  t.notOk(state.remembers(4_000, 101_000));
});

t.test('where nobody looked 60 s ago, a delta is as good as a snapshot', async (t) => {
  const state = new SeatState(mapAt(50_000));
  state.mark(0);
  t.ok(state.remembers(1, 59_000));
  state.mark(60_000);
  t.notOk(state.remembers(1, 60_000));
});

t.test('changes that have never been are forgotten with their times', async (t) => {
  const state = new SeatState(mapAt(5_000));
  state.mark(0);
  state.goBack(mapAt(4_000, [4_000, 0, 0], 2));
  t.match(read(state.snapshot()), { epoch: 2, seq: 4_000 });
  t.notOk(state.remembers(5_000, 1_000));
});
