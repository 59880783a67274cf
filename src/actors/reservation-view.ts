import type { BookingWindow, SaleTimes } from '../domain/booking-window.ts';
import type { SeatRules } from '../domain/seat-rules.ts';
import type { Reservation, ReservationStatus } from '../domain/reservation.ts';
import type { Change } from './flush.ts';
import type { LiveReservation } from './live-reservation.ts';

/** What every reservation of a schedule has in common, and when it can be made. */
export interface ScheduleFacts extends BookingWindow, SaleTimes, SeatRules {
  readonly scheduleId: number;
  readonly concertId: number;
  /** ISO 8601 UTC. */
  readonly startsAt: string;
}

/** What a flush answers began within a millisecond or two, so an instant is mostly the one before. */
function createInstantText(): (ms: number) => string {
  let lastMs = Number.NaN;
  let lastText = '';
  return (ms) => {
    if (ms !== lastMs) {
      lastText = new Date(ms).toISOString();
      lastMs = ms;
    }
    return lastText;
  };
}

const createdText = createInstantText();
const expiresText = createInstantText();

/** The API's shape of a reservation as of one of its changes, which must be numbered. */
export function viewReservation(
  facts: ScheduleFacts,
  seat: { readonly seatNumber: number },
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
    price: live.price,
    status,
    createdAt: createdText(live.createdAt),
    expiresAt: live.confirmedAt === null ? expiresText(live.expiresAt) : null,
    confirmedAt: live.confirmedAt === null ? null : new Date(live.confirmedAt).toISOString(),
    paymentId: live.paymentId,
    epoch: change.epoch,
    seq: change.seq,
  };
}
