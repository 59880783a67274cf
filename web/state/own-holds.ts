import type { Reservation } from '../../src/client/answers.ts';
import type { PageEvent } from './page-event.ts';
import type { PageState } from './page-state.ts';

/** The fan's holds of all concerts after an event. A hold can be paid until it expires, also after its queue token has ended. */
export function ownHoldsAfter(holds: readonly Reservation[], event: PageEvent): readonly Reservation[] {
  switch (event.type) {
    case 'own-holds-read':
      return event.holds;
    case 'holds-read':
      return [...holds.filter(({ concertId }) => concertId !== event.concertId), ...event.holds];
    case 'held':
      return [
        ...without(
          holds,
          event.reservations.map(({ reservationId }) => reservationId),
        ),
        ...event.reservations,
      ];
    case 'extended':
      return holds.map((hold) => event.reservations.find((one) => one.reservationId === hold.reservationId) ?? hold);
    case 'unheld':
      return without(holds, event.reservationIds);
    case 'paid':
      return without(
        holds,
        event.payment.reservations.map(({ reservationId }) => reservationId),
      );
    case 'signed-out':
      return [];
    default:
      return holds;
  }
}

/** Holds that are paid together. */
export interface ToPay {
  readonly concertId: number;
  readonly scheduleId: number;
  readonly startsAt: string;
  readonly seats: readonly Reservation[];
  readonly amount: number;
  /** When the first of the holds expires, in epoch milliseconds. */
  readonly endMs: number;
}

/** The fan's unpaid holds by schedule, the most urgent first. */
export function toPay({ ownHolds, nowMs }: Pick<PageState, 'ownHolds' | 'nowMs'>): readonly ToPay[] {
  const bySchedule = Map.groupBy(
    ownHolds.filter(({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) > nowMs),
    ({ scheduleId }) => scheduleId,
  );
  const all = [...bySchedule].flatMap(([scheduleId, holds]): readonly ToPay[] => {
    const [first] = holds;
    if (first === undefined) return [];
    return [
      {
        concertId: first.concertId,
        scheduleId,
        startsAt: first.startsAt,
        seats: holds.toSorted((one, other) => one.seatNumber - other.seatNumber),
        amount: holds.reduce((sum, { price }) => sum + price, 0),
        endMs: Math.min(...holds.map(({ expiresAt }) => Date.parse(expiresAt ?? ''))),
      },
    ];
  });
  return all.toSorted((one, other) => one.endMs - other.endMs);
}

function without(holds: readonly Reservation[], ids: readonly string[]): readonly Reservation[] {
  return holds.filter(({ reservationId }) => !ids.includes(reservationId));
}
