import type { FaultEffect } from '../domain/errors.ts';
import type { Grant } from '../domain/grant.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { ActRecord } from '../domain/owner-act.ts';
import type { CompletedToken } from '../domain/queue-token.ts';
import type { SeatEvent } from './seat-event.ts';

/*
 * The write-ahead log as schedules see it. A schedule announces that it has something to write; when a lane is free the
 * journal takes it, commits it with the changes of other schedules, and gives each subject the outcome of its part.
 *
 * Between `take…` and the outcome nothing else of that schedule is taken (the latch). Every `take…` that returned a batch is
 * followed by exactly one outcome.
 */

export interface ReservationInsert {
  readonly reservationId: string;
  readonly userId: string;
  readonly seatNumber: number;
  readonly price: number;
  /** Its last status within the batch. */
  readonly status: 'HELD' | 'EXPIRED' | 'CANCELLED';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly firstHeldAt: number | null;
  readonly extensions: number;
  readonly seq: number;
}

/** What becomes of a reservation that an earlier batch inserted. */
export interface ReservationChange {
  readonly reservationId: string;
  /** Its last status within the batch. */
  readonly status: 'HELD' | 'CONFIRMED' | 'EXPIRED' | 'CANCELLED';
  readonly endedAt: number | null;
  /** Its new end; null where that stays. */
  readonly expiresAt: number | null;
  /** How often the batch extends it. */
  readonly extensions: number;
  readonly seq: number;
  /** Its new seat where the batch moves it. */
  readonly movedTo?: number;
}

/** A seat that the batch blocks or unblocks, as it is at the end. */
export interface SeatBlock {
  readonly seatNumber: number;
  readonly isBlocked: boolean;
  readonly seq: number;
}

/** A confirmed reservation of 0 won and its payment. */
export interface CompInsert {
  readonly reservationId: string;
  readonly userId: string;
  readonly seatNumber: number;
  readonly paymentId: string;
  readonly at: number;
  readonly seq: number;
}

/** What organisers change in a batch, apart from reservations that they move. */
export interface BoxOfficeRows {
  readonly acts: readonly ActRecord[];
  /** At most one for a seat. */
  readonly blocks: readonly SeatBlock[];
  readonly comps: readonly CompInsert[];
}

/** A grant that is recorded with its effect. */
export interface KeyRecord {
  readonly userId: string;
  readonly claim: IdempotencyClaim;
  readonly grant: Grant;
}

/** What one schedule appends in one statement. `lastSeq` is `firstSeq - 1` when it only records keys or its next expiry. */
export interface AppendBatch {
  readonly scheduleId: number;
  readonly concertId: number;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Epoch milliseconds, at or before the earliest end of a hold; null without one. */
  readonly nextExpiryAt: number | null;
  readonly batchId: string;
  readonly events: readonly SeatEvent[];
  readonly inserts: readonly ReservationInsert[];
  /** At most one for a reservation. */
  readonly changes: readonly ReservationChange[];
  /** Whether a hold was extended, or began before it was inserted. */
  readonly isExtending: boolean;
  readonly keys: readonly KeyRecord[];
  /** Null without an act of an organiser. */
  readonly boxOffice: BoxOfficeRows | null;
}

/** A payment or refund that is to be decided by the wallet. */
export interface Settlement {
  readonly kind: 'PAYMENT' | 'REFUND';
  readonly paymentId: string;
  readonly userId: string;
  /** Won, not negative. */
  readonly amount: number;
  /** Won, of a refund that must not take the balance above it; null: none. */
  readonly balanceLimit: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
  /** In the order in which they get their sequence numbers. */
  readonly items: readonly { readonly reservationId: string; readonly seatNumber: number }[];
  /** Only the statement decides the sequence numbers and the balance. They are 0 in the grant, and recorded in columns of their own. */
  readonly key: KeyRecord | null;
  /** An organiser's act, which has no `key`. The numbers and the balance in its value are 0 too, until the statement sets them. */
  readonly act: ActRecord | null;
}

