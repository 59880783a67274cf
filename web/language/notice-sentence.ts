import type { Notice } from '../state/notice.ts';
import type { SeatPlace } from '../state/placed-rows.ts';
import type { SeatPlan } from '../state/seat-plan.ts';
import type { Format } from './format.ts';
import type { Texts } from './korean.ts';
import { seatName } from './seat-name.ts';

export interface NoticeSentence {
  readonly title: string;
  /** The next step for the fan; null when there is none. */
  readonly next: string | null;
}

/**
 * A notice in the page's language. A refusal's title is the service's own sentence, and the page adds the next step. The plan names
 * the seats of a refusal.
 */
export function sentenceOf(notice: Notice, t: Texts, f: Format, plan: SeatPlan | null): NoticeSentence {
  switch (notice.kind) {
    case 'problem':
      return { title: notice.detail === '' ? t.notice.failed : notice.detail, next: nextStep(notice, t, f, plan) };
    case 'unreachable':
      return { title: t.notice.unreachable, next: t.notice.unreachableNext };
    case 'hold-expired':
      return { title: t.notice.holdExpired(named(notice.places, t, f)), next: t.notice.holdExpiredNext };
    case 'seats-lost':
      return { title: t.notice.seatsLost(named(notice.places, t, f)), next: t.notice.seatsLostNext };
    case 'welcome':
      return { title: t.notice.welcome(notice.name), next: t.notice.welcomeNext };
    case 'link-ended':
      return { title: t.notice.linkEnded, next: t.notice.linkEndedNext };
    case 'limit-reached':
      return { title: t.notice.limitReached(f.number(notice.limit)), next: t.notice.limitReachedNext };
    case 'admitted':
      return { title: t.notice.admitted, next: t.notice.admittedNext };
    case 'released':
      return { title: t.notice.released, next: null };
    case 'extended':
      return { title: t.notice.extended(f.countdown(notice.remainingMs)), next: null };
    case 'left':
      return { title: t.notice.left, next: null };
    case 'charged':
      return { title: t.notice.charged(f.money(notice.amount)), next: null };
    case 'refunded':
      return { title: t.notice.refunded(f.money(notice.amount)), next: t.notice.refundedNext };
  }
}

export function toneOf({ kind }: Notice): 'danger' | 'accent' | 'good' | 'plain' {
  switch (kind) {
    case 'problem':
    case 'unreachable':
    case 'link-ended':
      return 'danger';
    case 'hold-expired':
    case 'seats-lost':
    case 'limit-reached':
      return 'accent';
    case 'admitted':
    case 'welcome':
    case 'charged':
    case 'extended':
    case 'refunded':
      return 'good';
    case 'released':
    case 'left':
      return 'plain';
  }
}

export function signOf(notice: Notice): 'warning' | 'clock' | 'check' {
  if (notice.kind === 'hold-expired') return 'clock';
  return toneOf(notice) === 'good' || toneOf(notice) === 'plain' ? 'check' : 'warning';
}

function nextStep(
  { code, members }: Extract<Notice, { kind: 'problem' }>,
  t: Texts,
  f: Format,
  plan: SeatPlan | null,
): string | null {
  switch (code) {
    case 'SEAT_TAKEN':
      return t.next.seatTaken(named(placesOf(numbersOf(members['seatNumbers']), plan), t, f));
    case 'INSUFFICIENT_BALANCE': {
      const [amount, balance] = [members['amount'], members['balance']];
      const isKnown = typeof amount === 'number' && typeof balance === 'number';
      return isKnown ? t.next.insufficientBalance(f.money(amount - balance)) : null;
    }
    case 'NO_BLOCK': {
      const largest = members['largestBlock'];
      return typeof largest === 'number' && largest > 0 ? t.next.noBlock(f.number(largest)) : t.next.noSeat;
    }
    case 'LEAVES_SINGLE_SEAT':
      return t.next.leavesSingleSeat(named(placesOf(numbersOf(members['seatNumbers']), plan), t, f));
    case 'SEAT_ACCESSIBLE_ONLY':
      return t.next.accessibleOnly;
    case 'BOOKING_NOT_OPEN':
    case 'RESERVATION_NOT_OPEN': {
      const opensAt = members['bookingOpensAt'] ?? members['reservationOpensAt'];
      return typeof opensAt === 'string' ? t.next.opensAt(f.moment(opensAt)) : null;
    }
    default:
      return Object.hasOwn(t.next.byCode, code) ? (t.next.byCode[code as keyof Texts['next']['byCode']] ?? null) : null;
  }
}

export function numbersOf(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((number) => typeof number === 'number') : [];
}

/** Seats that the plan knows, in order of number. */
export function placesOf(seatNumbers: readonly number[], plan: SeatPlan | null): readonly SeatPlace[] {
  return seatNumbers.toSorted((one, other) => one - other).flatMap((seatNumber) => plan?.seats.get(seatNumber) ?? []);
}

export function named(places: readonly SeatPlace[], t: Texts, f: Format): string {
  return f.list(places.map((place) => seatName(place, t)));
}
