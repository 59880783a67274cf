import type { ListedConcert, Payment, QueueToken } from '../../src/client/answers.ts';
import { dropTaken, seeMap, toggleSeat } from './hall-changes.ts';
import { ownHoldsAfter } from './own-holds.ts';
import type { PageEvent } from './page-event.ts';
import type { Listing, PageState, Visit } from './page-state.ts';
import { concertIdOf, hashOf, scheduleIdOf } from './route.ts';
import { viewOf } from './view.ts';

/** The page after an event. Pure: the box office handles all other effects of an event. */
export function reduce(state: PageState, event: PageEvent): PageState {
  const next = apply(state, event);
  const ownHolds = ownHoldsAfter(state.ownHolds, event);
  // A notice belongs to the place where it was made, and ends with it.
  const isOver = next.notice !== null && next.notice === state.notice && placeOf(next) !== placeOf(state);
  if (!isOver && ownHolds === state.ownHolds) return next;
  return { ...next, ownHolds, notice: isOver ? null : next.notice };
}

function placeOf(state: PageState): string {
  return `${viewOf(state).name} ${hashOf(state.route)}`;
}

function apply(state: PageState, event: PageEvent): PageState {
  switch (event.type) {
    case 'language-chosen':
      // The service's sentences are in the language of their request.
      return { ...state, language: event.language, notice: state.notice?.kind === 'problem' ? null : state.notice };
    case 'theme-chosen':
      return { ...state, theme: event.theme };
    case 'ticked':
      return { ...state, nowMs: event.nowMs };
    case 'went':
      return go(state, event.route);
    case 'signed-in':
      return { ...state, account: event.user };
    case 'signed-out':
      return {
        ...state,
        account: 'none',
        balance: null,
        places: new Map(),
        payments: null,
        ledger: null,
        ticket: null,
        dialog: null,
        notice: null,
      };
    case 'balance-read':
      return { ...state, balance: event.balance };
    case 'concerts-read':
      return listed({ ...state, concerts: event.concerts }, event.concerts);
    case 'upcoming-read':
      return listed({ ...state, upcoming: event.concerts }, event.concerts);
    case 'concert-read': {
      const { concert } = event;
      const concerts = state.concerts?.map((one) => (one.concertId === concert.concertId ? concert : one)) ?? null;
      return listed({ ...state, concerts, maxSeatsPerUser: concert.maxSeatsPerUser }, [concert]);
    }
    case 'concert-missing':
      return visiting(state, event.concertId, { concert: 'missing', place: null });
    case 'place-read':
      return visiting(
        withPlace(state, event.concertId, event.place),
        event.concertId,
        placed(state.visit, event.place),
      );
    case 'places-read':
      return { ...state, places: new Map(event.places.map((place) => [place.concertId, place])) };
    case 'place-moved':
      return moved(state, event);
    case 'schedules-read':
      return visiting(state, event.concertId, { schedules: event.schedules });
    case 'plan-read':
      return scheduleIdOf(state.route) === event.plan.scheduleId ? inVisit(state, { plan: event.plan }) : state;
    case 'map-seen': {
      if (state.visit === null || scheduleIdOf(state.route) !== event.map.scheduleId) return state;
      return settled(inVisit(state, { hall: seeMap(state.visit.hall, event.map) }));
    }
    case 'seat-toggled':
      return toggle(state, event.seatNumber);
    case 'cursor-moved':
      return inHall(state, (hall) => ({ ...hall, cursor: event.seatNumber }));
    case 'own-holds-read':
      return state;
    case 'price-picked':
      return inHall(state, (hall) => ({ ...hall, onlyPrice: event.price }));
    case 'wishing-turned':
      return inHall(state, (hall) => ({ ...hall, isWishing: event.isOn }));
    case 'wished':
      return inHall(state, (hall) => ({ ...hall, wish: event.wish }));
    case 'seats-picked':
      return inHall(state, (hall) => ({ ...hall, chosen: event.seatNumbers }));
    case 'need-declared':
      return inHall(state, (hall) => ({ ...hall, needsAccessible: event.isAccessible }));
    case 'holds-read':
      return visiting(state, event.concertId, { holds: event.holds });
    case 'held': {
      const ids = new Set(event.reservations.map(({ reservationId }) => reservationId));
      const others = (state.visit?.holds ?? []).filter(({ reservationId }) => !ids.has(reservationId));
      const dropped = inHall(state, (hall) => ({ ...hall, chosen: [], isWishing: false }));
      // The page's clock advances once a second: without this a countdown would start above the remaining time.
      const nowMs = Math.max(state.nowMs, ...event.reservations.map(({ createdAt }) => Date.parse(createdAt)));
      return inVisit({ ...dropped, nowMs }, { holds: [...others, ...event.reservations] });
    }
    case 'extended': {
      const byId = new Map(event.reservations.map((hold) => [hold.reservationId, hold]));
      return inVisit(state, {
        holds: state.visit?.holds?.map((hold) => byId.get(hold.reservationId) ?? hold) ?? null,
      });
    }
    case 'unheld': {
      const ids = new Set(event.reservationIds);
      return inVisit(state, {
        holds: (state.visit?.holds ?? []).filter(({ reservationId }) => !ids.has(reservationId)),
      });
    }
    case 'paid':
      return pay(state, event.payment);
    case 'ticket-read': {
      const { payment } = event;
      const payments = state.payments === null ? null : replaced(state.payments, payment);
      return { ...state, ticket: payment, payments };
    }
    case 'ticket-missing':
      return { ...state, ticket: 'missing' };
    case 'payments-read':
      return { ...state, payments: event.isMore ? joined(state.payments, event.listing) : event.listing };
    case 'ledger-read':
      return { ...state, ledger: event.isMore ? joined(state.ledger, event.listing) : event.listing };
    case 'network-changed':
      return { ...state, isOffline: event.isOffline };
    case 'connection-changed':
      return { ...state, connection: event.connection };
    case 'noticed':
      return { ...state, notice: event.notice };
    case 'dialog-opened':
      return { ...state, dialog: event.dialog };
    case 'dialog-closed':
      return { ...state, dialog: null };
    case 'began':
      return { ...state, busy: new Map([...state.busy, [event.action, event.by]]) };
    case 'finished':
      return settled({ ...state, busy: new Map([...state.busy].filter(([action]) => action !== event.action)) });
    case 'announced':
      return { ...state, announcement: { text: event.text, serial: state.announcement.serial + 1 } };
  }
}

