import type { Rejection } from '../domain/errors.ts';
import type { ActEntry, OwnerAct } from '../domain/owner-act.ts';
import type { Payment } from '../domain/payment.ts';
import type { ChangedSeats } from '../domain/reservation.ts';
import type { DatabaseClock } from '../runtime/clock.ts';
import type { BlockSeats, CompSeat, MoveReservation, UnblockSeats } from './command.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { Change } from './flush.ts';
import { type ScheduleFacts, viewReservation } from './reservation-view.ts';
import { isBeingSettled, type Seat } from './seat.ts';
import type { Standing, TentativeSeats } from './tentative-seats.ts';
import { AGAIN, granted, readOnly, refuse, type Verdict, written } from './verdict.ts';

const CANCELLED = refuse({ code: 'SCHEDULE_CANCELLED', members: {} });

export interface BoxOfficeDependencies {
  readonly facts: ScheduleFacts;
  readonly confirmed: ConfirmedSeats;
  readonly tentative: TentativeSeats;
  readonly databaseClock: DatabaseClock;
  readonly newId: () => string;
}

/** The box office acts outside the booking window too, and no limit of seats applies to it. */
export class BoxOfficeDecisions {
  readonly #deps: BoxOfficeDependencies;

  constructor(deps: BoxOfficeDependencies) {
    this.#deps = deps;
  }

