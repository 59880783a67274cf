import type { Decision } from './errors.ts';

export type QueueTokenStatus = 'WAITING' | 'ACTIVE' | 'COMPLETED' | 'EXPIRED' | 'CANCELLED';

/** A queue token as every answer shows it; API shape `QueueToken`. Times are ISO 8601 UTC. */
export interface QueueToken {
  readonly token: string;
  readonly userId: string;
  readonly concertId: number;
  readonly status: QueueTokenStatus;
  /** 1 is next, 0 when ACTIVE, null when ended. */
  readonly queuePosition: number | null;
  /** Seconds; null when unknown (paused) or ended. */
  readonly estimatedWaitTime: number | null;
  readonly activeUntil: string | null;
  readonly issuedAt: string;
  readonly activatedAt: string | null;
  readonly endedAt: string | null;
  readonly pollAfterMs: number;
}

/** A token that a payment has completed, and the dates of its concert that have not begun: their owners must learn of it. */
export interface CompletedToken {
  readonly tokenId: string;
  readonly scheduleIds: readonly number[];
}

/** Who a genuine queue token speaks for. */
export interface QueueIdentity {
  readonly token: string;
  readonly tokenId: string;
  readonly userId: string;
  readonly concertId: number;
  readonly status: QueueTokenStatus;
  /** Epoch milliseconds; null while it lives. */
  readonly endedAtMs: number | null;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly maxActive: number;
  readonly paused: boolean;
}

/**
 * The waiting room as the rest of the service sees it. Faults: `QUEUE_UNAVAILABLE` and `STORE_UNAVAILABLE`, with their effect.
 * `identify` is on the path of every shopper's request: it answers synchronously where the token is known in the process.
 */
export interface WaitingRoom {
  /**
   * The user's live token of the concert, entered now if there is none (`created`), ACTIVE at once when slot and rate allow.
   * The entry is durable before the answer. The concert and its booking window were checked by the caller.
   */
  enter(userId: string, concertId: number): Promise<{ readonly created: boolean; readonly token: QueueToken }>;
  /**
   * The user for whom a genuine token speaks, whatever has become of it; null for any other text. Looks nothing up, and is no
   * sign of life. Throws a Fault `QUEUE_UNAVAILABLE` where there is no waiting room.
   */
  holderOf(token: string): string | null;
  /**
   * Null for a forged, malformed or unknown token. Counts as a sign of life of its holder. A token whose end is due by
   * the clock reads ended; one whose row was pruned reads EXPIRED.
   */
  identify(token: string): QueueIdentity | null | Promise<QueueIdentity | null>;
  /** The token with its position, also when ended; null when `identify` gives null. A sign of life. */
  status(token: string): Promise<QueueToken | null>;
  /**
   * Admits the token now if policy, window and line allow it, or finds it ACTIVE already. Rejects with QUEUE_NOT_YOUR_TURN
   * (members queuePosition, estimatedWaitTime), QUEUE_TOKEN_* when ended, UNAUTHENTICATED when `identify` gives null.
   */
  activate(token: string): Promise<Decision<QueueToken>>;
  /**
   * Ends a live token as CANCELLED, durably, and frees its slot; an ended one stays as it is. `left` says whether this
   * call ended it. Null when `identify` gives null.
   */
  leave(token: string): Promise<{ readonly identity: QueueIdentity; readonly left: boolean } | null>;
  /** Takes over that the user's token of the concert was completed durably by a payment, and frees its slot. */
  noteCompleted(userId: string, concertId: number): void;
  /** Takes over a changed policy for admissions from now on. */
  notePolicyChanged(concertId: number): void;
  counts(concertId: number): Promise<QueueCounts>;
}

/** What a waiting room tells about one concert's line for metrics. */
export interface QueueMeasures {
  readonly concertId: number;
  readonly waiting: number;
  readonly active: number;
  /** Since this process took the line over. */
  readonly entries: number;
  /** Since this process took the line over. */
  readonly admissions: number;
  readonly isPaused: boolean;
}

/** Where a live token stands. */
export interface QueuePlace {
  readonly status: QueueTokenStatus;
  /** 1 is next, 0 when ACTIVE, null when ended. */
  readonly queuePosition: number | null;
  /** Seconds; null when unknown or ended. */
  readonly estimatedWaitTime: number | null;
}

/** What a waiting room offers beside the answering of requests. */
export interface QueueWatch {
  /**
   * Calls `changed` with every later status of a live token until the returned function is called. While it is watched its
   * holder is present: neither abandoned nor a no-show. Null when the token is not live in this process.
   */
  watch(token: string, changed: (status: QueueTokenStatus) => void): (() => void) | null;
  /**
   * Where each of `tokens` stands, in their order; null for one that is not live in this process. No sign of life, and
   * cheap: one look at the line for all of them.
   */
  look(tokens: readonly string[]): readonly (QueuePlace | null)[] | Promise<readonly (QueuePlace | null)[]>;
  measure(): readonly QueueMeasures[];
}

