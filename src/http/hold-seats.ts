import type { HoldSeats } from '../actors/command.ts';
import type { Schedule } from '../catalogue.ts';
import type { IdempotencyClaim } from '../idempotency.ts';
import type { Reservation } from '../reservation.ts';
import { refusalOfReserving } from './booking-window.ts';
import type { Shopper } from './identity.ts';
import { done, type KeyTaken, type Outcome, outcomeOf, refused } from './outcome.ts';
import type { Services } from './services.ts';

export interface HoldWish {
  readonly shopper: Shopper;
  readonly seatNumbers: readonly number[];
  readonly form: HoldSeats['form'];
  readonly claim: IdempotencyClaim | null;
}

type Held = Reservation | { readonly reservations: readonly Reservation[] };

/**
 * Holds seats of a schedule for a shopper whose token is ACTIVE: existence, concert and time are checked here, all that
 * concerns seats by the schedule's owner.
 */
export async function holdSeats(
  { catalogue, router, databaseClock }: Services,
  schedule: Schedule,
  { shopper, seatNumbers, form, claim }: HoldWish,
): Promise<Outcome<Held> | KeyTaken> {
  for (const seatNumber of seatNumbers) {
    if (seatNumber > schedule.totalSeats) return refused('SEAT_NOT_FOUND');
  }
  if (schedule.concertId !== shopper.queue.concertId) return refused('QUEUE_WRONG_CONCERT');
  const concert = await catalogue.findConcert(schedule.concertId);
  if (concert === null) return refused('CONCERT_NOT_FOUND');
  const refusal = refusalOfReserving(concert, schedule, databaseClock.lowerMs());
  if (refusal !== null) return { kind: 'refused', rejection: refusal };

  const reply = await router.dispatch<HoldSeats>({
    type: 'HoldSeats',
    scheduleId: schedule.scheduleId,
    userId: shopper.userId,
    seatNumbers,
    form,
    claim,
  });
  return outcomeOf<HoldSeats, Held>(reply, ({ status, reservations }) => {
    const [first] = reservations;
    if (form === 'many' || first === undefined) return done(status, { reservations });
    return done(status, first);
  });
}