  /** A seat that is as it should be is left as it is, so a repeated block or unblock is granted. */
  block({ type, seatNumbers, act }: BlockSeats | UnblockSeats): Verdict {
    const { tentative, confirmed, databaseClock, facts } = this.#deps;
    const isBlocked = type === 'BlockSeats';
    if (facts.cancelled) return CANCELLED;
    const obstacle = this.#obstacleOf(seatNumbers, ({ live }) => live === null);
    if (obstacle !== null) return obstacle;
    const before = tentative.basisOf(seatNumbers);
    const changed = seatNumbers.filter(
      (seatNumber) => (tentative.seats[seatNumber - 1]?.status === 'BLOCKED') !== isBlocked,
    );
    const changes = tentative.applyBoxOffice({ type: 'BLOCK', seatNumbers, isBlocked, at: databaseClock.upperMs() });
    if (changes === null) return AGAIN;
    const status = isBlocked ? 'BLOCKED' : 'AVAILABLE';
    let answer: ChangedSeats | null = null;
    // Made once: the confirmed state moves on between the record of the answer and its sending.
    const value = (): ChangedSeats => {
      const { epoch, seq } = changes.at(-1) ?? before ?? confirmed;
      return (answer ??= { scheduleId: facts.scheduleId, seatNumbers, status, changed, epoch, seq });
    };
    const reply = () => granted<BlockSeats>(value());
    if (changed.length === 0 && act.claim === null) return readOnly(before, reply);
    this.#record(
      act,
      changed.length === 0
        ? null
        : {
            action: isBlocked ? 'seats.block' : 'seats.unblock',
            target: `schedule:${facts.scheduleId}`,
            before: { status: isBlocked ? 'AVAILABLE' : 'BLOCKED', seatNumbers: changed },
            after: { status, seatNumbers: changed, reason: act.reason },
          },
      value,
    );
    return written(tentative.gather(), reply);
  }

  /** A ticket of 0 won. */
  comp({ userId, seatNumber, paymentId, act }: CompSeat): Verdict {
    const { tentative, databaseClock, facts, newId } = this.#deps;
    if (facts.cancelled) return CANCELLED;
    const obstacle = this.#obstacleOf([seatNumber], isFree);
    if (obstacle !== null) return obstacle;
    const at = databaseClock.upperMs();
    const reservationId = newId();
    const comped = { type: 'COMP', seatNumber, reservationId, userId, paymentId, at } as const;
    if (tentative.applyBoxOffice(comped) === null) return AGAIN;
    const standing = tentative.find(reservationId);
    if (standing === null) return AGAIN;
    const value = (): Payment => ({
      paymentId,
      status: 'COMPLETED',
      concertId: facts.concertId,
      scheduleId: facts.scheduleId,
      amount: 0,
      reservations: [this.#view(standing)],
      paidAt: new Date(at).toISOString(),
      refundedAt: null,
    });
    this.#record(
      act,
      {
        action: 'seat.comp',
        target: `reservation:${reservationId}`,
        before: null,
        after: { scheduleId: facts.scheduleId, seatNumber, userId, paymentId, reason: act.reason },
      },
      value,
    );
    return written(tentative.gather(), () => granted<CompSeat>(value()));
  }

  /**
   * Moves a reservation to a free seat. Both must be durable: the statement could not move two reservations around each other
   * past the unique index of live seats.
   */
  move({ reservationId, seatNumber, act }: MoveReservation): Verdict {
    const { tentative, databaseClock, facts } = this.#deps;
    if (facts.cancelled) return CANCELLED;
    const from = tentative.find(reservationId);
    if (from === null) return this.#refuseEnded(reservationId);
    if (isBeingSettled(from.seat)) return AGAIN;
    if (from.seat.seatNumber === seatNumber) return this.#leave(from, act);
    const obstacle = this.#obstacleOf([seatNumber], isFree);
    if (obstacle !== null) return obstacle;
    if (from.change.flush !== null || tentative.basisOf([seatNumber]) !== null) return AGAIN;
    const moved = { type: 'MOVE', reservationId, seatNumber, at: databaseClock.upperMs() } as const;
    if (tentative.applyBoxOffice(moved) === null) return AGAIN;
    const standing = tentative.find(reservationId);
    if (standing === null) return AGAIN;
    const value = () => this.#view(standing);
    this.#record(
      act,
      {
        action: 'reservation.move',
        target: `reservation:${reservationId}`,
        before: { seatNumber: from.seat.seatNumber },
        after: { seatNumber, reason: act.reason },
      },
      value,
    );
    return written(tentative.gather(), () => granted<MoveReservation>(value()));
  }

  /** The reservation has the seat already. */
  #leave(standing: Standing, act: OwnerAct): Verdict {
    const reply = () => granted<MoveReservation>(this.#view(standing));
    if (act.claim === null) return readOnly(standing.change, reply);
    this.#record(act, null, () => this.#view(standing));
    return written(this.#deps.tentative.gather(), reply);
  }

  #view({ seat, live, change }: Standing) {
    return viewReservation(this.#deps.facts, seat, live, live.confirmedAt === null ? 'HELD' : 'CONFIRMED', change);
  }

  /** Why seats cannot be changed: the hall lacks one, or one is taken, or a settlement may free it. */
  #obstacleOf(seatNumbers: readonly number[], isFit: (seat: Seat) => boolean): Verdict | null {
    const { tentative, confirmed } = this.#deps;
    const seats = seatNumbers.map((seatNumber) => tentative.seats[seatNumber - 1]);
    if (seats.includes(undefined)) return refuse({ code: 'SEAT_NOT_FOUND', members: {} });
    if (seats.some((seat) => seat !== undefined && isBeingSettled(seat))) return AGAIN;
    const taken = seatNumbers.filter((_, index) => {
      const seat = seats[index];
      return seat !== undefined && !isFit(seat);
    });
    if (taken.length === 0) return null;
    const basis: Change | null = tentative.basisOf(seatNumbers);
    return readOnly(basis, () => {
      const { epoch, seq } = basis ?? confirmed;
      const members = { seatNumbers: taken.toSorted((a, b) => a - b), epoch, seq };
      return { outcome: 'refused', rejection: { code: 'SEAT_TAKEN', members } };
    });
  }

  #refuseEnded(reservationId: string): Verdict {
    const { tentative } = this.#deps;
    const end = tentative.endOf(reservationId);
    const members = end === null ? {} : { status: end.status };
    const rejection: Rejection = { code: 'RESERVATION_NOT_HELD', members };
    const basis = end === null ? tentative.lastUndurable : end.change;
    return readOnly(basis, () => ({ outcome: 'refused', rejection }));
  }

  #record(act: OwnerAct, entry: ActEntry | null, value: () => object): void {
    this.#deps.tentative.gather().record({ act, entry, value });
  }
}

function isFree({ status }: Seat): boolean {
  return status === 'AVAILABLE';
}
