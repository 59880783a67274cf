import type { Grant } from '../domain/grant.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { ActToRecord } from '../domain/owner-act.ts';
import type { Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/** The position of a change in the log. It is numbered when its flush is composed, and durable once `flush` is null. */
export interface Change {
  epoch: number;
  seq: number;
  flush: Flush | null;
  /** Its place in the flush. */
  readonly position: number;
}

export interface KeyToRecord {
  readonly userId: string;
  readonly claim: IdempotencyClaim;
  /** Called when the flush is composed and its changes are numbered. */
  readonly grant: () => Grant;
}

export type EndCause = 'timer' | 'alarm' | 'demand';

/** The steps by which the progress of a sale is counted: seats put on hold, payments, and refunds of payments. */
export type SaleStep = 'holds' | 'payments' | 'refunds';

/** What a schedule has decided since its last flush was taken: it gathers, is in flight, and then is durable or dropped. */
export class Flush {
  readonly events: SeatEvent[] = [];
  readonly changes: Change[] = [];
  /** Each event's seat as it is after the event. */
  readonly seats: Seat[] = [];
  readonly keys: KeyToRecord[] = [];
  /** Acts of organisers. Null without one, as in nearly every flush. */
  acts: ActToRecord[] | null = null;
  readonly endedBy: Record<EndCause, number> = { timer: 0, alarm: 0, demand: 0 };
  /** Seats that it puts on hold. */
  holds = 0;
  nextExpiryAt: number | null = null;

  add(event: SeatEvent, seat: Seat): Change {
    const change: Change = { epoch: 0, seq: 0, flush: this, position: this.changes.length };
    this.events.push(event);
    this.changes.push(change);
    if (event.type === 'HELD') this.holds += 1;
    this.seats.push(seat);
    return change;
  }

  /** Records an organiser's act with the changes of the flush. */
  record(act: ActToRecord): void {
    (this.acts ??= []).push(act);
  }

  /** Gives its changes their numbers. */
  number(epoch: number, firstSeq: number): void {
    for (const change of this.changes) {
      change.epoch = epoch;
      change.seq = firstSeq + change.position;
    }
  }

  markDurable(): void {
    for (const change of this.changes) change.flush = null;
  }
}

/** The later of two changes in the order of the log, where at most one flush is in flight and at most one gathers behind it. */
export function laterChange(a: Change, b: Change, inFlight: Flush | null): Change {
  if (a.flush === b.flush) return (a.flush === null ? a.seq > b.seq : a.position > b.position) ? a : b;
  if (a.flush === null) return b;
  if (b.flush === null) return a;
  return a.flush === inFlight ? b : a;
}
