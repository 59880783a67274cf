/**
 * The seats of a watched schedule as this node knows them: every durable change up to `seq`, and the last change of each seat.
 * It also encodes frames, once for all sockets that get the same.
 *
 * DELTA-1. `seq` is the end of a command: updates are applied whole.
 * DELTA-2. A delta from any earlier change holds every seat that changed since, in its present state.
 */
import type { SeatMap } from '../../actors/command.ts';
import type { DeltaFrame, SeatChange, SnapshotFrame, SnapshotSeat } from '../../domain/live-frames.ts';
import type { SeatStatus } from '../../domain/reservation.ts';
import type { SeatUpdates } from '../../domain/seat-broadcast.ts';

/** The contract's window for resuming: a client within either bound gets a delta. */
const REMEMBERED_CHANGES = 1_000;
const REMEMBERED_MS = 60_000;
/** Watchers are at one or two positions; only resuming clients need other deltas, and each costs as much as a map. */
const KEPT_DELTAS = 16;
/** The interval between two marks: 60 of them cover the window. */
const MARK_INTERVAL_MS = 1_000;

interface KnownSeat {
  readonly seatNumber: number;
  readonly price: number;
  readonly status: SeatStatus;
  readonly heldUntil: string | null;
  /** The `seq` of its last change, or a later one that is at most the schedule's. */
  readonly seq: number;
}

export class SeatState {
  readonly scheduleId: number;
  #epoch: number;
  #seq: number;
  #seats: KnownSeat[];
  /** Earlier positions of the schedule and their instants, oldest first. */
  #marks: { readonly seq: number; readonly atMs: number }[] = [];
  #isCancelled: boolean;
  #snapshot: Buffer | null = null;
  /** Deltas that end at `seq`, by the change after which they begin. */
  readonly #deltas = new Map<number, Buffer>();

  constructor(map: SeatMap) {
    this.scheduleId = map.scheduleId;
    this.#epoch = map.epoch;
    this.#seq = map.seq;
    this.#seats = map.seats.map(knownSeat);
    this.#isCancelled = map.isCancelled === true;
  }

  /** Whether the organiser has cancelled the date. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Applies the new part of `updates`, which must join `seq` without a gap and end after it. */
  apply({ epoch, fromSeq, seq, updates }: SeatUpdates): void {
    for (const [position, { seatNumber, status, heldUntil }] of updates.entries()) {
      const seat = this.#seats[seatNumber - 1];
      if (fromSeq + position <= this.#seq || seat === undefined) continue;
      this.#seats[seatNumber - 1] = { seatNumber, price: seat.price, status, heldUntil, seq: fromSeq + position };
    }
    this.#moveTo(Math.max(epoch, this.#epoch), seq);
  }

  /** Replaces the state by a later map of the owner. */
  adopt(map: SeatMap): void {
    this.#seats = map.seats.map(knownSeat);
    this.#isCancelled = map.isCancelled === true;
    this.#moveTo(map.epoch, map.seq);
  }

  /** The organiser has cancelled the date, as a map says that is older than the state. */
  cancel(): void {
    this.#isCancelled = true;
    this.#snapshot = null;
  }

  /** Replaces the state by an earlier map: the database has lost the changes after it. */
  goBack(map: SeatMap): void {
    this.#marks = [];
    this.adopt(map);
  }

  /** Whether the map has the same seats at the same prices. */
  hasSeatsOf(map: SeatMap): boolean {
    if (map.seats.length !== this.#seats.length) return false;
    return map.seats.every(({ price }, index) => this.#seats[index]?.price === price);
  }

  /** The owner continues under a later epoch. */
  enterEpoch(epoch: number): void {
    if (epoch > this.#epoch) this.#moveTo(epoch, this.#seq);
  }

  /** Records the present position and its instant. */
  mark(nowMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && nowMs - last.atMs < MARK_INTERVAL_MS) return;
    this.#marks.push({ seq: this.#seq, atMs: nowMs });
    // The newest mark past the window is its edge; older ones are of no use.
    while ((this.#marks[1]?.atMs ?? nowMs) <= nowMs - REMEMBERED_MS) this.#marks.shift();
  }

  /**
   * Whether a client that knows everything up to `sinceSeq` gets a delta. When the age of `sinceSeq` is unknown it does: a
   * delta is correct at any age.
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

  /** Everything after `sinceSeq`, which must be less than `seq`; the same bytes until something changes. */
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
      ...(this.#isCancelled ? { cancelled: true } : {}),
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

/** Drops the holder of the seat, which clients must not see. */
function knownSeat({ seatNumber, price, status, heldUntil, seq }: SeatMap['seats'][number]): KnownSeat {
  return { seatNumber, price, status, heldUntil, seq };
}

function shownSeat({ seatNumber, status, price, heldUntil }: KnownSeat): SnapshotSeat {
  return heldUntil === null ? { seatNumber, status, price } : { seatNumber, status, price, heldUntil };
}

function changeOf({ seatNumber, status, heldUntil }: KnownSeat): SeatChange {
  return heldUntil === null ? { seatNumber, status } : { seatNumber, status, heldUntil };
}
