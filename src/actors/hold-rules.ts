import type { RejectionCode } from '../domain/errors.ts';
import type { Hall } from './hall.ts';
import type { Seat } from './seat.ts';

/** What somebody asks to hold. */
export interface HoldWish {
  readonly userId: string;
  readonly seatNumbers: readonly number[];
}

export interface Refusal {
  readonly code: RejectionCode;
  /** The seats that it is about, in order of number; empty where it is about none. */
  readonly seatNumbers: readonly number[];
}

export function isOwnHold(seat: Seat, userId: string): boolean {
  return seat.status === 'HELD' && seat.live.userId === userId;
}

function isTaken(seat: Seat, userId: string): boolean {
  return seat.status !== 'AVAILABLE' && !isOwnHold(seat, userId);
}

function wouldExceedLimit(hall: Hall, seatsPerUser: number, { userId, seatNumbers }: HoldWish): boolean {
  let added = 0;
  for (const seatNumber of seatNumbers) {
    const live = hall.seats[seatNumber - 1]?.live;
    if (live === null || live?.userId !== userId) added += 1;
  }
  // Who adds nothing exceeds nothing, and whoever adds less than everything may still have the rest elsewhere.
  return added > 0 && hall.liveSeatsOf(userId) + added > seatsPerUser;
}

/** Whether every seat exists and is free or the user's own hold. Looks at the seats named only. */
export function areFree({ seats }: Hall, { userId, seatNumbers }: HoldWish): boolean {
  for (const seatNumber of seatNumbers) {
    const seat = seats[seatNumber - 1];
    if (seat === undefined || isTaken(seat, userId)) return false;
  }
  return true;
}

/** Whether the seats are free, and the user stays within the limit. */
export function mayHold(hall: Hall, seatsPerUser: number, wish: HoldWish): boolean {
  return areFree(hall, wish) && !wouldExceedLimit(hall, seatsPerUser, wish);
}

/** Why `mayHold` says no, in the contract's order: a seat that the hall does not have, the limit, a seat that is taken. */
export function explainRefusal(hall: Hall, seatsPerUser: number, wish: HoldWish): Refusal {
  const { seats } = hall;
  const { userId, seatNumbers } = wish;
  if (seatNumbers.some((seatNumber) => seats[seatNumber - 1] === undefined)) {
    return { code: 'SEAT_NOT_FOUND', seatNumbers: [] };
  }
  if (wouldExceedLimit(hall, seatsPerUser, wish)) return { code: 'SEAT_LIMIT_REACHED', seatNumbers: [] };
  const taken = seatNumbers.filter((seatNumber) => {
    const seat = seats[seatNumber - 1];
    return seat !== undefined && isTaken(seat, userId);
  });
  return { code: 'SEAT_TAKEN', seatNumbers: taken.sort((a, b) => a - b) };
}
