/**
 * The rules of admission, and of polling. Pure: instants arrive as arguments.
 *
 * POLICY-1. At most `maxActive` tokens are ACTIVE or being admitted when one more is admitted.
 * POLICY-2. At most `batch` admissions fall into any window of `intervalMs`: an admission's instant is at least `intervalMs` after
 *     that of the `batch`-th last one before it. It is allowed when the database's clock has certainly got there.
 * POLICY-3. `batch: 0` or `maxActive: 0` admits nobody.
 */
import type { QueuePolicy } from '../domain/catalogue.ts';

/** What the rules must know of the newest admissions; those that are still being decided are among them. */
interface Admissions {
  /** The instant of the nth newest admission, counted from 1, or null. */
  nthNewestMs(nth: number): number | null;
  /** How many admissions are younger than `ms`. */
  countAfter(ms: number): number;
}

/** How often somebody far from the front is asked to look; seed 000's interval. */
const LONGEST_POLL_MS = 30_000;
/** More often than this nobody needs to know. */
const SHORTEST_POLL_MS = 1_000;
/** Looks per interval of somebody whose turn may come with the next batch. */
const POLLS_PER_INTERVAL = 4;
/** A client that polls as told must never look absent, even if one or two of its polls are lost. */
const POLLS_PER_ABANDONMENT = 3;

export function isPaused(policy: QueuePolicy): boolean {
  return policy.batch === 0 || policy.maxActive === 0;
}

/** How many may be admitted at `nowMs` (a lower bound of the clock), when `active` are in or on their way in. */
export function admissionRoom(policy: QueuePolicy, log: Admissions, active: number, nowMs: number): number {
  if (isPaused(policy)) return 0;
  const seats = policy.maxActive - active;
  const rate = policy.batch - log.countAfter(nowMs - policy.intervalMs);
  return Math.max(0, Math.min(seats, rate));
}

/** When the window next has room, in epoch milliseconds; the past when it has room now, null when paused. */
export function windowOpensAtMs(policy: QueuePolicy, log: Admissions): number | null {
  if (isPaused(policy)) return null;
  const bound = log.nthNewestMs(policy.batch);
  return bound === null ? Number.NEGATIVE_INFINITY : bound + policy.intervalMs;
}

/** When somebody at `position` is asked to look again: soon only where their turn can come soon. */
export function pollAfterMs(policy: QueuePolicy, position: number, abandonMs: number): number {
  const longest = Math.min(LONGEST_POLL_MS, Math.ceil(abandonMs / POLLS_PER_ABANDONMENT));
  if (isPaused(policy)) return longest;
  const soonestMs = Math.ceil(position / policy.batch) * policy.intervalMs;
  return Math.min(longest, Math.max(SHORTEST_POLL_MS, Math.ceil(soonestMs / POLLS_PER_INTERVAL)));
}

/** What `pollAfterMs` says to those who do not wait. */
export const POLL_WITHOUT_WAITING_MS = LONGEST_POLL_MS;
