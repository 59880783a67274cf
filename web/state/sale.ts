import type { ListedConcert, Schedule } from '../../src/client/answers.ts';

/**
 * What a fan must know of a sale at a glance. `upcoming`: nothing can be reserved before `opensMs`. `undated`: no date is left to
 * be sold.
 */
export type Sale =
  | { readonly name: 'upcoming'; readonly opensMs: number }
  | { readonly name: 'on-sale' | 'few-left' | 'paused'; readonly left: number; readonly total: number }
  | { readonly name: 'sold-out' | 'closed' | 'undated' | 'cancelled' };

/** Less than this part of the seats is few. */
const FEW_SHARE = 0.1;

type Sold = Pick<ListedConcert, 'cancelled' | 'bookingOpensAt' | 'bookingClosesAt' | 'schedules' | 'queue'>;

/** The one state of a concert's sale. */
export function saleOf(concert: Sold, nowMs: number): Sale {
  const { bookingOpensAt, bookingClosesAt, schedules, queue } = concert;
  if (concert.cancelled) return { name: 'cancelled' };
  const opensMs = Date.parse(bookingOpensAt);
  if (nowMs < opensMs) return { name: 'upcoming', opensMs };
  if (nowMs > Date.parse(bookingClosesAt)) return { name: 'closed' };
  const shown = datesOf(schedules, nowMs);
  const dates = shown.filter(({ cancelled }) => !cancelled);
  if (dates.length === 0 && shown.length > 0) return { name: 'cancelled' };
  if (dates.length === 0) return { name: 'undated' };
  const free = dates.filter(({ availableSeats }) => availableSeats > 0);
  if (free.length === 0) return { name: 'sold-out' };
  const open = free.filter((date) => opensMsOf(date) <= nowMs);
  if (open.length === 0) return { name: 'upcoming', opensMs: Math.min(...free.map(opensMsOf)) };
  const left = sum(open, ({ availableSeats }) => availableSeats);
  const total = sum(open, ({ totalSeats }) => totalSeats);
  const name = queue?.paused === true ? 'paused' : left < total * FEW_SHARE ? 'few-left' : 'on-sale';
  return { name, left, total };
}

/** The one state of a date, in a concert whose booking is open. */
export function saleOfDate(date: Schedule, nowMs: number): Sale {
  if (date.cancelled) return { name: 'cancelled' };
  if (Date.parse(date.startsAt) <= nowMs) return { name: 'closed' };
  const { availableSeats: left, totalSeats: total } = date;
  if (opensMsOf(date) > nowMs) return { name: 'upcoming', opensMs: opensMsOf(date) };
  if (left === 0) return { name: 'sold-out' };
  return { name: left < total * FEW_SHARE ? 'few-left' : 'on-sale', left, total };
}

/** Dates that have not begun, those that are cancelled included. */
export function datesOf(schedules: readonly Schedule[], nowMs: number): readonly Schedule[] {
  return schedules.filter(({ startsAt }) => nowMs < Date.parse(startsAt));
}

/** Whether there are seats to book. */
export function isBookable({ name }: Sale): boolean {
  return name === 'on-sale' || name === 'few-left' || name === 'paused';
}

/** Whether it helps to queue. Seats of a sold-out date may return: holds end, and payments are refunded. */
export function isJoinable(sale: Sale): boolean {
  return isBookable(sale) || sale.name === 'sold-out';
}

const ORDER: readonly Sale['name'][] = [
  'on-sale',
  'few-left',
  'paused',
  'upcoming',
  'sold-out',
  'undated',
  'closed',
  'cancelled',
];

export interface ConcertSale {
  readonly concert: ListedConcert;
  readonly sale: Sale;
}

/** The sales of both lists: what can be bought comes first, and what opens later by its opening. A concert is in one part only. */
export function salesOf(
  available: readonly ListedConcert[],
  upcoming: readonly ListedConcert[],
  nowMs: number,
): { readonly now: readonly ConcertSale[]; readonly later: readonly ConcertSale[] } {
  // A concert that has just opened may be in both.
  const concerts = new Map([...available, ...upcoming].reverse().map((concert) => [concert.concertId, concert]));
  const sales = [...concerts.values()].reverse().map((concert) => ({ concert, sale: saleOf(concert, nowMs) }));
  const [later, now] = [true, false].map((isLater) =>
    sales.filter(({ sale }) => (sale.name === 'upcoming') === isLater),
  );
  return {
    now: (now ?? []).toSorted((one, other) => ORDER.indexOf(one.sale.name) - ORDER.indexOf(other.sale.name)),
    later: (later ?? []).toSorted((one, other) => openingOf(one) - openingOf(other)),
  };
}

function openingOf({ sale }: ConcertSale): number {
  return sale.name === 'upcoming' ? sale.opensMs : 0;
}

function opensMsOf({ reservationOpensAt }: Schedule): number {
  return reservationOpensAt === null ? Number.NEGATIVE_INFINITY : Date.parse(reservationOpensAt);
}

function sum(dates: readonly Schedule[], of: (date: Schedule) => number): number {
  return dates.reduce((total, date) => total + of(date), 0);
}
