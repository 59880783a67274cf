import { IDLE_LOOK_AGAIN_MS } from '../limits.ts';
import type { DueItem } from '../line-store.ts';
import type { Allowances } from '../presence-settings.ts';
import { createDeadlines } from '../../runtime/deadlines.ts';
import { createPresence, type Presence } from './presence.ts';

/** A due item that was handed out is handed out again this much later, unless it was done. */
export const HANDED_OUT_AGAIN_MS = 1_000;

/** A live token in a line. */
export interface Occupant {
  readonly tokenId: string;
  readonly userId: string;
  readonly no: number;
  status: 'WAITING' | 'ACTIVE' | 'GONE';
  activatedAtMs: number | null;
  activeUntilMs: number | null;
  /** ACTIVE: when to look whether its time is over. */
  lookAtMs: number;
}

/** Which holders of a line's tokens are still there, and whose time inside is over. */
export interface Attendance {
  noteWaiting(occupant: Occupant, nowMs: number): void;
  noteInside(occupant: Occupant, nowMs: number): void;
  /** Its holder asked for something. */
  noteSign(occupant: Occupant, nowMs: number): void;
  forget(occupant: Occupant): void;
  /** Everyone counts as seen now: holders could not show signs of life. */
  startAfresh(nowMs: number): void;
  /** When something can be due next; infinite when never. */
  nextMs(): number;
  /** Those inside whose time is over. */
  takeOver(nowMs: number, limit: number): readonly DueItem[];
  /** Those who have been silent for too long. */
  takeSilent(nowMs: number, limit: number, of: 'waiting' | 'inside'): readonly DueItem[];
}

export function createAttendance({ abandonMs, noShowMs, idleMs }: Allowances, nowMs: number): Attendance {
  const waiting = createPresence<Occupant>({ allowanceMs: abandonMs });
  /** Inside, and have asked for nothing since. */
  const unclaimed = createPresence<Occupant>({ allowanceMs: noShowMs });
  const shopping = createPresence<Occupant>({ allowanceMs: idleMs });
  let inside = 0;
  let afreshAtMs = nowMs;
  const ends = createDeadlines<Occupant>({
    counts: (occupant, atMs) => occupant.status === 'ACTIVE' && occupant.lookAtMs === atMs,
    live: () => inside,
  });

  function firstMissingMs(group: Presence<Occupant>): number {
    return Math.max(group.firstMs(), afreshAtMs) + group.allowanceMs;
  }

  function take(why: 'missing' | 'idle', group: Presence<Occupant>, atMs: number, limit: number): DueItem[] {
    if (atMs - afreshAtMs < group.allowanceMs) return [];
    const againMs = why === 'idle' ? IDLE_LOOK_AGAIN_MS : HANDED_OUT_AGAIN_MS;
    return group.takeMissing(atMs, againMs, limit).map(({ tokenId }) => ({ why, tokenId, atMs: 0 }));
  }

  return {
    noteWaiting: (occupant, atMs) => waiting.note(occupant, atMs),

    noteInside(occupant, atMs) {
      inside += 1;
      ends.add(occupant.lookAtMs, occupant);
      waiting.forget(occupant);
      unclaimed.note(occupant, atMs);
      shopping.note(occupant, atMs);
    },

    noteSign(occupant, atMs) {
      if (occupant.status === 'WAITING') {
        waiting.note(occupant, atMs);
      } else {
        unclaimed.forget(occupant);
        shopping.note(occupant, atMs);
      }
    },

    forget(occupant) {
      if (occupant.status === 'ACTIVE') inside -= 1;
      for (const group of [waiting, unclaimed, shopping]) group.forget(occupant);
    },

    startAfresh(atMs) {
      afreshAtMs = atMs;
    },

    nextMs: () =>
      Math.min(
        ends.nextMs() ?? Number.POSITIVE_INFINITY,
        firstMissingMs(waiting),
        firstMissingMs(unclaimed),
        firstMissingMs(shopping),
      ),

    takeOver(atMs, limit) {
      const due: DueItem[] = [];
      while (due.length < limit) {
        const occupant = ends.takeDue(atMs);
        if (occupant === null) break;
        occupant.lookAtMs = atMs + HANDED_OUT_AGAIN_MS;
        ends.add(occupant.lookAtMs, occupant);
        due.push({ why: 'over', tokenId: occupant.tokenId, atMs: occupant.activeUntilMs ?? atMs });
      }
      return due;
    },

    takeSilent: (atMs, limit, of) =>
      of === 'waiting'
        ? take('missing', waiting, atMs, limit)
        : [...take('missing', unclaimed, atMs, limit), ...take('idle', shopping, atMs, limit)],
  };
}