export interface SettlementBatch {
  readonly scheduleId: number;
  readonly concertId: number;
  readonly epoch: number;
  /** The sequence number that the schedule's head must stand at. */
  readonly baseSeq: number;
  readonly batchId: string;
  readonly settlements: readonly Settlement[];
  /**
   * The seats whose payment would complete the sell-out of the schedule, where this batch has so many; null in every other batch.
   * Only the statement knows which payments are covered.
   */
  readonly unsoldSeats: number | null;
}

export interface DoneSettlement {
  readonly paymentId: string;
  readonly fate: 'done';
  /** The first of its items' sequence numbers. */
  readonly firstSeq: number;
  /** Won after it. */
  readonly balance: number;
  /** The payer's queue token, where it ended in the same transaction. */
  readonly completedToken: CompletedToken | null;
}

/** What a committed statement did with one settlement. Only a settlement that is done uses sequence numbers. */
export type SettlementResult =
  | DoneSettlement
  /** The wallet does not cover it, or the refund would exceed its limit. `balance` is the untouched balance in won. */
  | { readonly paymentId: string; readonly fate: 'not-covered'; readonly balance: number }
  /** The wallet was not available to the statement. The settlement is to be taken again. */
  | { readonly paymentId: string; readonly fate: 'untried' }
  /** The wallet has not been available for as long as a caller waits. */
  | { readonly paymentId: string; readonly fate: 'given-up' };

/**
 * Why PostgreSQL refused a part.
 * - `key-taken`: row counts differ, as they do when a key is recorded already.
 * - `invalid-value`: it cannot take a value, or a trigger of the operator's refuses one.
 * - `rule`: a check, a trigger or anything else of the database's own.
 * - `conflict`: its rows contradict what the owner believes.
 */
export type PartRefusal = 'key-taken' | 'invalid-value' | 'rule' | 'conflict';

/** Outcomes in which nothing was done, or in which it will never be known whether anything was. */
export type NothingDone =
  /** The head row did not stand where this owner believed: the schedule is another's. */
  | { readonly type: 'fenced' }
  /** It was in doubt and turned out not to be committed; the owner goes on under this epoch. */
  | { readonly type: 'not-committed'; readonly epoch: number }
  /** PostgreSQL refused this schedule's part, alone, for what is in it. */
  | { readonly type: 'refused'; readonly error: Error; readonly reason: PartRefusal }
  /** The database is away or has no room. `unknown`: the batch was in doubt, and no one could find out whether it was committed. */
  | { readonly type: 'unavailable'; readonly effect: FaultEffect; readonly error: Error };

/**
 * `epoch` is the one to go on under. Not `isOwner`: the batch is durable, but it was in doubt and the schedule was stolen
 * meanwhile.
 */
interface Committed {
  readonly type: 'committed';
  readonly epoch: number;
  readonly isOwner: boolean;
}

export type AppendOutcome = Committed | NothingDone;

export type SettlementOutcome = (Committed & { readonly results: readonly SettlementResult[] }) | NothingDone;

/** What a schedule shows the journal. */
export interface JournalSubject {
  readonly scheduleId: number;
  /** The changes that have gathered, or null. `batchId` is that of the whole statement. */
  takeAppend(batchId: string): AppendBatch | null;
  concludeAppend(outcome: AppendOutcome): void;
  /**
   * Up to `limit` settlements whose users are not in `takenUsers`, or null: a wallet changes once per statement, and a
   * locked one is left alone for a moment.
   */
  takeSettlements(limit: number, takenUsers: ReadonlySet<string>, batchId: string): SettlementBatch | null;
  concludeSettlements(outcome: SettlementOutcome): void;
  /** The answer to the batch is missing. The outcome follows when it is known. */
  doubt(): void;
  /** The outcome is late: no caller should wait for it any longer. */
  stall(): void;
}

export interface Journal {
  /** Asks that `subject.takeAppend` be called as soon as a lane is free. Repeated calls are one. */
  requestAppend(subject: JournalSubject): void;
  requestSettlement(subject: JournalSubject): void;
}
