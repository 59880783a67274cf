/**
 * One concert's line and those inside, in memory. Decides whom to admit and who is overdue; writes nothing and waits for
 * nothing. What it decides becomes visible only when its caller says that it is recorded:
 *
 * C1. A proposal counts against cap and window from when it is made until it is shown or withdrawn, and is not visible.
 * C2. At most one round of proposals is out at a time; its caller ends it before the next.
 * C3. Proposals are made in order of entry.
 * C4. An instant of admission is never before that of an earlier one.
 */
import type { QueuePolicy } from '../../domain/catalogue.ts';
import { createAdmissionLog } from '../memory/admission-log.ts';
import { createDeadlines } from '../memory/deadlines.ts';
import { createLine } from '../memory/line.ts';
import type { EndStatus, Place, Prospect } from '../place.ts';
import {
  admissionRoom,
  estimatedWaitSeconds,
  measuredRate,
  pollAfterMs,
  RATE_HORIZON_MS,
  windowOpensAtMs,
} from '../policy.ts';

export interface Proposal {
  readonly queue: ConcertQueue;
  readonly place: Place;
  readonly activatedAtMs: number;
  readonly activeUntilMs: number;
}

/** The database's now lies between these two; epoch milliseconds, the upper one whole. */
export interface Now {
  readonly lowerMs: number;
  readonly upperMs: number;
}

export interface ConcertQueue {
  readonly concertId: number;
  readonly closesAtMs: number;
  /** Under which this process may write. */
  generation: number;
  readonly policy: QueuePolicy;
  readonly waiting: number;
  readonly active: number;
  readonly entries: number;
  readonly admissions: number;
  placeOfUser(userId: string): Place | undefined;
  activePlaces(): Iterable<Place>;
  /** Takes in a live place; `isNew` when it was entered just now rather than found. */
  add(place: Place, nowMs: number, isNew: boolean): void;
  /** Proposes those who may go in now, at most `limit`. */
  propose(now: Now, limit: number): Proposal[];
  /** The proposal is recorded: its place is ACTIVE. */
  show(proposal: Proposal): void;
  /** The proposal is certainly not recorded. */
  withdraw(): void;
  /** The place has ended: its slot is free. */
  remove(place: Place, status: EndStatus, endedAtMs: number): void;
  /** Whether policy, window and line would let this place in now, or are about to. */
  isNext(place: Place, nowMs: number): boolean;
  prospectOf(place: Place, nowMs: number): Prospect;
  /** Up to `limit` places whose time is over, without those that are `taken`. Who is ACTIVE is returned once. */
  takeOverdue(nowMs: number, limit: number, isTaken: (place: Place) => boolean): Place[];
  /** When something is next to be done without anybody asking; epoch milliseconds, maybe past; null: never. */
  nextWakeMs(): number | null;
  /** Admits nobody until `adopt`: its policy is known to be old. */
  suspend(): void;
  readonly isSuspended: boolean;
  /** Goes on under `policy`; `admissions` are the recorded instants that its window can see, oldest first. */
  adopt(policy: QueuePolicy, admissions: readonly number[], nowMs: number): void;
}

export interface ConcertQueueSettings {
  readonly concertId: number;
  readonly closesAtMs: number;
  readonly generation: number;
  readonly policy: QueuePolicy;
  /** Instants of earlier admissions that the window can see, oldest first. */
  readonly admissions: readonly number[];
  readonly secondsPerPosition: number;
  readonly abandonMs: number;
}

