import type { ListedConcert, QueueToken, Reservation } from '../../src/client/answers.ts';
import type { Hall, PageState, Visit } from './page-state.ts';
import { scheduleIdOf } from './route.ts';
import type { SeatPlan } from './seat-plan.ts';

/** The view to show. The route is the request; the place in the queue decides which view answers it. */
export type View =
  | { readonly name: 'concerts' }
  | { readonly name: 'loading' }
  | { readonly name: 'missing' }
  | { readonly name: 'lobby'; readonly visit: Visit; readonly concert: ListedConcert }
  | {
      readonly name: 'waiting-room';
      readonly visit: Visit;
      readonly concert: ListedConcert;
      readonly place: QueueToken;
    }
  | { readonly name: 'dates'; readonly visit: Visit; readonly concert: ListedConcert }
  | { readonly name: 'hall'; readonly visit: Visit; readonly concert: ListedConcert; readonly scheduleId: number }
  | {
      readonly name: 'checkout';
      readonly visit: Visit;
      readonly concert: ListedConcert;
      readonly scheduleId: number;
      readonly holds: readonly Reservation[];
    }
  | { readonly name: 'tickets' }
  | { readonly name: 'ticket' }
  | { readonly name: 'wallet' };

export function viewOf(state: PageState): View {
  const { route, visit } = state;
  if (route.name === 'tickets' || route.name === 'ticket' || route.name === 'wallet' || route.name === 'concerts') {
    return { name: route.name };
  }
  if (visit === null) return { name: 'loading' };
  const { concert, place } = visit;
  if (concert === 'missing') return { name: 'missing' };
  if (concert === null || place === 'unknown') return { name: 'loading' };
  const scheduleId = scheduleIdOf(route);
  if (route.name === 'checkout' && scheduleId !== null) {
    const holds = holdsOf(visit, scheduleId);
    if (holds.length > 0) return { name: 'checkout', visit, concert, scheduleId, holds };
    if (visit.holds === null && state.account !== 'none') return { name: 'loading' };
  }
  if (place === null) return { name: 'lobby', visit, concert };
  if (place.status === 'WAITING') return { name: 'waiting-room', visit, concert, place };
  return scheduleId === null ? { name: 'dates', visit, concert } : { name: 'hall', visit, concert, scheduleId };
}

/** The hall in view, with all that it is drawn from. */
export interface ShownHall {
  readonly hall: Hall;
  readonly plan: SeatPlan;
  /** The caller's holds of this date. */
  readonly own: readonly Reservation[];
  /** Seats of this date that the user may have in all. */
  readonly limit: number;
}

/** Null elsewhere, and while something of it has not been read. */
export function shownHall(state: PageState): ShownHall | null {
  const view = viewOf(state);
  if (view.name !== 'hall') return null;
  const { hall, plan } = view.visit;
  const limit = state.maxSeatsPerUser;
  if (hall === null || limit === null || plan?.scheduleId !== hall.scheduleId) return null;
  return { hall, plan, own: holdsOf(view.visit, hall.scheduleId), limit };
}

/** The caller's holds of a schedule, by seat. */
export function holdsOf({ holds }: Visit, scheduleId: number): readonly Reservation[] {
  return (holds ?? [])
    .filter((hold) => hold.scheduleId === scheduleId)
    .toSorted((one, other) => one.seatNumber - other.seatNumber);
}

/** When the first of the holds ends, in epoch milliseconds; null without holds. */
export function firstEndMs(holds: readonly Reservation[]): number | null {
  const ends = holds.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [Date.parse(expiresAt)]));
  return ends.length === 0 ? null : Math.min(...ends);
}
