import type { Decision } from './errors.ts';

export type QueueTokenStatus = 'WAITING' | 'ACTIVE' | EndStatus;
/** Statuses that a token can end with. */
export type EndStatus = 'COMPLETED' | 'EXPIRED' | 'CANCELLED';

export function isEndStatus(status: QueueTokenStatus): status is EndStatus {
  return status !== 'WAITING' && status !== 'ACTIVE';
}

/** A queue token as every answer shows it; API shape `QueueToken`. Times are ISO 8601 UTC. */
export interface QueueToken {
  readonly token: string;
  readonly userId: string;
  readonly concertId: number;
  readonly status: QueueTokenStatus;
  /** 1 is next, 0 when ACTIVE, null when ended. */
  readonly queuePosition: number | null;
  /** Seconds; null when unknown or ended. */
  readonly estimatedWaitTime: number | null;
  /** Seconds; the wait ends between them in about three of four cases. Null when unknown or ended. */
  readonly estimatedWaitRange: readonly [low: number, high: number] | null;
  readonly activeUntil: string | null;
  readonly issuedAt: string;
  readonly activatedAt: string | null;
  readonly endedAt: string | null;
  readonly pollAfterMs: number;
}

/** A token that a payment completed, and its concert's schedules that have not begun: their owners must be notified. */
export interface CompletedToken {
  readonly tokenId: string;
  /** As it is recorded. */
  readonly endedAtMs: number;
  readonly scheduleIds: readonly number[];
}

/** The holder and state of a genuine queue token. */
export interface QueueIdentity {
  readonly token: string;
  readonly tokenId: string;
  readonly userId: string;
  readonly concertId: number;
  readonly status: QueueTokenStatus;
  /** Epoch milliseconds; null while it lives. */
  readonly endedAtMs: number | null;
}

/** The payment that completes a queue token: the one that leaves its user no other live hold in the concert, or any. */
export type TokenEnds = 'last-hold' | 'payment';
/**
 * What a queue token guards. `seats`: dates, maps and holds. `all`: the wallet and payments too; a refund takes the access token,
 * because money that is due is returned to those who have left the queue.
 */
export type QueueGuards = 'seats' | 'all';

export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly maxActive: number;
  readonly paused: boolean;
}

/**
 * The waiting room as the rest of the service uses it. Faults: `QUEUE_UNAVAILABLE` and `STORE_UNAVAILABLE`, with their effect.
 * Every shopper's request calls `identify`, which answers synchronously when the process knows the token.
 */
export interface WaitingRoom {
  /**
   * The user's live token of the concert; enters the queue if there is none (`created`). ACTIVE at once when slot and rate
   * allow. The entry is durable before the answer. The caller has checked the concert and its booking window.
   */
  enter(userId: string, concertId: number): Promise<{ readonly created: boolean; readonly token: QueueToken }>;
  /**
   * The user of a genuine token, whatever its status; null for any other text. Looks nothing up, and does not count as a sign
   * of life. Throws a Fault `QUEUE_UNAVAILABLE` where there is no waiting room.
   */
  holderOf(token: string): string | null;
  /**
   * Null for a forged, malformed or unknown token. Counts as its holder's sign of life. A token past its end by the clock reads
   * as ended; a token whose row was pruned reads as EXPIRED.
   */
  identify(token: string): QueueIdentity | null | Promise<QueueIdentity | null>;
  /** The token with its position, also when ended; null when `identify` gives null. Counts as a sign of life. */
  status(token: string): Promise<QueueToken | null>;
  /**
   * Admits the token now if policy, window and line allow it, or returns it if it is ACTIVE already. Rejects with
   * QUEUE_NOT_YOUR_TURN (members queuePosition, estimatedWaitTime), QUEUE_TOKEN_* when ended, UNAUTHENTICATED when `identify`
   * gives null.
   */
  activate(token: string): Promise<Decision<QueueToken>>;
  /**
   * Ends a live token as CANCELLED, durably, and frees its slot; an ended one stays as it is. `left` says whether this call
   * ended it. Null when `identify` gives null.
   */
  leave(token: string): Promise<{ readonly identity: QueueIdentity; readonly left: boolean } | null>;
  /** A payment has durably completed the token: it reads COMPLETED from now on, and its slot is free. */
  noteCompleted(concertId: number, completed: Pick<CompletedToken, 'tokenId' | 'endedAtMs'>): void;
  /** Applies a changed policy to later admissions. */
  notePolicyChanged(concertId: number): void;
  counts(concertId: number): Promise<QueueCounts>;
}

