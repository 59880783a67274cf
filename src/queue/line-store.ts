/**
 * The port of the waiting room: a store of lines, in this process or in Redis. A store decides who may go in, who is due to
 * end and where each token stands. It records nothing: PostgreSQL has the record, and every line can be rebuilt from it.
 */
import type { QueuePolicy } from '../domain/catalogue.ts';
import type { AdmittedToken, EndStatus, NumberRange, QueueTokenRow } from '../domain/queue-token.ts';
import type { Turnover } from './turnover.ts';

/** What a store answers at once, or after a while. */
export type Awaitable<T> = T | Promise<T>;

/** The store does not hold the line, or holds it under another generation: nothing was done. */
export const LOST = 'lost';
export type Lost = typeof LOST;

/** What the waiting room must know of a concert. */
export interface QueueTerms {
  readonly policy: QueuePolicy;
  /** Epoch milliseconds. */
  readonly bookingClosesAtMs: number;
}

/** How a line is doing, as the store's last operation on it found it. */
export interface LineSummary extends QueuePolicy, Turnover {
  readonly generation: number;
  readonly waiting: number;
  readonly active: number;
  readonly closesAtMs: number;
  /** The store admits no one until it has the newest policy. */
  readonly isSuspended: boolean;
  /** No later instant of admission is before this. */
  readonly latestMs: number;
  /** Admissions that are being recorded. */
  readonly pending: number;
  /** The first numbers whose entries may be missing although later ones are here; null when there are none. */
  readonly gap: NumberRange | null;
  /** When something is next to be done without a request; null: never. */
  readonly wakeMs: number | null;
}

/** Where a token stands, if the store has it. */
export interface Standing {
  readonly status: 'WAITING' | 'ACTIVE';
  readonly activatedAtMs: number | null;
  readonly activeUntilMs: number | null;
  /** 1 is next; 0 when ACTIVE; null while entries that were recorded before it may be missing. */
  readonly position: number | null;
}

export interface Admission extends AdmittedToken {
  readonly activeUntilMs: number;
}

export interface RecordedEnd {
  readonly tokenId: string;
  readonly status: EndStatus;
  readonly endedAtMs: number;
}

/**
 * Something that is due: `over` (the time inside is; instant of that), `closed` (booking is; instant of that), `missing` (no
 * sign of life; 0), `idle` (inside, no sign of life of late; 0) or `proposed` (an admission that its node has not completed; its instant).
 */
export interface DueItem {
  readonly why: 'over' | 'closed' | 'missing' | 'idle' | 'proposed';
  readonly tokenId: string;
  readonly atMs: number;
}

/** A line, and where tokens stand in it; null for one that is not there. */
export interface Looked {
  readonly summary: LineSummary;
  readonly standings: readonly (Standing | null)[];
}

export interface Put extends Looked {
  /** Those who went in with this call. */
  readonly admitted: readonly string[];
}

/** What a store tells without being asked. */
export interface LineListener {
  /** The store answers again after it was away. */
  onUp(): void;
  onDown(): void;
  /** News may have been missed until now. */
  onHearing(): void;
  /** After every operation on a line. */
  onSummary(concertId: number, summary: LineSummary): void;
  /** Another node has shown recorded admissions. */
  onActive(tokenId: string): void;
  /** Another node has ended a token, recorded. */
  onEnded(end: RecordedEnd): void;
  /** A line was changed by a node. */
  onChanged(concertId: number): void;
}

/** What a store can do because no other process uses its lines. */
export interface ExclusiveLines {
  /** Whether the store can hold no more tokens. */
  readonly isFull: boolean;
  /** The user's live token, or null. */
  tokenOfUser(concertId: number, userId: string): string | null;
  /** This process has raised the generation of its line: the line is held under that one from now on. */
  continueUnder(concertId: number, generation: number): void;
}

