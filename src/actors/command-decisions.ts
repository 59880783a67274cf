import type { DatabaseClock } from '../runtime/clock.ts';
import { refusalOfReserving } from '../domain/booking-window.ts';
import type { Rejection } from '../domain/errors.ts';
import { isoOf } from '../domain/instant.ts';
import { areAccessibleKept } from '../domain/seat-rules.ts';
import { BoxOfficeDecisions } from './box-office-decisions.ts';
import type {
  EndToken,
  ExtendHolds,
  Grants,
  HoldBestSeats,
  HoldSeats,
  PayReservations,
  RefundPayment,
  ReleaseHold,
  ReloadSchedule,
  WakeSchedule,
} from './command.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import { type EndedTokens, HOLD_AGE_LIMIT_MS } from './ended-tokens.ts';
import type { PendingCommand } from './pending-command.ts';
import { type ScheduleFacts, viewReservation } from './reservation-view.ts';
import type { SettlementDesk } from './settlement-desk.ts';
import { chooseBestSeats } from './seating/best-seats.ts';
import type { SeatLayout } from './seating/seat-layout.ts';
import { SUITABLE, TAKEN, UNSUITABLE } from './seating/seat-wish.ts';
import { findLeftSingles } from './seating/single-seats.ts';
import type { Seat } from './seat.ts';
import type { RefusedHold, Standing, TentativeSeats } from './tentative-seats.ts';
import { AGAIN, granted, readOnly, refuse, SETTLING, type Verdict, written } from './verdict.ts';

/** Nothing was done, and nothing was found out that the lease would have to cover. */
const OVERLOADED: Verdict = {
  type: 'reply',
  flush: null,
  reply: () => ({ outcome: 'failed', code: 'OVERLOADED', effect: 'none' }),
  isReadOnly: true,
};

export interface CommandDecisionsDependencies {
  readonly facts: ScheduleFacts;
  readonly confirmed: ConfirmedSeats;
  readonly tentative: TentativeSeats;
  readonly desk: SettlementDesk;
  readonly endedTokens: EndedTokens;
  readonly holdTtlMs: number;
  readonly holdTotalMs: number;
  readonly databaseClock: DatabaseClock;
  readonly newId: () => string;
  /** Asked for only where the owner chooses seats. */
  readonly layout: () => SeatLayout;
  /** Whether the head row's next expiry should be written again although nothing happened. */
  readonly isStoredExpiryStale: () => boolean;
}

/**
 * What each command means to a schedule's tentative seats. It answers no command: it says what the reply is and
 * which change it rests on.
 */
export class CommandDecisions {
  readonly #deps: CommandDecisionsDependencies;
  readonly #boxOffice: BoxOfficeDecisions;

  constructor(deps: CommandDecisionsDependencies) {
    this.#deps = deps;
    this.#boxOffice = new BoxOfficeDecisions(deps);
  }

