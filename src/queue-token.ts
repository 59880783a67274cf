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

/** Who a genuine queue token speaks for. */
export interface QueueIdentity {
  readonly token: string;
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