/** One concert's line as metrics show it. */
export interface QueueMeasures {
  readonly concertId: number;
  readonly waiting: number;
  readonly active: number;
  /** Since this process took over the line. */
  readonly entries: number;
  /** Since this process took over the line. */
  readonly admissions: number;
  readonly isPaused: boolean;
}

/** The place of a token. */
export type QueuePlace = Pick<QueueToken, 'status' | 'queuePosition' | 'estimatedWaitTime' | 'estimatedWaitRange'>;

export function placeIn({ status, queuePosition, estimatedWaitTime, estimatedWaitRange }: QueuePlace): QueuePlace {
  return { status, queuePosition, estimatedWaitTime, estimatedWaitRange };
}

/** The place of a token that has ended. */
export function endedPlace(status: QueueTokenStatus): QueuePlace {
  return { status, queuePosition: null, estimatedWaitTime: null, estimatedWaitRange: null };
}

/** Watches tokens for live connections. */
export interface QueueWatch {
  /**
   * Calls `changed` with every later status of a live token until the returned function is called. While a token is watched,
   * its holder counts as present: neither abandoned nor a no-show. Null when the token is not live in this process.
   */
  watch(token: string, changed: (status: QueueTokenStatus) => void): (() => void) | null;
  /**
   * The places of `tokens`, in their order; null for one that is not live in this process. Does not count as a sign of life.
   * Cheap: one look at the line for all of them.
   */
  look(tokens: readonly string[]): readonly (QueuePlace | null)[] | Promise<readonly (QueuePlace | null)[]>;
  measure(): readonly QueueMeasures[];
}

/** A recorded queue token. Instants are epoch milliseconds of the database's clock. */
export interface QueueTokenRow {
  readonly tokenId: string;
  readonly concertId: number;
  readonly userId: string;
  /** The token's place in the order of entry; numbers may have gaps. */
  readonly no: number;
  readonly status: QueueTokenStatus;
  readonly issuedAtMs: number;
  readonly activatedAtMs: number | null;
  readonly activeUntilMs: number | null;
  readonly endedAtMs: number | null;
}

/** A concert's line and the generation under which its writer holds it. */
export interface QueueHead {
  readonly concertId: number;
  readonly generation: number;
}

/** A range of a line’s entry numbers; both ends are included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface QueueEntry extends QueueHead {
  /** Chosen by the sender; new for every attempt. */
  readonly tokenId: string;
  readonly userId: string;
  readonly issuedAtMs: number;
}

export type QueueEntryOutcome =
  /** `numbers` are all numbers that the statement took in this line: those of its new entries, and perhaps unused ones. */
  | { readonly type: 'entered'; readonly row: QueueTokenRow; readonly numbers: NumberRange }
  /** The user already had this live token in the concert. */
  | { readonly type: 'live'; readonly row: QueueTokenRow }
  | { readonly type: 'fenced' };

export interface QueueAdmission extends QueueHead {
  readonly tokenId: string;
  readonly activatedAtMs: number;
  readonly activeUntilMs: number;
}

export interface QueueEnd extends QueueHead {
  readonly tokenId: string;
  readonly status: 'COMPLETED' | 'EXPIRED' | 'CANCELLED';
  readonly endedAtMs: number;
  /** The token does not end while its user has a live hold in the concert. */
  readonly unlessHolding?: boolean;
}

/** An admission that counts in a rate window. */
export interface AdmittedToken {
  readonly tokenId: string;
  readonly activatedAtMs: number;
}

/** The outcome of a conditional change of many tokens. A token in no set had a status that refused the change. */
export interface QueueChangeOutcome {
  readonly changed: ReadonlySet<string>;
  /** Tokens whose rows other transactions have locked: nothing was done to them, and they did not hold up the others. */
  readonly locked: ReadonlySet<string>;
  /** Tokens that should end unless their users held a seat, and whose users do. */
  readonly kept: ReadonlySet<string>;
  /** Concerts whose generation differs from the change's: nothing of theirs was changed. */
  readonly fenced: ReadonlySet<number>;
}