  /** Decides a command on what was decided before it; due holds were ended already. */
  decide(pending: PendingCommand): Verdict {
    const { command } = pending;
    switch (command.type) {
      case 'HoldSeats':
        return this.#holdSeats(command, true);
      case 'HoldBestSeats':
        return this.#holdBestSeats(command);
      case 'ExtendHolds':
        return this.#extendHolds(command);
      case 'ReleaseHold':
        return this.#releaseHold(command);
      case 'EndToken':
        return this.#endToken(command);
      case 'PayReservations':
        return this.#payReservations(command, pending);
      case 'RefundPayment':
        return this.#refundPayment(command, pending);
      case 'BlockSeats':
      case 'UnblockSeats':
        return this.#boxOffice.block(command);
      case 'CompSeat':
        return this.#boxOffice.comp(command);
      case 'MoveReservation':
        return this.#boxOffice.move(command);
      case 'ReadSeatMap':
        return readOnly(this.#deps.tentative.pendingExpiry, () => granted(this.#deps.confirmed.map()));
      case 'WakeSchedule':
        return this.#wakeSchedule(command);
      case 'ReloadSchedule':
        return readOnly(this.#deps.tentative.pendingExpiry, () =>
          granted<ReloadSchedule>({ epoch: this.#deps.confirmed.epoch }),
        );
    }
  }

  /** `isPicked`: the user has chosen the seats, and not the service. */
  #holdSeats(command: Omit<HoldSeats, 'type'>, isPicked: boolean): Verdict {
    const { tentative, databaseClock, facts } = this.#deps;
    const { userId, seatNumbers, claim } = command;
    const isUndecided = tentative.isAnyBeingSettled(
      seatNumbers,
      (seat) => seat.live?.userId === userId || this.#mayBecomeFree(seat),
    );
    if (isUndecided) return AGAIN;
    const untimely = this.#refuseUntimely();
    if (untimely !== null) return untimely;
    const now = databaseClock.upperMs();
    const decision = tentative.decideHold(command);
    if (decision.type === 'refused') return this.#refuseHold(decision);
    const unadmitted = this.#refuseUnadmitted(command, now);
    if (unadmitted !== null) return unadmitted;
    const resumed = tentative.resumed(userId, decision.free, now, this.#deps.holdTotalMs);
    if (resumed !== null) {
      const usedUp = [...resumed].flatMap(([seatNumber, { until }]) => (until <= now ? [seatNumber] : []));
      if (usedUp.length > 0) return this.#refuseUsedUp(usedUp);
    }
    const refusal = isPicked ? this.#refuseByRules(command, decision.free, now) : null;
    if (refusal !== null) return refusal;
    const standings = tentative.hold({
      type: 'HOLD',
      userId,
      seatNumbers,
      reservationIds: decision.free.map(() => this.#deps.newId()),
      at: now,
      // A hold that outlived the start could be paid, and its payment could never be refunded.
      expiresAt: Math.min(now + this.#deps.holdTtlMs, facts.startsAtMs),
      resumed,
    });
    if (standings === null) return AGAIN;

    const isNew = decision.free.length > 0;
    const grant = (): Grants['HoldSeats'] => ({
      type: isNew ? 'SeatsHeld' : 'SeatsAlreadyHeld',
      value: standings.map(({ seat, live, change }) => viewReservation(facts, seat, live, 'HELD', change)),
    });
    const reply = () => granted<HoldSeats>(grant());
    if (claim !== null) tentative.gather().keys.push({ userId, claim, grant });
    return isNew || claim !== null
      ? written(tentative.gather(), reply)
      : readOnly(tentative.basisOf(seatNumbers), reply);
  }

  /** The token has ended, or its owner may not have learnt of the end yet. */
  #refuseUnadmitted(
    { tokenId, admittedAtMs }: Pick<HoldSeats, 'tokenId' | 'admittedAtMs'>,
    now: number,
  ): Verdict | null {
    const end = this.#deps.endedTokens.endOf(tokenId);
    if (end !== null) return refuse({ code: `QUEUE_TOKEN_${end}`, members: {} });
    return now - admittedAtMs > HOLD_AGE_LIMIT_MS ? OVERLOADED : null;
  }

  /** The user has had these seats for as long as a user may. */
  #refuseUsedUp(seatNumbers: readonly number[]): Verdict {
    return readOnly(this.#deps.tentative.basisOf(seatNumbers), () => ({
      outcome: 'refused',
      rejection: { code: 'EXTENSION_LIMIT_REACHED', members: { seatNumbers: seatNumbers.toSorted((a, b) => a - b) } },
    }));
  }

  /** The organiser's rules for picked seats that are free. */
  #refuseByRules(
    { isAccessible = false }: Pick<HoldSeats, 'isAccessible'>,
    free: readonly Seat[],
    now: number,
  ): Verdict | null {
    const { facts, layout, tentative, confirmed } = this.#deps;
    const keeps = !isAccessible && areAccessibleKept(facts, now);
    if (keeps) {
      const kept = free.map(({ seatNumber }) => seatNumber).filter((seatNumber) => layout().kept.has(seatNumber));
      const accessibleReleaseAt = isoOf(facts.accessibleReleaseAtMs ?? now);
      if (kept.length > 0) {
        const seatNumbers = kept.toSorted((a, b) => a - b);
        return refuse({ code: 'SEAT_ACCESSIBLE_ONLY', members: { seatNumbers, accessibleReleaseAt } });
      }
    }
    if (facts.singleSeats !== 'FORBID' || free.length === 0) return null;
    const dearest = Math.max(...free.map(({ price }) => price));
    const states = new Uint8Array(tentative.seats.length + 1);
    for (const { seatNumber, status, price } of tentative.seats) {
      if (status !== 'AVAILABLE') states[seatNumber] = TAKEN;
      else states[seatNumber] = price > dearest || (keeps && layout().kept.has(seatNumber)) ? UNSUITABLE : SUITABLE;
    }
    const seq = confirmed.seq + tentative.undurableChanges + 1;
    const picked = { seatNumbers: free.map(({ seatNumber }) => seatNumber), states, seq };
    const singles = findLeftSingles(layout(), picked);
    if (singles === null) return null;
    if (tentative.seats.some((seat) => this.#mayBecomeFree(seat))) return AGAIN;
    const basis = tentative.lastUndurable;
    return readOnly(basis, () => {
      const position = { epoch: (basis ?? confirmed).epoch, seq: (basis ?? confirmed).seq };
      const members = { seatNumbers: singles.stranded, suggestions: singles.suggestions, ...position };
      return { outcome: 'refused', rejection: { code: 'LEAVES_SINGLE_SEAT', members } };
    });
  }

  #extendHolds(command: ExtendHolds): Verdict {
    const { tentative, databaseClock, facts, holdTtlMs, holdTotalMs } = this.#deps;
    const { userId, claim } = command;
    if (tentative.seats.some((seat) => seat.status === 'PAYING' && seat.live.userId === userId)) return AGAIN;
    const untimely = this.#refuseUntimely();
    if (untimely !== null) return untimely;
    const now = databaseClock.upperMs();
    const unadmitted = this.#refuseUnadmitted(command, now);
    if (unadmitted !== null) return unadmitted;
    const held = tentative.holdsOf(userId);
    if (held.length === 0) {
      const rejection: Rejection = { code: 'RESERVATION_NOT_FOUND', members: {} };
      return readOnly(tentative.lastUndurable, () => ({ outcome: 'refused', rejection }));
    }
    const expiresAt = Math.min(now + holdTtlMs, facts.startsAtMs);
    if (!tentative.extend({ type: 'EXTEND', userId, at: now, expiresAt, totalMs: holdTotalMs })) {
      return this.#refuseUsedUp(held.map(({ seat }) => seat.seatNumber));
    }
    const standings = tentative.holdsOf(userId);
    const grant = (): Grants['ExtendHolds'] => ({
      type: 'HoldsExtended',
      value: standings.map(({ seat, live, change }) => viewReservation(facts, seat, live, 'HELD', change)),
    });
    if (claim !== null) tentative.gather().keys.push({ userId, claim, grant });
    return written(tentative.gather(), () => granted<ExtendHolds>(grant()));
  }

  #holdBestSeats(command: HoldBestSeats): Verdict {
    const untimely = this.#refuseUntimely();
    if (untimely !== null) return untimely;
    const { tentative, confirmed, layout, facts, databaseClock, holdTotalMs } = this.#deps;
    const nextSeq = confirmed.seq + tentative.undurableChanges + 1;
    const usedUp = tentative.usedUp(command.userId, databaseClock.upperMs(), holdTotalMs);
    const wanted = {
      ...command,
      usedUp,
      areAccessibleKept: areAccessibleKept(facts, databaseClock.upperMs()),
      avoidsSingles: facts.singleSeats !== 'ALLOW',
    };
    const choice = chooseBestSeats(tentative.seats, layout(), wanted, nextSeq);
    if (choice.type === 'chosen') {
      const { count: _count, isTogether: _isTogether, filter: _filter, ...hold } = command;
      return this.#holdSeats({ ...hold, seatNumbers: choice.seatNumbers }, false);
    }
    if (tentative.seats.some((seat) => this.#mayBecomeFree(seat))) return AGAIN;
    const refusal = tentative.refuseBeyondLimit(command.userId, command.count);
    if (refusal !== null) return this.#refuseHold(refusal);
    const basis = tentative.lastUndurable;
    return readOnly(basis, () => {
      const { epoch, seq } = basis ?? confirmed;
      const { largestBlock } = choice;
      return { outcome: 'refused', rejection: { code: 'NO_BLOCK', members: { largestBlock, epoch, seq } } };
    });
  }

  /** Whether a settlement that is being decided may free the seat below the number of the change that a refusal waits for. */
  #mayBecomeFree(seat: Seat): boolean {
    if (seat.status === 'REFUNDING') return true;
    return seat.status === 'PAYING' && seat.live.expiresAt <= this.#deps.databaseClock.lowerMs();
  }

  /** The node that received the request may know former times, and has judged by an earlier instant. */
  #refuseUntimely(): Verdict | null {
    const { facts, databaseClock } = this.#deps;
    const rejection = refusalOfReserving(facts, facts, databaseClock.upperMs());
    return rejection === null ? null : refuse(rejection);
  }