/**
 * Removes seats from the choice that are no longer free. Not while a hold is in flight: the map may show the caller's own seats
 * as held before the answer says so.
 */
function settled(state: PageState): PageState {
  const { visit } = state;
  if (visit?.hall == null || visit.hall.chosen.length === 0 || state.busy.has('hold')) return state;
  return inVisit(state, { hall: dropTaken(visit.hall, ownSeats(visit)) });
}

/** Another choice answers what was said about the last one. More seats than the fan may have are not taken into the choice. */
function toggle(state: PageState, seatNumber: number): PageState {
  const { visit, maxSeatsPerUser: limit } = state;
  const next = inHall(state.notice === null ? state : { ...state, notice: null }, (hall) =>
    toggleSeat(hall, seatNumber),
  );
  const { hall } = next.visit ?? {};
  if (visit === null || hall == null || limit === null || hall.chosen.length <= (visit.hall?.chosen.length ?? 0))
    return next;
  if (hall.chosen.length + ownSeats(visit).size <= limit) return next;
  return { ...state, notice: { kind: 'limit-reached', limit } };
}

/** The payment ends the token unless the caller has another hold in the concert. */
function pay(state: PageState, payment: Payment): PageState {
  const paid = { ...state, ticket: payment, payments: null, ledger: null };
  const holds = (state.visit?.holds ?? []).filter(({ scheduleId }) => scheduleId !== payment.scheduleId);
  if (holds.length > 0) return inVisit(paid, { holds, hall: null });
  return inVisit(withPlace(paid, payment.concertId, null), { holds, hall: null, place: null, ended: 'COMPLETED' });
}

