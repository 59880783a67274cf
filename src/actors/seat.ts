import type { SeatEvent } from './seat-event.ts';

/** A reservation that keeps its seat from others. Instants are epoch milliseconds of the database's clock. */
export interface LiveReservation {
  readonly reservationId: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When the user began to hold the seat, where that was before `createdAt`; else null. */
  readonly firstHeldAt: number | null;
  /** How often the hold got more time. */
  readonly extensions: number;
  readonly confirmedAt: number | null;
  readonly paymentId: string | null;
}

/**
 * PAYING and REFUNDING are known to the owner alone: a settlement is being decided, and nothing is logged of it yet.
 * Readers see the seat as it was before, HELD or CONFIRMED.
 */
export type Seat =
  | { readonly seatNumber: number; readonly price: number; readonly status: 'AVAILABLE'; readonly live: null }
  | {
      readonly seatNumber: number;
      readonly price: number;
      readonly status: 'HELD' | 'PAYING' | 'CONFIRMED' | 'REFUNDING';
      readonly live: LiveReservation;
    };

/** Whether a settlement of the seat's reservation is being decided. */
export function isBeingSettled(seat: Seat): boolean {
  return seat.status === 'PAYING' || seat.status === 'REFUNDING';
}

/** The seat after an event that is legal in its state; the log's audit checks the same rules. */
export function applyEvent(seat: Seat, event: SeatEvent): Seat {
  const { seatNumber, price } = seat;
  switch (event.type) {
    case 'HELD':
      return {
        seatNumber,
        price,
        status: 'HELD',
        live: {
          reservationId: event.reservationId,
          userId: event.userId,
          createdAt: event.at,
          expiresAt: event.expiresAt,
          firstHeldAt: event.firstHeldAt ?? null,
          extensions: 0,
          confirmedAt: null,
          paymentId: null,
        },
      };
    case 'EXTENDED': {
      if (seat.live === null) return seat;
      const { expiresAt } = event;
      return { ...seat, live: { ...seat.live, expiresAt, extensions: seat.live.extensions + 1 } };
    }
    case 'CONFIRMED':
      if (seat.live === null) return seat;
      return {
        seatNumber,
        price,
        status: 'CONFIRMED',
        live: { ...seat.live, confirmedAt: event.at, paymentId: event.paymentId },
      };
    case 'EXPIRED':
    case 'CANCELLED':
    case 'REFUNDED':
      return { seatNumber, price, status: 'AVAILABLE', live: null };
  }
}

/** The earliest instant at which a hold ends, those whose payment is being decided included; null without a hold. */
export function earliestExpiry(seats: readonly Seat[]): number | null {
  let earliest: number | null = null;
  for (const seat of seats) {
    if ((seat.status === 'HELD' || seat.status === 'PAYING') && (earliest === null || seat.live.expiresAt < earliest)) {
      earliest = seat.live.expiresAt;
    }
  }
  return earliest;
}