/** A queue token as it is recorded. Instants are epoch milliseconds of the database's clock. */
export interface QueueTokenRow {
  readonly tokenId: string;
  readonly concertId: number;
  readonly userId: string;
  /** Orders the line; numbers may have gaps. */
  readonly no: number;
  readonly status: QueueTokenStatus;
  readonly issuedAtMs: number;
  readonly activatedAtMs: number | null;
  readonly activeUntilMs: number | null;
  readonly endedAtMs: number | null;
}

/** A concert's line under the generation in which its writer holds it. */
export interface QueueHead {
  readonly concertId: number;
  readonly generation: number;
}

/** Numbers of a line, the last one included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface QueueEntry extends QueueHead {
  /** Chosen by the sender, new for every attempt. */
  readonly tokenId: string;
  readonly userId: string;
  readonly issuedAtMs: number;
}

export type QueueEntryOutcome =
  /** `numbers` are all that the statement took in this line: those of the entries that it made, and maybe unused ones. */
  | { readonly type: 'entered'; readonly row: QueueTokenRow; readonly numbers: NumberRange }
  /** The user had a live token in that concert: this one. */
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
  /** The token stays as it is while its user has a live hold in the concert. */
  readonly unlessHolding?: boolean;
}

/** An admission as it counts in a window. */
export interface AdmittedToken {
  readonly tokenId: string;
  readonly activatedAtMs: number;
}

/** What a conditional change of many tokens did. What is in no set was refused by the status of its row. */
export interface QueueChangeOutcome {
  readonly changed: ReadonlySet<string>;
  /** Tokens whose end was asked for unless their users hold a seat, and whose users do. */
  readonly kept: ReadonlySet<string>;
  /** Concerts that are under another generation than the change said: nothing of theirs was changed. */
  readonly fenced: ReadonlySet<number>;
}

/**
 * The waiting room's durable record. Whoever writes a concert's line holds it under a generation; a write under any other
 * is refused, whenever it arrives. Every method is one transaction and throws a Fault `STORE_UNAVAILABLE`: with effect
 * `none` where nothing was done, `unknown` where the answer is missing.
 */
export interface QueueRecords {
  /** Takes over every concert that has a head: all writes under older generations are refused from then on. */
  takeOverAll(): Promise<readonly (QueueHead & { readonly hasLiveTokens: boolean })[]>;
  /**
   * Takes one concert over, making its head if there is none. All entries with a number below `nextNo` are readable from then
   * on, and no other entry will have such a number.
   */
  takeOver(concertId: number): Promise<QueueHead & { readonly nextNo: number }>;
  /**
   * Moves heads from their generation to the next one, so that a write whose outcome is unknown is either visible
   * afterwards or refused for ever. Returns those that stand at the next one now, also when an earlier call moved them; the
   * others were taken over.
   */
  raise(heads: readonly QueueHead[]): Promise<readonly QueueHead[]>;
  /** A page of the concert's live tokens by user id, after that of `afterUserId`. */
  listLive(concertId: number, afterUserId: string | null, limit: number): Promise<readonly QueueTokenRow[]>;
  /** The concert's live tokens with these numbers. */
  listNumbered(concertId: number, numbers: NumberRange): Promise<readonly QueueTokenRow[]>;
  /** The concert's newest admissions after `afterMs`, at most `limit`, oldest first. */
  listAdmissions(concertId: number, afterMs: number, limit: number): Promise<readonly AdmittedToken[]>;
  /** The concert's head, without taking it over; null before it was first taken over. */
  findHead(concertId: number): Promise<QueueHead | null>;
  /** Concerts in which somebody waits or is inside. */
  listConcertsWithLiveTokens(): Promise<readonly number[]>;
  /**
   * Enters each in order of arrival, or finds the user's live token. Outcomes are in the order of `entries`. After a Fault
   * `isOfOnePart`, which may be a QUEUE_UNAVAILABLE for a line that is locked, the entries are to be sent again in smaller
   * parts under their token ids: what was done of them is told then.
   */
  enter(entries: readonly QueueEntry[]): Promise<readonly QueueEntryOutcome[]>;
  /** WAITING tokens become ACTIVE. */
  admit(admissions: readonly QueueAdmission[]): Promise<QueueChangeOutcome>;
  /** WAITING and ACTIVE tokens end. */
  end(ends: readonly QueueEnd[]): Promise<QueueChangeOutcome>;
  /** Those of `tokenIds` that are recorded, in no order. */
  find(tokenIds: readonly string[]): Promise<readonly QueueTokenRow[]>;
  /** The same for one token, many callers to a statement. Also throws a Fault `OVERLOADED`. */
  findOne(tokenId: string): Promise<QueueTokenRow | null>;
  /**
   * Which of the ACTIVE tokens `tokenIds` are not so any more: rows that have ended, and tokens whose users hold nothing in
   * that concert since a payment, made after their admission, ended their last hold.
   */
  review(
    tokenIds: readonly string[],
  ): Promise<{ readonly ended: readonly QueueTokenRow[]; readonly paidUp: readonly string[] }>;
}