/** Of reviewed tokens, the rows of those that have ended, those that payments have completed, and the database's time for this. */
export interface QueueReview {
  readonly ended: readonly QueueTokenRow[];
  readonly paidUp: readonly string[];
  readonly tookMs: number;
}

/** A head that its holder has taken over, or may take over, under `generation`. */
export interface TakenHead extends QueueHead {
  /** False while another transaction has the head locked: a later take-over takes the generation, unless a process takes more. */
  readonly isTaken: boolean;
}

/** The heads that are at the next generation, and those that are not because other transactions have locked them. */
export interface RaiseOutcome {
  readonly raised: readonly QueueHead[];
  readonly locked: readonly QueueHead[];
}

/**
 * The waiting room's durable record. A writer holds a concert's line under a generation; the record refuses writes under any
 * other, whenever they arrive. Every method is one transaction and throws a Fault `STORE_UNAVAILABLE`: with effect `none` when
 * it changed nothing, `unknown` when the answer is missing.
 */
export interface QueueRecords {
  /** Takes over every concert that has a head that is not locked: later writes under older generations are refused. */
  takeOverAll(): Promise<readonly TakenHead[]>;
  /**
   * Takes over one concert, creating its head if there is none. Afterwards all entries with numbers below `nextNo` are
   * readable, and no later entry gets such a number. Null when the head is at the generation `below` or beyond. Concurrent calls
   * share a statement.
   */
  takeOver(concertId: number, below: number | null): Promise<(QueueHead & { readonly nextNo: number }) | null>;
  /**
   * Moves heads from their generation to the next, so that a write with an unknown outcome is either visible afterwards or
   * refused for ever. Heads that an earlier call moved count as raised; another writer has taken over those in neither list.
   */
  raise(heads: readonly QueueHead[]): Promise<RaiseOutcome>;
  /** The first of the concert's live tokens, ordered by user id, and whether there are no others. Concurrent calls share a statement. */
  listFirstLive(concertId: number): Promise<{ readonly rows: readonly QueueTokenRow[]; readonly isAll: boolean }>;
  /** A page of the concert's live tokens, ordered by user id, after `afterUserId`. */
  listLive(concertId: number, afterUserId: string | null, limit: number): Promise<readonly QueueTokenRow[]>;
  /** The concert's live tokens with these numbers. */
  listNumbered(concertId: number, numbers: NumberRange): Promise<readonly QueueTokenRow[]>;
  /** The concert's newest admissions after `afterMs`, at most `limit`, oldest first. Concurrent calls share a statement. */
  listAdmissions(concertId: number, afterMs: number, limit: number): Promise<readonly AdmittedToken[]>;
  /** The concert's head, without taking it over; null before the first takeover. */
  findHead(concertId: number): Promise<QueueHead | null>;
  /** Concerts with WAITING or ACTIVE tokens. */
  listConcertsWithLiveTokens(): Promise<readonly number[]>;
  /**
   * Enters each in order of arrival, or finds the user's live token. Outcomes are in the order of `entries`. After a Fault
   * `isOfOnePart`, which may be a QUEUE_UNAVAILABLE for a line that is locked, send the entries again in smaller
   * parts under their token ids: the answers then say which of them were made.
   */
  enter(entries: readonly QueueEntry[]): Promise<readonly QueueEntryOutcome[]>;
  /** WAITING tokens become ACTIVE. */
  admit(admissions: readonly QueueAdmission[]): Promise<QueueChangeOutcome>;
  /** WAITING and ACTIVE tokens end. */
  end(ends: readonly QueueEnd[]): Promise<QueueChangeOutcome>;
  /** The recorded ones of `tokenIds`, in no order. */
  find(tokenIds: readonly string[]): Promise<readonly QueueTokenRow[]>;
  /** The same for one token; concurrent calls share a statement. Also throws a Fault `OVERLOADED`. */
  findOne(tokenId: string): Promise<QueueTokenRow | null>;
  /**
   * Those of the ACTIVE tokens `tokenIds` that are no longer so: their rows have ended, or a payment after their admission
   * ended the user's last hold in that concert. Concurrent calls with few tokens share a statement.
   */
  review(tokenIds: readonly string[]): Promise<QueueReview>;
}
