import type { RejectionCode } from '../domain/errors.ts';
import {
  type EndStatus,
  isEndStatus,
  type QueueIdentity,
  type QueueToken,
  type QueueTokenRow,
  type QueueTokenStatus,
} from '../domain/queue-token.ts';
import { POLL_WITHOUT_WAITING_MS } from './policy.ts';

/** How requests with an ended token are refused. */
export const END_CODES = {
  COMPLETED: 'QUEUE_TOKEN_COMPLETED',
  EXPIRED: 'QUEUE_TOKEN_EXPIRED',
  CANCELLED: 'QUEUE_TOKEN_CANCELLED',
} as const satisfies Record<EndStatus, RejectionCode>;

/** The place of a queue token's holder: waiting, inside, or gone. */
export interface Place {
  readonly tokenId: string;
  readonly userId: string;
  readonly concertId: number;
  readonly no: number;
  readonly issuedAtMs: number;
  readonly status: QueueTokenStatus;
  readonly activatedAtMs: number | null;
  readonly activeUntilMs: number | null;
  readonly endedAtMs: number | null;
  /** When it ends by itself: the close of booking while it is WAITING, `activeUntilMs` while it is ACTIVE. */
  readonly dueAtMs: number;
}

export function isLive(place: { readonly status: QueueTokenStatus }): boolean {
  return !isEndStatus(place.status);
}

/** Whether the token is recorded as live although its time is certainly over. `nowMs` is a lower bound of the clock. */
export function isOverdue(place: Place, nowMs: number): boolean {
  return isLive(place) && nowMs >= place.dueAtMs;
}

/** The status that the token has at `nowMs`, a lower bound of the clock, whether or not its end was recorded yet. */
export function statusAt(place: Place, nowMs: number): QueueTokenStatus {
  return isOverdue(place, nowMs) ? 'EXPIRED' : place.status;
}

/** A place as its row tells it. `closesAtMs` is the end of the concert's booking. */
export function placeOf(row: QueueTokenRow, closesAtMs: number): Place {
  return {
    tokenId: row.tokenId,
    userId: row.userId,
    concertId: row.concertId,
    no: row.no,
    issuedAtMs: row.issuedAtMs,
    status: row.status,
    activatedAtMs: row.activatedAtMs,
    activeUntilMs: row.activeUntilMs,
    endedAtMs: row.endedAtMs,
    dueAtMs: row.status === 'ACTIVE' && row.activeUntilMs !== null ? row.activeUntilMs : closesAtMs,
  };
}

export function identityOf(place: Place, token: string, nowMs: number): QueueIdentity {
  const { tokenId, userId, concertId } = place;
  if (isOverdue(place, nowMs))
    return { token, tokenId, userId, concertId, status: 'EXPIRED', endedAtMs: place.dueAtMs };
  return { token, tokenId, userId, concertId, status: place.status, endedAtMs: place.endedAtMs };
}

/** What somebody who waits is told beside the token itself. */
export interface Prospect {
  readonly queuePosition: number;
  readonly estimatedWaitTime: number | null;
  readonly estimatedWaitRange: readonly [low: number, high: number] | null;
  readonly pollAfterMs: number;
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** The token as answers show it. `prospect` is called only for somebody who waits. */
export function tokenOf(place: Place, token: string, nowMs: number, prospect: () => Prospect | null): QueueToken {
  const { userId, concertId } = place;
  const status = statusAt(place, nowMs);
  const waiting = status === 'WAITING' ? prospect() : null;
  return {
    token,
    userId,
    concertId,
    status,
    queuePosition: waiting?.queuePosition ?? (status === 'ACTIVE' ? 0 : null),
    estimatedWaitTime: waiting === null ? (status === 'ACTIVE' ? 0 : null) : waiting.estimatedWaitTime,
    estimatedWaitRange: waiting === null ? (status === 'ACTIVE' ? [0, 0] : null) : waiting.estimatedWaitRange,
    activeUntil: isoTime(place.activeUntilMs),
    issuedAt: new Date(place.issuedAtMs).toISOString(),
    activatedAt: isoTime(place.activatedAtMs),
    endedAt: isoTime(isOverdue(place, nowMs) ? place.dueAtMs : place.endedAtMs),
    pollAfterMs: waiting?.pollAfterMs ?? POLL_WITHOUT_WAITING_MS,
  };
}
