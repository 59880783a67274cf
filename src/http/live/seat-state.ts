/**
 * A watched schedule's seats as this node knows them: every durable change up to `seq`, and of each seat which change was
 * its last. Frames are written from here, each once for whoever is shown the same.
 *
 * DELTA-1. `seq` is the end of a command: what arrives is applied whole.
 * DELTA-2. A delta from any earlier change holds every seat that changed since, as it is now.
 */
import type { SeatMap } from '../../actors/command.ts';
import type { DeltaFrame, SeatChange, SnapshotFrame, SnapshotSeat } from '../../domain/live-frames.ts';
import type { SeatStatus } from '../../domain/reservation.ts';
import type { SeatUpdates } from '../../domain/seat-broadcast.ts';

/** The contract's window of resuming: what is within either is answered by a delta. */
const REMEMBERED_CHANGES = 1_000;
const REMEMBERED_MS = 60_000;
/** Watchers stand at one or two places; only resumes ask for others, and each costs as much as a map. */
const KEPT_DELTAS = 16;
/** Instants are kept this far apart, so 60 of them cover the window. */
const MARK_INTERVAL_MS = 1_000;

interface KnownSeat {
  readonly seatNumber: number;
  readonly price: number;
  readonly status: SeatStatus;
  readonly heldUntil: string | null;
  /** That of its last change, or a later one that is at most the schedule's. */
  readonly seq: number;
}

export class SeatState {
  readonly scheduleId: number;
  #epoch: number;
  #seq: number;
  #seats: KnownSeat[];
  /** Where the schedule stood when, oldest first. */
  #marks: { readonly seq: number; readonly atMs: number }[] = [];
  #snapshot: Buffer | null = null;
  /** Deltas that end at `seq`, by the change after which they begin. */
  readonly #deltas = new Map<number, Buffer>();

  constructor(map: SeatMap) {
    this.scheduleId = map.scheduleId;
    this.#epoch = map.epoch;
    this.#seq = map.seq;
    this.#seats = map.seats.map(knownSeat);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Takes over what it does not know of `updates`, which must follow on `seq` without a gap and end after it. */
  apply({ epoch, fromSeq, seq, updates }: SeatUpdates): void {
    for (const [position, { seatNumber, status, heldUntil }] of updates.entries()) {
      const seat = this.#seats[seatNumber - 1];
      if (fromSeq + position <= this.#seq || seat === undefined) continue;
      this.#seats[seatNumber - 1] = { seatNumber, price: seat.price, status, heldUntil, seq: fromSeq + position };
    }
    this.#moveTo(Math.max(epoch, this.#epoch), seq);
  }

  /** Takes over a later map of the owner. */
  adopt(map: SeatMap): void {
    this.#seats = map.seats.map(knownSeat);
    this.#moveTo(map.epoch, map.seq);
  }

  /** Takes over an earlier map: the changes after it have never been, as far as the database knows. */
  goBack(map: SeatMap): void {
    this.#marks = [];
    this.adopt(map);
  }

  /** The owner goes on under a later epoch. */
  enterEpoch(epoch: number): void {
    if (epoch > this.#epoch) this.#moveTo(epoch, this.#seq);
  }

  /** Notes when the schedule stood where it stands. */
  mark(nowMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && nowMs - last.atMs < MARK_INTERVAL_MS) return;
    this.#marks.push({ seq: this.#seq, atMs: nowMs });
    // The newest of those that are past the window is its edge; the ones before it say nothing any more.
    while ((this.#marks[1]?.atMs ?? nowMs) <= nowMs - REMEMBERED_MS) this.#marks.shift();
  }

  /**
   * Whether who knows everything up to `sinceSeq` is brought on by a delta. Where it is not known how long ago that was,
   * it is: the delta is right however old it is.
   */
  remembers(sinceSeq: number, nowMs: number): boolean {
    if (sinceSeq > this.#seq) return false;
    if (this.#seq - sinceSeq <= REMEMBERED_CHANGES) return true;
    const edge = this.#marks[0];
    return edge === undefined || edge.atMs > nowMs - REMEMBERED_MS || sinceSeq >= edge.seq;
  }

  /** The whole map; the same bytes until something changes. */
  snapshot(): Buffer {
    this.#snapshot ??= this.#writeSnapshot();
    return this.#snapshot;
  }

  /** Everything after `sinceSeq`, which must not lie behind `seq`; the same bytes until something changes. */
  deltaAfter(sinceSeq: number): Buffer {
    let delta = this.#deltas.get(sinceSeq);
    if (delta === undefined) {
      delta = this.#writeDelta(sinceSeq);
      if (this.#deltas.size < KEPT_DELTAS) this.#deltas.set(sinceSeq, delta);
    }
    return delta;
  }

  #moveTo(epoch: number, seq: number): void {
    this.#epoch = epoch;
    this.#seq = seq;
    this.#snapshot = null;
    this.#deltas.clear();
  }

  #writeSnapshot(): Buffer {
    const frame: SnapshotFrame = {
      type: 'snapshot',
      channel: 'seats',
      scheduleId: this.scheduleId,
      epoch: this.#epoch,
      seq: this.#seq,
      seats: this.#seats.map(shownSeat),
    };
    return Buffer.from(JSON.stringify(frame));
  }

  #writeDelta(sinceSeq: number): Buffer {
    const frame: DeltaFrame = {
      type: 'delta',
      channel: 'seats',
      scheduleId: this.scheduleId,
      epoch: this.#epoch,
      fromSeq: sinceSeq + 1,
      seq: this.#seq,
      changes: this.#seats.filter(({ seq }) => seq > sinceSeq).map(changeOf),
    };
    return Buffer.from(JSON.stringify(frame));
  }
}

/** Who holds a seat goes no further than here. */
function knownSeat({ seatNumber, price, status, heldUntil, seq }: SeatMap['seats'][number]): KnownSeat {
  return { seatNumber, price, status, heldUntil, seq };
}

function shownSeat({ seatNumber, status, price, heldUntil }: KnownSeat): SnapshotSeat {
  return heldUntil === null ? { seatNumber, status, price } : { seatNumber, status, price, heldUntil };
}

function changeOf({ seatNumber, status, heldUntil }: KnownSeat): SeatChange {
  return heldUntil === null ? { seatNumber, status } : { seatNumber, status, heldUntil };
}
