import type { LiveReservation } from './live-reservation.ts';
import type { SeatComped, SeatEvent } from './seat-event.ts';

/**
 * PAYING and REFUNDING are known to the owner alone: a settlement is being decided, and nothing is logged of it yet.
 * Readers see the seat as it was before, HELD or CONFIRMED.
 */
export type Seat =
  | {
      readonly seatNumber: number;
      readonly price: number;
      /** BLOCKED: an organiser keeps it out of the sale. */
      readonly status: 'AVAILABLE' | 'BLOCKED';
      readonly live: null;
    }
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
          price: event.price,
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
    case 'UNBLOCKED':
    case 'MOVED_AWAY':
      return { seatNumber, price, status: 'AVAILABLE', live: null };
    case 'BLOCKED':
      return { seatNumber, price, status: 'BLOCKED', live: null };
    case 'COMPED':
      return { seatNumber, price, status: 'CONFIRMED', live: compedReservation(event) };
    case 'MOVED_HERE': {
      const { status, reservationId, userId, price: paid, createdAt, expiresAt, firstHeldAt, extensions } = event;
      const { confirmedAt, paymentId } = event;
      const held = { reservationId, userId, price: paid, createdAt, expiresAt, firstHeldAt, extensions };
      return { seatNumber, price, status, live: { ...held, confirmedAt, paymentId } };
    }
  }
}

function compedReservation({ reservationId, userId, paymentId, at }: SeatComped): LiveReservation {
  const times = { createdAt: at, expiresAt: at, firstHeldAt: null, extensions: 0, confirmedAt: at };
  return { reservationId, userId, price: 0, paymentId, ...times };
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
