import type { Grant } from '../../domain/grant.ts';

export interface Answer {
  readonly status: 200 | 201;
  readonly body: object;
  /** The route's schema describes another body, so this one is written as it is. */
  readonly isOutsideSchema?: boolean;
}

/** How the request named its seats: one number, or a list. Its answer has the same form. */
export type SeatForm = 'one' | 'many';

/** The answer to a request that was granted, the first time and whenever the request is repeated under its key. */
export function answerTo(grant: Grant, form: SeatForm = 'one'): Answer {
  const { type, value } = grant;
  switch (type) {
    case 'SeatsHeld':
      return answerWithSeats(201, value, form);
    case 'SeatsAlreadyHeld':
      return answerWithSeats(200, value, form);
    case 'PaymentCompleted':
      return { status: 201, body: value };
    case 'PaymentFound':
    case 'PaymentRefunded':
    case 'HoldReleased':
    case 'BalanceCharged':
      return { status: 200, body: value };
  }
}

/** The route's serializer writes a single reservation, the common case in a rush. */
function answerWithSeats(status: 200 | 201, reservations: readonly object[], form: SeatForm): Answer {
  const [first] = reservations;
  if (form === 'many' || first === undefined) return { status, body: { reservations }, isOutsideSchema: true };
  return { status, body: first };
}