/** Lines and what is decided about them. Every operation throws Faults `QUEUE_UNAVAILABLE`. */
export interface LineStore {
  /** Null where nodes share the lines. */
  readonly exclusive: ExclusiveLines | null;
  /** Whether the store can be asked at present. */
  readonly isUp: boolean;
  /** Whether the listener is told of what other nodes do. */
  readonly isHearing: boolean;
  /** To be called once, before `start`. */
  listen(listener: LineListener): void;
  /** Resolves once the store is up, or when the first attempt has failed: it goes on trying. */
  start(): Promise<void>;
  close(): Promise<void>;
  /** Notices that news no longer arrives. */
  checkHearing(): void;
  /** Reserves the rebuilding of a line for this node, for so long. False when another node has it. */
  claimRebuild(concertId: number, ttlMs: number): Awaitable<boolean>;
  /** Tokens that wait, or are inside, by rank from 0, the last one included. */
  range(concertId: number, where: 'waiting' | 'inside', first: number, last: number): Awaitable<readonly string[]>;
  /** Where one token stands: the look-up of a request with it, and a sign of life of its holder. */
  touch(
    concertId: number,
    tokenId: string,
  ): Awaitable<Lost | { readonly standing: Standing | null; readonly closesAtMs: number }>;
  /** `isSign`: when it is a sign of life of their holders. */
  look(concertId: number, tokenIds: readonly string[], isSign: boolean): Awaitable<Lost | Looked>;
  /**
   * Lets tokens that are recorded as live take their places. `whole` are numbers of which every entry that is recorded is among
   * `rows` or was in the line before.
   */
  put(
    concertId: number,
    generation: number,
    rows: readonly QueueTokenRow[],
    whole: readonly NumberRange[],
  ): Awaitable<Lost | Put>;
  /** Decides who may go in now. They are in once `show` says so. */
  propose(concertId: number, generation: number, limit: number): Awaitable<Lost | readonly Admission[]>;
  /** Lets recorded admissions take effect. Returns those who went in with this call. */
  show(concertId: number, generation: number, admissions: readonly Admission[]): Awaitable<Lost | readonly string[]>;
  /** Takes back proposals that certainly were not recorded. */
  withdraw(concertId: number, generation: number, proposals: readonly AdmittedToken[]): Awaitable<Lost | 'done'>;
  /** Lets recorded ends take effect. */
  remove(concertId: number, ends: readonly RecordedEnd[]): Awaitable<Lost | 'done'>;
  /**
   * Hands out what is due, at most so many of each kind; again a second later unless it was done, those who are idle after
   * `IDLE_LOOK_AGAIN_MS`.
   */
  sweep(concertId: number, generation: number, limit: number): Awaitable<Lost | readonly DueItem[]>;
  /** Whether this node is to compare the line with PostgreSQL. `isAfresh`: holders could not show signs of life. */
  beat(concertId: number, isAfresh: boolean): Awaitable<Lost | boolean>;
  /** The policy was changed: the store admits no one until `adopt` with the returned ticket. */
  suspend(concertId: number): Awaitable<string>;
  adopt(
    concertId: number,
    ticket: string,
    terms: QueueTerms,
    admissions: readonly AdmittedToken[],
  ): Awaitable<Lost | 'done' | 'changed'>;
  /** Begins a rebuilding. Returns the ticket with which to finish; null when another node is ahead. */
  begin(concertId: number, generation: number): Awaitable<string | null>;
  /** False when it had no effect: the store was emptied again, or another node is ahead. */
  restore(concertId: number, generation: number, rows: readonly QueueTokenRow[], leaseMs: number): Awaitable<boolean>;
  /** Every entry with a number below `nextNo` was restored; null where no other node enters anyone. */
  finish(
    concertId: number,
    generation: number,
    ticket: string,
    terms: QueueTerms,
    admissions: readonly AdmittedToken[],
    nextNo: number | null,
  ): Awaitable<boolean>;
}
