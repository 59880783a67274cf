/**
 * The holds of a schedule that ended within the last minute. A user who holds such a seat again has had it since the first of
 * these holds, so that no user keeps a seat for ever by giving it back.
 *
 * An end that turns out not to be written stays: its hold is decided again within moments.
 */
import { MOST_RESUMABLE, RESUMED_WITHIN_MS } from '../domain/reservation.ts';

/** Instants are epoch milliseconds of the database's clock. */
export interface RecentHold {
  readonly userId: string;
  readonly seatNumber: number;
  readonly firstHeldAt: number;
  readonly endedAt: number;
}

export class RecentHolds {
  /** In the order of their ends. */
  readonly #holds = new Map<string, RecentHold>();

  /** `holds`: in the order of their ends. */
  constructor(holds: readonly RecentHold[]) {
    for (const hold of holds) this.remember(hold);
  }

  remember(hold: RecentHold): void {
    const key = keyOf(hold.userId, hold.seatNumber);
    this.#holds.delete(key);
    this.#holds.set(key, hold);
    for (const [oldestKey, { endedAt }] of this.#holds) {
      if (endedAt >= hold.endedAt - RESUMED_WITHIN_MS && this.#holds.size <= MOST_RESUMABLE) break;
      this.#holds.delete(oldestKey);
    }
  }

  /** Since when the user has had the seat, or null where the user did not give it back within the minute before `at`. */
  firstHeldAt(userId: string, seatNumber: number, at: number): number | null {
    if (this.#holds.size === 0) return null;
    const hold = this.#holds.get(keyOf(userId, seatNumber));
    return hold !== undefined && isRecent(hold, at) ? hold.firstHeldAt : null;
  }

  /** The seats that the user gave back within the minute before `at`. */
  ofUser(userId: string, at: number): readonly RecentHold[] {
    if (this.#holds.size === 0) return [];
    return [...this.#holds.values()].filter((hold) => hold.userId === userId && isRecent(hold, at));
  }
}

function isRecent({ endedAt }: RecentHold, at: number): boolean {
  return at - endedAt <= RESUMED_WITHIN_MS;
}

function keyOf(userId: string, seatNumber: number): string {
  return `${userId} ${seatNumber}`;
}
