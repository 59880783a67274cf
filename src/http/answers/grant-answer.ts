import { nameReservation, type NameSeat } from '../../booking/seat-names.ts';
import type { Grant, SettledPayment } from '../../domain/grant.ts';
import type { Reservation } from '../../domain/reservation.ts';

export interface Answer {
  readonly status: 200 | 201 | 202;
  readonly body: object;
  /** The route's schema describes another body, so this one is written as it is. */
  readonly isOutsideSchema?: boolean;
}

/** How the request named its seats: one number, or a list. Its answer has the same form. */
export type SeatForm = 'one' | 'many';

/** The answer to a request that was granted, the first time and whenever the request is repeated under its key. */
export function answerTo(grant: Grant, nameSeat: NameSeat, form: SeatForm = 'one'): Answer {
  const { type, value } = grant;
  switch (type) {
    case 'SeatsHeld':
      return answerWithSeats(201, value, nameSeat, form);
    case 'SeatsAlreadyHeld':
      return answerWithSeats(200, value, nameSeat, form);
    case 'HoldsExtended':
      return { status: 200, body: { reservations: value.map((each) => nameReservation(each, nameSeat)) } };
    case 'PaymentCompleted':
      return { status: 201, body: namePayment(value, nameSeat) };
    case 'PaymentFound':
    case 'PaymentRefunded':
      return { status: 200, body: namePayment(value, nameSeat) };
    case 'HoldReleased':
      return { status: 200, body: nameReservation(value, nameSeat) };
    case 'BalanceCharged':
      return { status: 200, body: value };
  }
}

/** The route's serializer writes a single reservation, the common case in a rush. */
function answerWithSeats(
  status: 200 | 201,
  reservations: readonly Reservation[],
  nameSeat: NameSeat,
  form: SeatForm,
): Answer {
  const [first] = reservations;
  if (form === 'one' && first !== undefined) return { status, body: nameReservation(first, nameSeat) };
  const named = reservations.map((reservation) => nameReservation(reservation, nameSeat));
  return { status, body: { reservations: named }, isOutsideSchema: true };
}

function namePayment(payment: SettledPayment, nameSeat: NameSeat): object {
  return { ...payment, reservations: payment.reservations.map((each) => nameReservation(each, nameSeat)) };
}

/** The schedule whose seats a grant names, or null. */
export function scheduleOf({ type, value }: Grant): number | null {
  switch (type) {
    case 'SeatsHeld':
    case 'SeatsAlreadyHeld':
    case 'HoldsExtended':
      return value[0]?.scheduleId ?? null;
    case 'PaymentCompleted':
    case 'PaymentFound':
    case 'PaymentRefunded':
    case 'HoldReleased':
      return value.scheduleId;
    case 'BalanceCharged':
      return null;
  }
}
