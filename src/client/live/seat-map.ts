/**
 * Folds the frames of one schedule into its map.
 *
 * MAP-1. A map that is given out is exactly the service's at its `seq`: a delta is only taken where it joins what is known.
 * MAP-2. A snapshot replaces whatever was known, also by a lower `seq`: the service alone knows its history.
 * MAP-3. What came before changes nothing when it comes again.
 */
import type { DeltaFrame, SnapshotFrame, SnapshotSeat } from '../../domain/live-frames.ts';

/** A map as it is known. Never changed in place: whoever was given it may keep it. */
export interface KnownMap {
  readonly epoch: number;
  readonly seq: number;
  readonly seats: readonly SnapshotSeat[];
}

export type Folded =
  | { readonly type: 'map'; readonly map: KnownMap; readonly changed: readonly number[]; readonly isSnapshot: boolean }
  /** Known already. */
  | { readonly type: 'nothing-new' }
  /** Something between is missing: ask for what came after `sinceSeq`, or for everything when it is null. */
  | { readonly type: 'gap'; readonly sinceSeq: number | null };

/** What is known after a frame. */
export function foldFrame(known: KnownMap | null, frame: SnapshotFrame | DeltaFrame): Folded {
  if (frame.type === 'snapshot') {
    const { epoch, seq, seats } = frame;
    return { type: 'map', map: { epoch, seq, seats }, changed: seats.map(numberOf), isSnapshot: true };
  }
  if (known === null) return { type: 'gap', sinceSeq: null };
  if (frame.fromSeq > known.seq + 1) return { type: 'gap', sinceSeq: known.seq };
  // A delta says how its seats stand at its end, so one that begins before what is known is as good, if it ends after it.
  if (frame.seq <= known.seq) return { type: 'nothing-new' };
  const seats = [...known.seats];
  for (const { seatNumber, status, heldUntil } of frame.changes) {
    const index = indexOf(seats, seatNumber);
    const seat = seats[index];
    // A seat that the map does not have: this is not the schedule that was known.
    if (seat === undefined) return { type: 'gap', sinceSeq: null };
    const { price } = seat;
    seats[index] = { seatNumber, price, status, ...(heldUntil === undefined ? {} : { heldUntil }) };
  }
  const map = { epoch: frame.epoch, seq: frame.seq, seats };
  return { type: 'map', map, changed: frame.changes.map(numberOf), isSnapshot: false };
}

/** Seats are numbered from 1 without a gap wherever the service made them; the search is for maps that are not so. */
function indexOf(seats: readonly SnapshotSeat[], seatNumber: number): number {
  return seats[seatNumber - 1]?.seatNumber === seatNumber
    ? seatNumber - 1
    : seats.findIndex((seat) => seat.seatNumber === seatNumber);
}

function numberOf({ seatNumber }: { readonly seatNumber: number }): number {
  return seatNumber;
}
