/**
 * Compares one recorded answer with the rows that it tells of. Pure: the rows arrive as arguments.
 *
 * A row may have changed since the answer was recorded, but only forward: a hold may be confirmed or ended since, a payment
 * refunded. So what never changes must be equal, and the number of a change must be that of the row or an earlier one.
 */
import type { ReservationStatus } from '../../domain/reservation.ts';
import type { LoggedReservation } from './audit-fold.ts';
import { isWhole, type Members, type NamedReservation, type ReadAnswer } from './kept-answer.ts';

export type AnswerInvariant =
  | 'recorded-answers-readable'
  | 'recorded-answers-of-effects'
  | 'recorded-answers-equal-rows';

/** Rows that answers name; instants in epoch milliseconds. */
export interface ChargedEntry {
  readonly type: string;
  readonly amount: number;
  readonly balance_after: number;
  readonly created_ms: number;
}

export interface ReservedSeat extends Omit<LoggedReservation, 'ended_ms' | 'first_held_ms'> {
  readonly concert_id: number;
  /** Null where the schedule is missing, which another invariant says. */
  readonly starts_ms: number | null;
  /** Whether the organiser has changed the times of the date. */
  readonly has_moved: boolean | null;
}

export interface MadePayment {
  readonly payment_id: string;
  readonly user_id: string;
  readonly concert_id: number;
  readonly schedule_id: number;
  readonly amount: number;
  readonly status: 'COMPLETED' | 'REFUNDED';
  readonly paid_ms: number;
  readonly refunded_ms: number | null;
  readonly reservation_ids: readonly string[];
  /** What its entries left in its user's wallet. */
  readonly balance_paid: number | null;
  readonly balance_refunded: number | null;
}

/** The rows that the answers of a batch name. */
export interface Effects {
  entryOf(userId: string, entryNo: number): ChargedEntry | undefined;
  reservationOf(reservationId: string): ReservedSeat | undefined;
  paymentOf(paymentId: string): MadePayment | undefined;
  /** Whether an entry of the user's wallet ever left this balance. */
  hadBalance(userId: string, balance: number): boolean;
}

export type ReportAnswer = (invariant: AnswerInvariant, row: object) => void;

const KEY = /^[!-~]{1,255}$/;
const FINGERPRINT = /^[0-9a-f]{64}$/;

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Whether a reservation may have gone on to `later` after an answer showed it as `shown`. */
function mayFollow(later: ReservationStatus, shown: ReservationStatus): boolean {
  return later === shown || shown === 'HELD' || (shown === 'CONFIRMED' && later === 'REFUNDED');
}

