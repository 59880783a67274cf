import type { ExtendHolds, HoldBestSeats, HoldSeats, SeatFilter } from '../actors/command.ts';
import type { Schedule } from '../domain/catalogue.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { QueueIdentity } from '../domain/queue-token.ts';
import { refusalOfReserving } from '../domain/booking-window.ts';
import { type Outcome, refused } from './outcome.ts';
import type { Services } from './services.ts';
import { confirmUntimely, isUntimely } from './untimely.ts';
import { soon } from './soon.ts';

/** A user under a queue token. */
export interface Shopper {
  readonly userId: string;
  readonly queue: QueueIdentity;
  /** A lower bound of the database's clock when the queue was asked. */
  readonly admittedAtMs: number;
}

/** Seats by their numbers, or as many as `count`, of which the schedule's owner chooses the best. */
export type SeatSelection = { readonly seatNumbers: readonly number[] } | BestSeats;

interface BestSeats {
  readonly count: number;
  readonly isTogether: boolean;
  readonly filter: SeatFilter;
}

export interface HoldWish {
  readonly shopper: Shopper;
  readonly selection: SeatSelection;
  /** The user declares the need of an accessible seat. */
  readonly isAccessible?: boolean;
  readonly claim: IdempotencyClaim | null;
}

/**
 * Holds seats of a schedule for a shopper whose token is ACTIVE. It checks existence, concert and time; the schedule's owner
 * decides about the seats. In a rush the process knows nearly everything and refuses at once: then the outcome is returned
 * without a promise, each of which would cost as much as a check.
 */
export function holdSeats(
  services: Services,
  schedule: Schedule,
  { shopper, selection, isAccessible = false, claim }: HoldWish,
): Outcome | Promise<Outcome> {
  // Another node may have given the date a later version of its plan: then only the owner knows its seats.
  if ('seatNumbers' in selection && schedule.plan === null) {
    for (const seatNumber of selection.seatNumbers) {
      if (seatNumber > schedule.totalSeats) return refused('SEAT_NOT_FOUND');
    }
  }
  const { scheduleId } = schedule;
  const { userId, queue, admittedAtMs } = shopper;
  const { tokenId } = queue;
  const asked = { scheduleId, userId, tokenId, admittedAtMs, ...selection, isAccessible, claim };
  return askInTime(services, schedule, shopper, () =>
    'seatNumbers' in asked
      ? services.router.dispatch<HoldSeats>({ type: 'HoldSeats', ...asked })
      : services.router.dispatch<HoldBestSeats>({ type: 'HoldBestSeats', ...asked }),
  );
}

/** Gives a shopper's holds of a schedule more time, with the checks of a hold. */
export function extendHolds(
  services: Services,
  schedule: Schedule,
  shopper: Shopper,
  claim: IdempotencyClaim | null,
): Outcome | Promise<Outcome> {
  const { scheduleId } = schedule;
  const { userId, queue, admittedAtMs } = shopper;
  const { tokenId } = queue;
  return askInTime(services, schedule, shopper, () =>
    services.router.dispatch<ExtendHolds>({ type: 'ExtendHolds', scheduleId, userId, tokenId, admittedAtMs, claim }),
  );
}

/** Asks the schedule's owner where the shopper's token is of the concert and the time is right. */
function askInTime(
  services: Services,
  schedule: Schedule,
  { queue }: Shopper,
  ask: () => Outcome | Promise<Outcome>,
): Outcome | Promise<Outcome> {
  const { catalogue, databaseClock } = services;
  const { scheduleId, concertId } = schedule;
  if (concertId !== queue.concertId) return refused('QUEUE_WRONG_CONCERT');
  return soon(catalogue.findConcert(concertId), (concert) => {
    if (concert === null) return refused('CONCERT_NOT_FOUND');
    const rejection = refusalOfReserving(concert, schedule, databaseClock.lowerMs());
    if (rejection !== null) return confirmUntimely(services, scheduleId, rejection, ask);
    return soon(ask(), (outcome) =>
      isUntimely(outcome) ? confirmUntimely(services, scheduleId, outcome.rejection, ask) : outcome,
    );
  });
}
