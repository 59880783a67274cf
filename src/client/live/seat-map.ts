/**
 * Folds the frames of one schedule into its map.
 *
 * MAP-1. A published map equals the service's map at its `seq`: a delta is applied only where it joins the known map.
 * MAP-2. A snapshot replaces the known map, even one with a higher `seq`: only the service knows its history.
 * MAP-3. A repeated frame changes nothing.
 */
import type { DeltaFrame, SnapshotFrame, SnapshotSeat } from '../../domain/live-frames.ts';

/** A known map. It is never changed in place, so receivers may keep it. */
export interface KnownMap {
  readonly epoch: number;
  readonly seq: number;
  readonly seats: readonly SnapshotSeat[];
}

export type Folded =
  | { readonly type: 'map'; readonly map: KnownMap; readonly changed: readonly number[]; readonly isSnapshot: boolean }
  /** The map contains this frame already. */
  | { readonly type: 'nothing-new' }
  /** Changes are missing: ask for those after `sinceSeq`, or for the whole map when it is null. */
  | { readonly type: 'gap'; readonly sinceSeq: number | null };

/** Applies a frame to the known map. */
export function foldFrame(known: KnownMap | null, frame: SnapshotFrame | DeltaFrame): Folded {
  if (frame.type === 'snapshot') {
    const { epoch, seq, seats } = frame;
    return { type: 'map', map: { epoch, seq, seats }, changed: seats.map(numberOf), isSnapshot: true };
  }
  if (known === null) return { type: 'gap', sinceSeq: null };
  if (frame.fromSeq > known.seq + 1) return { type: 'gap', sinceSeq: known.seq };
  // A delta carries the final state of its seats, so one that begins before the known `seq` is valid if it ends after it.
  if (frame.seq <= known.seq) return { type: 'nothing-new' };
  const seats = [...known.seats];
  for (const { seatNumber, status, heldUntil } of frame.changes) {
    const index = indexOf(seats, seatNumber);
    const seat = seats[index];
    // The map lacks this seat, so the frame belongs to another version of the schedule.
    if (seat === undefined) return { type: 'gap', sinceSeq: null };
    const { price } = seat;
    seats[index] = { seatNumber, price, status, ...(heldUntil === undefined ? {} : { heldUntil }) };
  }
  const map = { epoch: frame.epoch, seq: frame.seq, seats };
  return { type: 'map', map, changed: frame.changes.map(numberOf), isSnapshot: false };
}

/** The service numbers seats from 1 without a gap; the search covers maps that do not. */
function indexOf(seats: readonly SnapshotSeat[], seatNumber: number): number {
  return seats[seatNumber - 1]?.seatNumber === seatNumber
    ? seatNumber - 1
    : seats.findIndex((seat) => seat.seatNumber === seatNumber);
}

function numberOf({ seatNumber }: { readonly seatNumber: number }): number {
  return seatNumber;
}
