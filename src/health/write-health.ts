import { type Clock, every } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/*
 * Detects whether the database accepts this node's writes. A full disk refuses them while connections, reads and heartbeats
 * still work.
 *
 * States:
 *   `writing`  until refusals have lasted for a second and are at least as many as the successes since the first of them.
 *   `refused`  until the hold time has passed without a refusal and with at least one success.
 *
 * WRITES-1. A node without requests knows as well: when no flush was answered for some seconds, it tries a write itself.
 * WRITES-2. It does not flap: the hold time doubles with each relapse, because a trial write may succeed where requests
 *     fail.
 * WRITES-3. A missing answer is no evidence: connection and lease judge it.
 */

/** The interval between two checks. A trial write costs the database one commit. */
const LOOK_EVERY_MS = 500;
/** Older flushes say nothing about the present. A shorter time would leave more dead rows in the log's table on a quiet day. */
const EVIDENCE_LASTS_MS = 3_000;
/** A shorter run of refusals is a hiccup, which clients survive by retrying. */
const REFUSALS_LAST_MS = 1_000;
/** A single refused write proves nothing about the next. A trial write that waits for a lock is refused after a second. */
const WRITES_NEEDED = 2;
const FIRST_HOLD_MS = 2_000;
/** A node that comes and goes once a minute loses a balancer few requests, and an operator waits no longer than that. */
const LONGEST_HOLD_MS = 60_000;
/** A node that has been writing for this long starts with the first hold time again. Longer than the longest hold. */
const FORGIVEN_AFTER_MS = 120_000;

export type TrialResult = 'accepted' | 'refused' | 'unanswered';

export interface WriteHealth {
  /** Whether the database refuses this node's writes. */
  readonly isRefused: boolean;
  /** A write of the service was committed. */
  accepted(): void;
  /** The database refused a write of the service for a reason of its own. */
  refused(): void;
  start(): void;
  close(): void;
}

interface WriteHealthDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly isConnected: () => boolean;
  /** Writes as a flush does and rolls back. Never rejects. */
  readonly tryWrite: () => Promise<TrialResult>;
}

/** The refusals since the first one, of a node that is still `writing`. */
interface Doubts {
  readonly since: number;
  accepted: number;
  refused: number;
}

/** Judges by the results of flushes, and by trial writes when there are none. */
export function createWriteHealth({ clock, log, isConnected, tryWrite }: WriteHealthDependencies): WriteHealth {
  let state: 'writing' | 'refused' = 'writing';
  let doubts: Doubts | null = null;
  let lastAcceptedAt = Number.NEGATIVE_INFINITY;
  /** In `refused`: the first success since the last refusal. */
  let acceptedSince: number | null = null;
  let recoveredAt = Number.NEGATIVE_INFINITY;
  let holdMs = FIRST_HOLD_MS;
  let isTrying = false;
  let stopLooking: (() => void) | null = null;

  function accepted(): void {
    const now = clock.monotonicMs();
    lastAcceptedAt = now;
    if (doubts !== null) doubts.accepted += 1;
    if (state === 'refused') acceptedSince ??= now;
  }

  function refused(): void {
    doubts ??= { since: clock.monotonicMs(), accepted: 0, refused: 0 };
    doubts.refused += 1;
    acceptedSince = null;
  }

  function judge(now: number): void {
    if (state === 'refused') {
      if (acceptedSince !== null && now - acceptedSince >= holdMs) recover(now);
      return;
    }
    if (doubts === null || now - doubts.since < REFUSALS_LAST_MS) return;
    const { accepted: good, refused: bad } = doubts;
    if (good + bad < WRITES_NEEDED) return;
    doubts = null;
    if (bad >= WRITES_NEEDED && bad >= good) giveUp(now);
  }

  function giveUp(now: number): void {
    const isRelapse = now - recoveredAt < FORGIVEN_AFTER_MS;
    holdMs = isRelapse ? Math.min(holdMs * 2, LONGEST_HOLD_MS) : FIRST_HOLD_MS;
    state = 'refused';
    log.error({ holdMs }, 'the database refuses writes; this node is not ready until they succeed again');
  }

  function recover(now: number): void {
    state = 'writing';
    doubts = null;
    acceptedSince = null;
    recoveredAt = now;
    log.info({}, 'the database accepts writes again');
  }

  function isTrialDue(now: number): boolean {
    if (isTrying || !isConnected()) return false;
    return state === 'refused' || doubts !== null || now - lastAcceptedAt >= EVIDENCE_LASTS_MS;
  }

  async function attempt(): Promise<void> {
    isTrying = true;
    const result = await tryWrite();
    isTrying = false;
    if (result === 'accepted') accepted();
    else if (result === 'refused') refused();
  }

  function look(): void {
    const now = clock.monotonicMs();
    judge(now);
    if (isTrialDue(now)) void attempt();
  }

  return {
    get isRefused() {
      return state === 'refused';
    },
    accepted,
    refused,
    start() {
      if (stopLooking !== null) return;
      look();
      stopLooking = every(clock, LOOK_EVERY_MS, look);
    },
    close: () => stopLooking?.(),
  };
}
