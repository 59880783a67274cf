import type { RejectionCode } from '../domain/errors.ts';
import type { Hall } from './hall.ts';
import type { LiveReservation } from './live-reservation.ts';
import type { Seat } from './seat.ts';

/** How often a hold can get more time. */
const MOST_EXTENSIONS = 10;

/** The seats that a user asks to hold. No number is there twice. */
export interface HoldWish {
  readonly userId: string;
  readonly seatNumbers: readonly number[];
}

export interface Refusal {
  readonly type: 'refused';
  readonly code: RejectionCode;
  /** The seats that it is about, in order of number; empty where it is about none. */
  readonly seatNumbers: readonly number[];
}

/** `free` are the seats that the user does not hold yet, in the order of the wish. */
export interface LegalHold {
  readonly type: 'legal';
  readonly free: readonly Seat[];
}

const SEAT_NOT_FOUND: Refusal = { type: 'refused', code: 'SEAT_NOT_FOUND', seatNumbers: [] };
export const SEAT_LIMIT_REACHED: Refusal = { type: 'refused', code: 'SEAT_LIMIT_REACHED', seatNumbers: [] };
const NOTHING_FREE: LegalHold = { type: 'legal', free: [] };

/** When a hold ends that is extended to `wanted`; null where it has had as much time, or as many extensions, as it may. */
export function extendedEnd(live: LiveReservation, wanted: number, totalMs: number): number | null {
  const last = (live.firstHeldAt ?? live.createdAt) + totalMs;
  if (live.extensions >= MOST_EXTENSIONS || live.expiresAt >= last) return null;
  return Math.max(live.expiresAt, Math.min(wanted, last));
}

export function isOwnHold(seat: Seat, userId: string): boolean {
  return seat.status === 'HELD' && seat.live.userId === userId;
}

/**
 * The one decision about a hold: every seat must exist and be free or the user's own hold, and the user must stay within the
 * limit. It refuses in the contract's order: a seat that the hall does not have, the limit, a seat that is taken.
 */
export function decideHold(hall: Hall, seatsPerUser: number, { userId, seatNumbers }: HoldWish): LegalHold | Refusal {
  const { seats } = hall;
  // An empty array that grows by `push` takes room for 17 elements at once, so most wishes are listed without one.
  let free: Seat[] | null = null;
  let taken: number[] | null = null;
  let added = 0;
  for (const seatNumber of seatNumbers) {
    const seat = seats[seatNumber - 1];
    if (seat === undefined) return SEAT_NOT_FOUND;
    if (seat.status === 'AVAILABLE') {
      added += 1;
      if (free === null) free = [seat];
      else free.push(seat);
    } else if (!isOwnHold(seat, userId)) {
      // The user has the seats already that the user bought.
      if (seat.live?.userId !== userId) added += 1;
      if (taken === null) taken = [seatNumber];
      else taken.push(seatNumber);
    }
  }
  // A wish that adds no seat exceeds no limit.
  if (added > 0 && hall.liveSeatsOf(userId) + added > seatsPerUser) return SEAT_LIMIT_REACHED;
  if (taken !== null) return { type: 'refused', code: 'SEAT_TAKEN', seatNumbers: taken.sort((a, b) => a - b) };
  return free === null ? NOTHING_FREE : { type: 'legal', free };
}
