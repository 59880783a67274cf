import type { ConcertWithQueue, Payment, QueueToken, Reservation, Schedule } from '../../src/client/answers.ts';
import type { LiveSeat } from '../../src/client/live/live-events.ts';
import type { PageEvent } from '../../web/state/page-event.ts';
import { type PageState, startingState } from '../../web/state/page-state.ts';
import { reduce } from '../../web/state/reduce.ts';
import { routeOf } from '../../web/state/route.ts';

export const NOW_MS = Date.UTC(2026, 10, 20, 3, 0, 0);

export function at(offsetMs: number): string {
  return new Date(NOW_MS + offsetMs).toISOString();
}

const schedule: Schedule = {
  scheduleId: 7,
  date: '2026-12-01',
  startsAt: '2026-12-01T10:00:00.000Z',
  endsAt: null,
  reservationOpensAt: null,
  singleSeats: 'AVOID',
  accessibleReleaseAt: null,
  totalSeats: 4,
  availableSeats: 4,
  cancelled: false,
  priceFrom: 1_000,
  priceTo: 1_000,
};

export const concert: ConcertWithQueue = {
  concertId: 3,
  title: '밤의 노래',
  artist: '새벽',
  venue: '서울 회관',
  timeZone: 'Asia/Seoul',
  bookingOpensAt: at(-1_000),
  bookingClosesAt: at(86_400_000),
  cancelled: false,
  priceFrom: 1_000,
  priceTo: 1_000,
  schedules: [schedule],
  maxSeatsPerUser: 4,
  queue: { waiting: 4, active: 1, maxActive: 10, paused: false },
};

export function place(status: QueueToken['status'], queuePosition: number | null = null): QueueToken {
  const isOver = status !== 'WAITING' && status !== 'ACTIVE';
  return {
    token: 'fq_a.b',
    userId: '00000000-0000-4000-8000-000000000001',
    concertId: 3,
    status,
    queuePosition: status === 'ACTIVE' ? 0 : queuePosition,
    estimatedWaitTime: queuePosition === null ? null : queuePosition * 30,
    estimatedWaitRange: queuePosition === null ? null : [queuePosition * 10, queuePosition * 90],
    activeUntil: status === 'ACTIVE' ? at(3_600_000) : null,
    issuedAt: at(0),
    activatedAt: null,
    endedAt: isOver ? at(0) : null,
    pollAfterMs: 30_000,
  };
}

export function hold(seatNumber: number, change: Partial<Reservation> = {}): Reservation {
  return {
    reservationId: `00000000-0000-4000-8000-${String(seatNumber).padStart(12, '0')}`,
    concertId: 3,
    scheduleId: 7,
    startsAt: schedule.startsAt,
    seatNumber,
    price: 1_000,
    status: 'HELD',
    createdAt: at(0),
    expiresAt: at(300_000),
    confirmedAt: null,
    paymentId: null,
    epoch: 1,
    seq: seatNumber,
    seatLabel: `A열 ${seatNumber}번`,
    section: null,
    row: 'A',
    ...change,
  };
}

export function payment(reservations: readonly Reservation[]): Payment {
  return {
    paymentId: '00000000-0000-4000-8000-0000000000ff',
    status: 'COMPLETED',
    concertId: 3,
    scheduleId: 7,
    amount: reservations.length * 1_000,
    reservations,
    paidAt: at(0),
    refundedAt: null,
  };
}

/** Seats 1 to n, free but for those that are given. */
export function seats(count: number, others: Readonly<Record<number, Partial<LiveSeat>>> = {}): LiveSeat[] {
  return Array.from({ length: count }, (_, index) => ({
    seatNumber: index + 1,
    price: 1_000,
    status: 'AVAILABLE',
    ...others[index + 1],
  }));
}

export function mapSeen(seq: number, seen: readonly LiveSeat[], changed: readonly number[] | null = null): PageEvent {
  return { type: 'map-seen', map: { scheduleId: 7, epoch: 1, seq, seats: seen, changed } };
}

/** The page at an address, after some events. */
export function pageAt(hash: string, ...events: readonly PageEvent[]): PageState {
  const start = startingState({ language: 'en', theme: 'system', nowMs: NOW_MS });
  return after(reduce(start, { type: 'went', route: routeOf(hash) }), ...events);
}

export function after(state: PageState, ...events: readonly PageEvent[]): PageState {
  return events.reduce(reduce, state);
}

/** The page of an admitted shopper before the four seats of schedule 7. */
export function inHall(...events: readonly PageEvent[]): PageState {
  return pageAt(
    '#/concerts/3/dates/7',
    { type: 'concert-read', concert },
    { type: 'place-read', concertId: 3, place: place('ACTIVE') },
    { type: 'schedules-read', concertId: 3, schedules: [schedule] },
    { type: 'holds-read', concertId: 3, holds: [] },
    mapSeen(1, seats(4)),
    ...events,
  );
}
