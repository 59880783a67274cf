import type { Reservation, ReservationStatus } from '../reservation.ts';
import type { Change } from './flush.ts';
import type { LiveReservation } from './seat.ts';

/** What every reservation of a schedule has in common. */
export interface ScheduleFacts {
  readonly scheduleId: number;
  readonly concertId: number;
  /** ISO 8601 UTC. */
  readonly startsAt: string;
}

/** The API's shape of a reservation as of one of its changes, which must be numbered. */
export function viewReservation(
  facts: ScheduleFacts,
  seat: { readonly seatNumber: number; readonly price: number },
  live: LiveReservation,
  status: ReservationStatus,
  change: Pick<Change, 'epoch' | 'seq'>,
): Reservation {
  return {
    reservationId: live.reservationId,
    concertId: facts.concertId,
    scheduleId: facts.scheduleId,
    startsAt: facts.startsAt,
    seatNumber: seat.seatNumber,
    price: seat.price,
    status,
    createdAt: new Date(live.createdAt).toISOString(),
    expiresAt: live.confirmedAt === null ? new Date(live.expiresAt).toISOString() : null,
    confirmedAt: live.confirmedAt === null ? null : new Date(live.confirmedAt).toISOString(),
    paymentId: live.paymentId,
    epoch: change.epoch,
    seq: change.seq,
  };
}
