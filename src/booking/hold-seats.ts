import type { HoldSeats } from '../actors/command.ts';
import type { Schedule } from '../domain/catalogue.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { QueueIdentity } from '../domain/queue-token.ts';
import type { Reservation } from '../domain/reservation.ts';
import { refusalOfReserving } from './booking-window.ts';
import { done, type KeyTaken, type Outcome, outcomeOf, refused } from './outcome.ts';
import type { Services } from './services.ts';
import { soon } from './soon.ts';

/** A user under a queue token. */
export interface Shopper {
  readonly userId: string;
  readonly queue: QueueIdentity;
  /** A lower bound of the database's clock when the queue was asked. */
  readonly admittedAtMs: number;
}

export interface HoldWish {
  readonly shopper: Shopper;
  readonly seatNumbers: readonly number[];
  readonly form: HoldSeats['form'];
  readonly claim: IdempotencyClaim | null;
}

type Held = Reservation | { readonly reservations: readonly Reservation[] };

/**
 * Holds seats of a schedule for a shopper whose token is ACTIVE: existence, concert and time are checked here, all that
 * concerns seats by the schedule's owner. In a rush nearly everything is known in the process and refused at once: then
 * the outcome is returned without a promise, each of which would cost as much as a check.
 */
export function holdSeats(
  services: Services,
  schedule: Schedule,
  wish: HoldWish,
): Outcome<Held> | KeyTaken | Promise<Outcome<Held> | KeyTaken> {
  const { shopper, seatNumbers } = wish;
  for (const seatNumber of seatNumbers) {
    if (seatNumber > schedule.totalSeats) return refused('SEAT_NOT_FOUND');
  }
  if (schedule.concertId !== shopper.queue.concertId) return refused('QUEUE_WRONG_CONCERT');
  return soon(services.catalogue.findConcert(schedule.concertId), (concert) => {
    if (concert === null) return refused('CONCERT_NOT_FOUND');
    const rejection = refusalOfReserving(concert, schedule, services.databaseClock.lowerMs());
    return rejection === null ? askOwner(services, schedule, wish) : { kind: 'refused', rejection };
  });
}

function askOwner(
  { router }: Services,
  { scheduleId }: Schedule,
  { shopper, seatNumbers, form, claim }: HoldWish,
): Outcome<Held> | KeyTaken | Promise<Outcome<Held> | KeyTaken> {
  const { userId, admittedAtMs } = shopper;
  const { tokenId } = shopper.queue;
  const reply = router.dispatch<HoldSeats>({
    type: 'HoldSeats',
    scheduleId,
    userId,
    tokenId,
    admittedAtMs,
    seatNumbers,
    form,
    claim,
  });
  return soon(reply, (decided) =>
    outcomeOf<HoldSeats, Held>(decided, ({ status, reservations }) => {
      const [first] = reservations;
      if (form === 'many' || first === undefined) return done(status, { reservations });
      return done(status, first);
    }),
  );
}