/** `recordedOnce`: effects of this user that an earlier answer was recorded with. */
export function judgeAnswer(
  { recorded, type, shown, named }: ReadAnswer,
  effects: Effects,
  recordedOnce: Set<string>,
  report: ReportAnswer,
): void {
  const { user_id: userId, key, first_seq: firstSeq, balance } = recorded;
  const fault = (invariant: AnswerInvariant, row: object): void => report(invariant, { userId, key, ...row });
  const missing = (row: object): void => fault('recorded-answers-of-effects', row);

  function compare(what: object, inAnswer: Members, expected: Members): void {
    const names = Object.keys(expected).filter((name) => inAnswer[name] !== expected[name]);
    if (names.length === 0) return;
    const pick = (from: Members) => Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
    fault('recorded-answers-equal-rows', { ...what, inAnswer: pick(inAnswer), inRow: pick(expected) });
  }

  function isFirst(effect: string): void {
    if (recordedOnce.has(effect)) missing({ effect, reason: 'another key has the answer of the same effect' });
    recordedOnce.add(effect);
  }

  function judgeCharge(entryNo: number): void {
    const entry = effects.entryOf(userId, entryNo);
    if (entry?.type !== 'CHARGE') return missing({ entryNo, reason: 'no such charge of this user' });
    isFirst(`charge ${entryNo}`);
    compare(
      { entryNo },
      { ...shown, firstSeq, balance },
      {
        firstSeq: null,
        balance: null,
        previousBalance: entry.balance_after - entry.amount,
        currentBalance: entry.balance_after,
        createdAt: instant(entry.created_ms),
      },
    );
  }

  /** `seqShown`: its number where the answer as it is kept lacks it. */
  function judgeReservation(
    { reservationId, shown: reservation }: NamedReservation,
    as: ReservationStatus,
    seqShown?: number,
  ): void {
    const row = effects.reservationOf(reservationId);
    if (row === undefined || row.user_id !== userId) {
      return missing({ reservationId, reason: 'no such reservation of this user' });
    }
    if (!mayFollow(row.status, as)) return missing({ reservationId, as, reason: `the reservation is ${row.status}` });
    const isConfirmed = as !== 'HELD';
    const seq = seqShown ?? reservation['seq'];
    const { epoch } = reservation;
    const isSame = row.status === as;
    // The row's own numbers are later ones by now.
    const isEarlier = isWhole(seq) && seq >= 1 && seq < row.seq && isWhole(epoch) && epoch >= 0 && epoch <= row.epoch;
    const { expiresAt } = reservation;
    // A start that is moved to before the hold's end shortens the hold later.
    const isShortened =
      row.has_moved === true && isEarlier && typeof expiresAt === 'string' && Date.parse(expiresAt) > row.expires_ms;
    const isExtended =
      row.extensions > 0 && isEarlier && typeof expiresAt === 'string' && Date.parse(expiresAt) <= row.expires_ms;
    const isMoved = isShortened || isExtended;
    const isReseated = row.moves > 0 && isEarlier;
    const heldUntil = isMoved ? expiresAt : instant(row.expires_ms);
    compare(
      { reservationId },
      { ...reservation, seq },
      {
        status: as,
        concertId: row.concert_id,
        scheduleId: row.schedule_id,
        // A start that was moved later says nothing of the one that the answer showed.
        ...(row.has_moved ? {} : { startsAt: instant(row.starts_ms) }),
        // So does a seat from which an organiser moved the reservation later.
        ...(isReseated ? {} : { seatNumber: row.seat_number }),
        price: row.price,
        createdAt: instant(row.created_ms),
        expiresAt: isConfirmed ? null : heldUntil,
        confirmedAt: isConfirmed ? instant(row.confirmed_ms) : null,
        paymentId: isConfirmed ? row.payment_id : null,
        ...((isSame && !isMoved && !isReseated) || !isEarlier ? { seq: row.seq, epoch: row.epoch } : {}),
      },
    );
  }

  function judgeHolds(reservations: readonly NamedReservation[]): void {
    compare({}, { firstSeq, balance }, { firstSeq: null, balance: null });
    for (const reservation of reservations) judgeReservation(reservation, 'HELD');
  }

  function judgePayment(paymentId: string, reservations: readonly NamedReservation[]): void {
    const row = effects.paymentOf(paymentId);
    if (row === undefined || row.user_id !== userId)
      return missing({ paymentId, reason: 'no such payment of this user' });
    const isRefund = shown['status'] === 'REFUNDED';
    if (isRefund && row.status !== 'REFUNDED') return missing({ paymentId, reason: 'the payment was not refunded' });
    const isOwn = firstSeq !== null;
    if (isOwn) isFirst(`${isRefund ? 'refund' : 'payment'} ${paymentId}`);
    const ownType = isRefund ? 'PaymentRefunded' : 'PaymentCompleted';
    const left = isRefund ? row.balance_refunded : row.balance_paid;
    const ids = (of: readonly string[]): string => of.toSorted().join(' ');
    compare(
      { paymentId },
      { ...shown, type, balance, reservations: ids(reservations.map(({ reservationId }) => reservationId)) },
      {
        status: isRefund ? 'REFUNDED' : 'COMPLETED',
        type: isOwn ? ownType : 'PaymentFound',
        concertId: row.concert_id,
        scheduleId: row.schedule_id,
        amount: row.amount,
        paidAt: instant(row.paid_ms),
        refundedAt: isRefund ? instant(row.refunded_ms) : null,
        balance: isOwn ? left : null,
        reservations: ids(row.reservation_ids),
      },
    );
    const { remainingBalance } = shown;
    if (!isOwn && !(isWhole(remainingBalance) && effects.hadBalance(userId, remainingBalance))) {
      fault('recorded-answers-equal-rows', { paymentId, remainingBalance, reason: 'the wallet never held this' });
    }
    reservations.forEach((reservation, index) =>
      judgeReservation(
        reservation,
        isRefund ? 'REFUNDED' : 'CONFIRMED',
        firstSeq === null ? undefined : firstSeq + index,
      ),
    );
  }

  if (!recorded.is_user_known) missing({ reason: 'no such user' });
  if (named === null || !KEY.test(key) || !FINGERPRINT.test(recorded.fingerprint)) {
    const { fingerprint, status, body } = recorded;
    return fault('recorded-answers-readable', { type, status, body, fingerprint });
  }
  if (named.kind === 'charge') judgeCharge(named.entryNo);
  else if (named.kind === 'payment') judgePayment(named.paymentId, named.reservations);
  else judgeHolds(named.reservations);
}