  #refuseHold({ refusal, basis }: RefusedHold): Verdict {
    const { code, seatNumbers } = refusal;
    const { confirmed } = this.#deps;
    return readOnly(basis, () => {
      const { epoch, seq } = basis ?? confirmed;
      return {
        outcome: 'refused',
        rejection: { code, members: code === 'SEAT_TAKEN' ? { seatNumbers, epoch, seq } : {} },
      };
    });
  }

  #releaseHold({ userId, reservationId }: ReleaseHold): Verdict {
    const { tentative, databaseClock, facts } = this.#deps;
    if (tentative.find(reservationId)?.seat.status === 'PAYING') return AGAIN;
    const released = tentative.release(userId, reservationId, databaseClock.upperMs());
    if (released === null) return this.#refuseEnded([reservationId], false);
    const { seat, live, change } = released;
    return written(tentative.gather(), () =>
      granted<ReleaseHold>({
        type: 'HoldReleased',
        value: viewReservation(facts, seat, live, 'CANCELLED', change),
      }),
    );
  }

  #endToken({ userId, tokenId, end, heldBeforeMs }: EndToken): Verdict {
    const { tentative, databaseClock, endedTokens } = this.#deps;
    if (!endedTokens.note({ tokenId, end })) return OVERLOADED;
    if (end === 'COMPLETED') return readOnly(null, () => granted<EndToken>({ cancelled: 0 }));
    const heldBefore = heldBeforeMs ?? Number.POSITIVE_INFINITY;
    const cancelled = tentative.cancelHolds(userId, heldBefore, databaseClock.upperMs());
    const reply = () => granted<EndToken>({ cancelled });
    if (cancelled > 0) return written(tentative.gather(), reply);
    // That there is nothing to cancel may rest on an end that is not durable yet.
    const flush = tentative.gathered ?? tentative.inFlight;
    return { type: 'reply', flush, reply, isReadOnly: true };
  }

  #payReservations({ userId, reservationIds, paymentId }: PayReservations, pending: PendingCommand): Verdict {
    const { tentative, desk } = this.#deps;
    const own = reservationIds
      .map((id) => tentative.find(id))
      .filter((standing) => standing !== null)
      .filter(({ live }) => live.userId === userId);
    if (own.some(({ seat }) => seat.status === 'PAYING' || seat.status === 'REFUNDING')) return AGAIN;
    const earlier = this.#paidExactly(own, reservationIds.length);
    if (earlier !== null) return readOnly(null, () => granted<PayReservations>({ alreadyPaid: earlier }));
    const held = own.filter(({ seat }) => seat.status === 'HELD');
    if (held.length < reservationIds.length) return this.#refuseEnded(reservationIds, true);
    // The wallet may only pay for what a crash cannot take back: it is decided again once its hold is durable.
    if (held.some(({ change }) => change.flush !== null)) return AGAIN;
    if (!tentative.takeUpPayment(userId, reservationIds)) return this.#refuseEnded(reservationIds, true);
    desk.add({ pending, kind: 'PAYMENT', paymentId, userId, standings: held, behind: tentative.gathered });
    return SETTLING;
  }

  #refundPayment({ userId, paymentId, isByOrganiser, act }: RefundPayment, pending: PendingCommand): Verdict {
    const { tentative, desk } = this.#deps;
    const standings = tentative.findPaid(paymentId);
    if (desk.isDeciding(paymentId)) return AGAIN;
    const { startsAt, startsAtMs } = this.#deps.facts;
    if (!isByOrganiser && standings.length > 0 && this.#deps.databaseClock.lowerMs() >= startsAtMs) {
      return refuse({ code: 'REFUND_CLOSED', members: { startsAt } });
    }
    if (!tentative.takeUpRefund(userId, paymentId)) {
      return readOnly(null, () => granted<RefundPayment>({ alreadyRefunded: true }));
    }
    const entry = {
      action: 'payment.refund',
      target: `payment:${paymentId}`,
      before: { status: 'COMPLETED' },
      after: { status: 'REFUNDED', userId, scheduleId: this.#deps.facts.scheduleId, reason: act?.reason },
    };
    const recorded = act === null ? null : { act, entry };
    desk.add({ pending, kind: 'REFUND', paymentId, userId, standings, behind: tentative.gathered, act: recorded });
    return SETTLING;
  }

  #wakeSchedule({ cause }: WakeSchedule): Verdict {
    const { tentative } = this.#deps;
    const isRewriting = cause === 'alarm' && this.#deps.isStoredExpiryStale();
    const flush = tentative.gathered ?? (isRewriting ? tentative.gather() : null);
    const ended = flush?.events.filter((event) => event.type === 'EXPIRED').length ?? 0;
    const reply = () => granted<WakeSchedule>({ ended });
    return flush === null ? readOnly(tentative.pendingExpiry, reply) : written(flush, reply);
  }

  /** The earlier payment that paid for exactly these standings, or null. */
  #paidExactly(own: readonly Standing[], asked: number): string | null {
    const paymentId = own[0]?.live.paymentId ?? null;
    if (paymentId === null || own.length < asked) return null;
    if (own.some(({ live }) => live.paymentId !== paymentId)) return null;
    return this.#deps.tentative.findPaid(paymentId).length === asked ? paymentId : null;
  }

  /** Says why these reservations are not the caller's holds. */
  #refuseEnded(reservationIds: readonly string[], isPayment: boolean): Verdict {
    const { tentative } = this.#deps;
    const ends = reservationIds.map((id) => tentative.endOf(id));
    const last = tentative.latest(ends.map((end) => end?.change));
    const statuses = new Set(ends.map((end) => end?.status ?? null));
    const [status] = statuses.size === 1 ? statuses : [null];
    const live = reservationIds.length === 1 ? tentative.find(reservationIds[0] ?? '') : null;
    const rejection = explainEnd(isPayment, status ?? null, live);
    return readOnly(last, () => ({ outcome: 'refused', rejection }));
  }
}

function explainEnd(isPayment: boolean, status: 'EXPIRED' | 'CANCELLED' | null, live: Standing | null): Rejection {
  if (isPayment && status === 'EXPIRED') return { code: 'RESERVATION_EXPIRED', members: {} };
  if (isPayment && status === 'CANCELLED') return { code: 'RESERVATION_CANCELLED', members: {} };
  const known = status ?? (live !== null && live.seat.status === 'CONFIRMED' ? 'CONFIRMED' : null);
  return { code: 'RESERVATION_NOT_HELD', members: known === null ? {} : { status: known } };
}