export function createConcertQueue(settings: ConcertQueueSettings): ConcertQueue {
  const { concertId, closesAtMs, secondsPerPosition, abandonMs } = settings;
  const line = createLine<Place>();
  const inside = new Set<Place>();
  const byUser = new Map<string, Place>();
  const ends = createDeadlines<Place>({
    counts: (place, atMs) => place.status === 'ACTIVE' && place.dueAtMs === atMs,
    live: () => inside.size,
  });
  let { generation, policy } = settings;
  let log = createAdmissionLog(settings.admissions);
  let proposed = 0;
  let isSuspended = false;
  let waitingSinceMs = Number.POSITIVE_INFINITY;
  let entries = 0;
  let admissions = 0;

  function enterInside(place: Place): void {
    inside.add(place);
    ends.add(place.dueAtMs, place);
  }

  function room(nowMs: number): number {
    if (isSuspended || nowMs >= closesAtMs) return 0;
    return admissionRoom(policy, log, inside.size + proposed, nowMs);
  }

  function nextAdmissionMs(): number | null {
    const hasSlot = inside.size + proposed < policy.maxActive;
    if (isSuspended || line.size <= proposed || !hasSlot) return null;
    return windowOpensAtMs(policy, log);
  }

  return {
    concertId,
    closesAtMs,

    get generation() {
      return generation;
    },
    set generation(next) {
      generation = next;
    },
    get policy() {
      return policy;
    },
    get waiting() {
      return line.size;
    },
    get active() {
      return inside.size;
    },
    get entries() {
      return entries;
    },
    get admissions() {
      return admissions;
    },

    placeOfUser: (userId) => byUser.get(userId),
    activePlaces: () => inside,

    add(place, nowMs, isNew) {
      byUser.set(place.userId, place);
      if (isNew) entries += 1;
      if (place.status === 'ACTIVE') {
        enterInside(place);
        return;
      }
      if (line.size === 0) waitingSinceMs = nowMs;
      line.join(place.no, place);
    },

    propose(now, limit) {
      const count = Math.min(line.size - proposed, room(now.lowerMs), limit);
      const activatedAtMs = Math.max(now.upperMs, log.nthNewestMs(1) ?? 0);
      const proposals: Proposal[] = [];
      for (let rank = 1; rank <= count; rank += 1) {
        const place = line.at(rank);
        if (place === undefined) break;
        log.add(activatedAtMs);
        proposals.push({ queue: this, place, activatedAtMs, activeUntilMs: activatedAtMs + policy.activeTtlMs });
      }
      proposed += proposals.length;
      return proposals;
    },

    show({ place, activatedAtMs, activeUntilMs }) {
      proposed -= 1;
      admissions += 1;
      line.leave(place.no);
      place.status = 'ACTIVE';
      place.activatedAtMs = activatedAtMs;
      place.activeUntilMs = activeUntilMs;
      place.dueAtMs = activeUntilMs;
      enterInside(place);
      log.forget(policy.batch, activatedAtMs - Math.max(policy.intervalMs, RATE_HORIZON_MS));
    },

    withdraw() {
      proposed -= 1;
      log.withdraw(1);
    },

    remove(place, status, endedAtMs) {
      if (place.status === 'WAITING') line.leave(place.no);
      else inside.delete(place);
      if (byUser.get(place.userId) === place) byUser.delete(place.userId);
      place.status = status;
      place.endedAtMs = endedAtMs;
    },

    isNext(place, nowMs) {
      return place.status === 'WAITING' && line.rankOf(place.no) <= proposed + room(nowMs);
    },

    prospectOf(place, nowMs) {
      const queuePosition = Math.max(1, line.rankOf(place.no));
      const rate = measuredRate(policy, log, { waitingSinceMs, nowMs });
      return {
        queuePosition,
        estimatedWaitTime: estimatedWaitSeconds(policy, queuePosition, { rate, secondsPerPosition }),
        pollAfterMs: pollAfterMs(policy, queuePosition, abandonMs),
      };
    },

    takeOverdue(nowMs, limit, isTaken) {
      const overdue: Place[] = [];
      const passedOver: Place[] = [];
      while (overdue.length < limit) {
        const place = ends.takeDue(nowMs);
        if (place === null) break;
        (isTaken(place) ? passedOver : overdue).push(place);
      }
      // Whoever took them may fail.
      for (const place of passedOver) ends.add(place.dueAtMs, place);
      if (nowMs < closesAtMs) return overdue;
      for (let rank = 1; rank <= line.size && overdue.length < limit; rank += 1) {
        const place = line.at(rank);
        if (place !== undefined && !isTaken(place)) overdue.push(place);
      }
      return overdue;
    },

    nextWakeMs() {
      const closing = line.size > 0 ? closesAtMs : null;
      const instants = [ends.nextMs(), closing, nextAdmissionMs()].filter((instant) => instant !== null);
      return instants.length === 0 ? null : Math.min(...instants);
    },

    get isSuspended() {
      return isSuspended;
    },

    suspend() {
      isSuspended = true;
    },

    adopt(next, known, nowMs) {
      policy = next;
      log = createAdmissionLog(known);
      isSuspended = false;
      if (line.size > 0) waitingSinceMs = nowMs;
    },
  };
}
