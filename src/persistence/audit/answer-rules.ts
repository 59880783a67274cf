/**
 * Compares one recorded answer with the rows that it tells of. Pure: the rows arrive as arguments.
 *
 * A row may have changed since the answer was recorded, but only forward: a hold may be confirmed or ended since, a payment
 * refunded. So what never changes must be equal, and the number of a change must be that of the row or an earlier one. The
 * start of the performance is not compared, because a date belongs to its organiser.
 */
import type { ReservationStatus } from '../../domain/reservation.ts';

export type AnswerInvariant =
  | 'recorded-answers-succeeded'
  | 'recorded-answers-readable'
  | 'recorded-answers-of-effects'
  | 'recorded-answers-equal-rows';

/** A row of `idempotency_keys`. */
export interface KeptAnswer {
  readonly user_id: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly status: number;
  readonly body: unknown;
  /** Of a settlement: the number of its first change. */
  readonly first_seq: number | null;
  /** Of a settlement: what it left in the wallet. */
  readonly balance: number | null;
  readonly is_user_known: boolean;
}

/** The ids that an answer names, or null for what is like no answer of the service. */
export type NamedEffect =
  | { readonly kind: 'charge'; readonly entryNo: number }
  | { readonly kind: 'holds'; readonly reservations: readonly NamedReservation[] }
  | { readonly kind: 'payment'; readonly paymentId: string; readonly reservations: readonly NamedReservation[] };

export interface NamedReservation {
  readonly reservationId: string;
  readonly shown: Members;
}

type Members = Readonly<Record<string, unknown>>;

/** Rows that answers name; instants in epoch milliseconds. */
export interface ChargedEntry {
  readonly type: string;
  readonly amount: number;
  readonly balance_after: number;
  readonly created_ms: number;
}

export interface ReservedSeat {
  readonly reservation_id: string;
  readonly user_id: string;
  readonly concert_id: number;
  readonly schedule_id: number;
  readonly seat_number: number;
  readonly price: number;
  readonly status: ReservationStatus;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly confirmed_ms: number | null;
  readonly payment_id: string | null;
  readonly epoch: number;
  readonly seq: number;
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
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

function membersOf(value: unknown): Members | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function readReservation(value: unknown): NamedReservation | null {
  const shown = membersOf(value);
  const reservationId = shown?.['reservationId'];
  if (shown === null || typeof reservationId !== 'string' || !UUID.test(reservationId)) return null;
  return { reservationId, shown };
}

function readReservations(value: unknown): readonly NamedReservation[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const read = value.map(readReservation).filter((reservation) => reservation !== null);
  return read.length === value.length ? read : null;
}

/** What an answer is about. */
export function readAnswer(body: unknown): NamedEffect | null {
  const members = membersOf(body);
  if (members === null) return null;
  const { entryId, paymentId } = members;
  if (isWhole(entryId)) return { kind: 'charge', entryNo: entryId };
  const one = readReservation(body);
  if (one !== null) return { kind: 'holds', reservations: [one] };
  const reservations = readReservations(members['reservations']);
  if (reservations === null) return null;
  if (paymentId === undefined) return { kind: 'holds', reservations };
  if (typeof paymentId !== 'string' || !UUID.test(paymentId)) return null;
  return { kind: 'payment', paymentId, reservations };
}

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Whether a reservation may have gone on to `later` after an answer showed it as `shown`. */
function mayFollow(later: ReservationStatus, shown: ReservationStatus): boolean {
  return later === shown || shown === 'HELD' || (shown === 'CONFIRMED' && later === 'REFUNDED');
}

/** `recordedOnce`: effects of this user that an earlier answer was recorded with. */
export function judgeAnswer(
  recorded: KeptAnswer,
  named: NamedEffect | null,
  effects: Effects,
  recordedOnce: Set<string>,
  report: ReportAnswer,
): void {
  const { user_id: userId, key, status, body, first_seq: firstSeq, balance } = recorded;
  const fault = (invariant: AnswerInvariant, row: object): void => report(invariant, { userId, key, ...row });
  const missing = (row: object): void => fault('recorded-answers-of-effects', row);

  function compare(what: object, shown: Members, expected: Members): void {
    const names = Object.keys(expected).filter((name) => shown[name] !== expected[name]);
    if (names.length === 0) return;
    const pick = (from: Members) => Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
    fault('recorded-answers-equal-rows', { ...what, inAnswer: pick(shown), inRow: pick(expected) });
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
      { ...membersOf(body), status, firstSeq, balance },
      {
        status: 200,
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
    { reservationId, shown }: NamedReservation,
    as: ReservationStatus,
    seqShown?: number,
  ): void {
    const row = effects.reservationOf(reservationId);
    if (row === undefined || row.user_id !== userId) {
      return missing({ reservationId, reason: 'no such reservation of this user' });
    }
    if (!mayFollow(row.status, as)) return missing({ reservationId, as, reason: `the reservation is ${row.status}` });
    const isConfirmed = as !== 'HELD';
    const seq = seqShown ?? shown['seq'];
    const { epoch } = shown;
    const isSame = row.status === as;
    // The row's own numbers are later ones by now.
    const isEarlier = isWhole(seq) && seq >= 1 && seq < row.seq && isWhole(epoch) && epoch >= 0 && epoch <= row.epoch;
    compare(
      { reservationId },
      { ...shown, seq },
      {
        status: as,
        concertId: row.concert_id,
        scheduleId: row.schedule_id,
        seatNumber: row.seat_number,
        price: row.price,
        createdAt: instant(row.created_ms),
        expiresAt: isConfirmed ? null : instant(row.expires_ms),
        confirmedAt: isConfirmed ? instant(row.confirmed_ms) : null,
        paymentId: isConfirmed ? row.payment_id : null,
        ...(isSame || !isEarlier ? { seq: row.seq, epoch: row.epoch } : {}),
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
    const shown = membersOf(body) ?? {};
    const isRefund = shown['status'] === 'REFUNDED';
    if (isRefund && row.status !== 'REFUNDED') return missing({ paymentId, reason: 'the payment was not refunded' });
    const isOwn = firstSeq !== null;
    if (isOwn) isFirst(`${isRefund ? 'refund' : 'payment'} ${paymentId}`);
    const left = isRefund ? row.balance_refunded : row.balance_paid;
    const ids = (of: readonly string[]): string => of.toSorted().join(' ');
    compare(
      { paymentId },
      { ...shown, code: status, balance, reservations: ids(reservations.map(({ reservationId }) => reservationId)) },
      {
        status: isRefund ? 'REFUNDED' : 'COMPLETED',
        code: isOwn && !isRefund ? 201 : 200,
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

  if (status < 200 || status > 299) return fault('recorded-answers-succeeded', { status });
  if (!recorded.is_user_known) missing({ reason: 'no such user' });
  if (named === null || !KEY.test(key) || !FINGERPRINT.test(recorded.fingerprint)) {
    return fault('recorded-answers-readable', { status, body, fingerprint: recorded.fingerprint });
  }
  if (named.kind === 'charge') judgeCharge(named.entryNo);
  else if (named.kind === 'payment') judgePayment(named.paymentId, named.reservations);
  else judgeHolds(named.reservations);
}