/** Seats that the caller holds in the schedule in view. */
export function ownSeats({ hall, holds }: Visit): ReadonlySet<number> {
  return new Set(
    (holds ?? []).filter(({ scheduleId }) => scheduleId === hall?.scheduleId).map(({ seatNumber }) => seatNumber),
  );
}

function go(state: PageState, route: PageState['route']): PageState {
  const concertId = concertIdOf(route);
  const visit = concertId === null ? null : state.visit?.concertId === concertId ? state.visit : newVisit(concertId);
  const scheduleId = scheduleIdOf(route);
  const hall = visit?.hall ?? null;
  const keepsTicket =
    route.name === 'ticket' && state.ticket !== 'missing' && state.ticket?.paymentId === route.paymentId;
  return {
    ...state,
    route,
    visit: visit === null ? null : { ...visit, hall: hall !== null && hall.scheduleId === scheduleId ? hall : null },
    ticket: keepsTicket ? state.ticket : null,
    dialog: null,
  };
}

function newVisit(concertId: number): Visit {
  return {
    concertId,
    concert: null,
    place: 'unknown',
    furthestPosition: 0,
    ended: null,
    schedules: null,
    plan: null,
    hall: null,
    holds: null,
  };
}

function placed(visit: Visit | null, place: QueueToken | null): Partial<Visit> {
  if (place === null) return { place: null, furthestPosition: 0 };
  switch (place.status) {
    case 'WAITING':
    case 'ACTIVE':
      return { place, ended: null, furthestPosition: Math.max(visit?.furthestPosition ?? 0, place.queuePosition ?? 0) };
    case 'COMPLETED':
    case 'EXPIRED':
    case 'CANCELLED':
      return { place: null, ended: place.status, furthestPosition: 0 };
  }
}

/** Records the place in a queue; an ended token has none. */
function withPlace(state: PageState, concertId: number, place: QueueToken | null): PageState {
  const isLive = place?.status === 'WAITING' || place?.status === 'ACTIVE';
  if (!isLive && !state.places.has(concertId)) return state;
  const places = new Map(state.places);
  if (isLive) places.set(concertId, place);
  else places.delete(concertId);
  return { ...state, places };
}

/** A live frame updates the token's place; the other members stay as they were read. */
function moved(state: PageState, { concertId, place }: Extract<PageEvent, { type: 'place-moved' }>): PageState {
  const known = state.visit?.place;
  if (state.visit === null || known === undefined || known === null || known === 'unknown') return state;
  const { status, queuePosition, estimatedWaitTime, estimatedWaitRange } = place;
  const next = { ...known, status, queuePosition, estimatedWaitTime, estimatedWaitRange };
  return visiting(withPlace(state, concertId, next), concertId, placed(state.visit, next));
}

function visiting(state: PageState, concertId: number, change: Partial<Visit>): PageState {
  return state.visit?.concertId === concertId ? inVisit(state, change) : state;
}

function inVisit(state: PageState, change: Partial<Visit>): PageState {
  return state.visit === null ? state : { ...state, visit: { ...state.visit, ...change } };
}

function inHall(state: PageState, change: (hall: NonNullable<Visit['hall']>) => Visit['hall']): PageState {
  const hall = state.visit?.hall ?? null;
  return hall === null ? state : inVisit(state, { hall: change(hall) });
}

/** Takes over what was read of concerts, the one in view included. */
function listed(state: PageState, concerts: readonly ListedConcert[]): PageState {
  const concertById = new Map(state.concertById);
  for (const concert of concerts) concertById.set(concert.concertId, concert);
  const visited = concerts.find(({ concertId }) => concertId === state.visit?.concertId);
  return inVisit({ ...state, concertById }, visited === undefined ? {} : { concert: visited });
}

function joined<T>(before: Listing<T> | null, more: Listing<T>): Listing<T> {
  return { items: [...(before?.items ?? []), ...more.items], nextCursor: more.nextCursor };
}

function replaced(
  listing: NonNullable<PageState['payments']>,
  payment: NonNullable<PageState['payments']>['items'][number],
) {
  return {
    ...listing,
    items: listing.items.map((one) => (one.paymentId === payment.paymentId ? payment : one)),
  };
}
