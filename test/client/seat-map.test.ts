import t from 'tap';
import { foldFrame, type KnownMap } from '../../src/client/live/seat-map.ts';
import type { DeltaFrame, SeatChange, SnapshotFrame } from '../../src/domain/live-frames.ts';

const HELD_UNTIL = '2026-11-20T10:05:00.000Z';

function snapshot(seq: number, statuses: readonly SeatChange['status'][]): SnapshotFrame {
  const seats = statuses.map((status, index) => ({ seatNumber: index + 1, price: 1_000, status }));
  return { type: 'snapshot', channel: 'seats', scheduleId: 7, epoch: 1, seq, seats };
}

function delta(fromSeq: number, seq: number, changes: readonly SeatChange[], epoch = 1): DeltaFrame {
  return { type: 'delta', channel: 'seats', scheduleId: 7, epoch, fromSeq, seq, changes };
}

function mapAfter(frames: readonly (SnapshotFrame | DeltaFrame)[]): KnownMap | null {
  let known: KnownMap | null = null;
  for (const frame of frames) {
    const folded = foldFrame(known, frame);
    if (folded.type === 'map') known = folded.map;
  }
  return known;
}

t.test('a delta that joins changes its seats and no others, and leaves the map before it as it was', async (t) => {
  const before = mapAfter([snapshot(10, ['AVAILABLE', 'AVAILABLE'])]);
  const held: SeatChange = { seatNumber: 2, status: 'HELD', heldUntil: HELD_UNTIL };
  const folded = foldFrame(before, delta(11, 12, [held], 2));
  t.match(folded, { type: 'map', changed: [2], isSnapshot: false, map: { epoch: 2, seq: 12 } });
  t.same(folded.type === 'map' && folded.map.seats, [
    { seatNumber: 1, price: 1_000, status: 'AVAILABLE' },
    { seatNumber: 2, price: 1_000, status: 'HELD', heldUntil: HELD_UNTIL },
  ]);
  t.equal(before?.seats[1]?.status, 'AVAILABLE');
  const sold =
    folded.type === 'map' ? foldFrame(folded.map, delta(13, 13, [{ seatNumber: 2, status: 'CONFIRMED' }])) : null;
  t.same(sold?.type === 'map' && sold.map.seats[1], { seatNumber: 2, price: 1_000, status: 'CONFIRMED' });
});

t.test('a delta that begins after what is known is a gap', async (t) => {
  const known = mapAfter([snapshot(10, ['AVAILABLE'])]);
  t.same(foldFrame(known, delta(12, 12, [])), { type: 'gap', sinceSeq: 10 });
  t.same(foldFrame(null, delta(1, 1, [])), { type: 'gap', sinceSeq: null });
});

t.test('a delta that ends where the map does, or before, changes nothing', async (t) => {
  const known = mapAfter([snapshot(10, ['HELD'])]);
  for (const frame of [delta(11, 10, []), delta(9, 10, [{ seatNumber: 1, status: 'AVAILABLE' }]), delta(1, 3, [])]) {
    t.same(foldFrame(known, frame), { type: 'nothing-new' });
  }
});

t.test('a delta that begins before what is known and ends after it is taken', async (t) => {
  const known = mapAfter([snapshot(10, ['AVAILABLE', 'HELD'])]);
  const folded = foldFrame(known, delta(8, 12, [{ seatNumber: 1, status: 'CONFIRMED' }]));
  t.match(folded, { type: 'map', map: { seq: 12, seats: [{ status: 'CONFIRMED' }, { status: 'HELD' }] } });
});

t.test('a snapshot replaces, also by a lower seq and by another number of seats', async (t) => {
  const known = mapAfter([snapshot(10, ['HELD', 'HELD'])]);
  const folded = foldFrame(known, snapshot(4, ['AVAILABLE', 'AVAILABLE', 'AVAILABLE']));
  t.match(folded, { type: 'map', isSnapshot: true, changed: [1, 2, 3], map: { seq: 4 } });
});

t.test('a change of a seat that the map does not have asks for everything', async (t) => {
  const known = mapAfter([snapshot(10, ['AVAILABLE'])]);
  t.same(foldFrame(known, delta(11, 11, [{ seatNumber: 9, status: 'HELD' }])), { type: 'gap', sinceSeq: null });
});

t.test('seats are found by their number, not by their place', async (t) => {
  const seats = [5, 9].map((seatNumber) => ({ seatNumber, price: 1, status: 'AVAILABLE' as const }));
  const known = mapAfter([{ ...snapshot(1, []), seats }]);
  const folded = foldFrame(known, delta(2, 2, [{ seatNumber: 9, status: 'HELD' }]));
  t.match(folded, { type: 'map', map: { seats: [{ status: 'AVAILABLE' }, { seatNumber: 9, status: 'HELD' }] } });
});
