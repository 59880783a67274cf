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
  /** A look at one user must not walk the ends of all. */
  readonly #seatsOfUsers = new Map<string, Set<number>>();

  /** `holds`: in the order of their ends. */
  constructor(holds: readonly RecentHold[]) {
    for (const hold of holds) this.remember(hold);
  }

  remember(hold: RecentHold): void {
    this.#forget(hold);
    this.#holds.set(keyOf(hold.userId, hold.seatNumber), hold);
    const seats = this.#seatsOfUsers.get(hold.userId) ?? new Set();
    this.#seatsOfUsers.set(hold.userId, seats.add(hold.seatNumber));
    for (const oldest of this.#holds.values()) {
      if (oldest.endedAt >= hold.endedAt - RESUMED_WITHIN_MS && this.#holds.size <= MOST_RESUMABLE) break;
      this.#forget(oldest);
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
    const holds: RecentHold[] = [];
    for (const seatNumber of this.#seatsOfUsers.get(userId) ?? []) {
      const hold = this.#holds.get(keyOf(userId, seatNumber));
      if (hold !== undefined && isRecent(hold, at)) holds.push(hold);
    }
    return holds;
  }

  #forget({ userId, seatNumber }: RecentHold): void {
    this.#holds.delete(keyOf(userId, seatNumber));
    const seats = this.#seatsOfUsers.get(userId);
    seats?.delete(seatNumber);
    if (seats?.size === 0) this.#seatsOfUsers.delete(userId);
  }
}

function isRecent({ endedAt }: RecentHold, at: number): boolean {
  return at - endedAt <= RESUMED_WITHIN_MS;
}

function keyOf(userId: string, seatNumber: number): string {
  return `${userId} ${seatNumber}`;
}
