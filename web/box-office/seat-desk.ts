import type { Holds, Payment, Reservation } from '../../src/client/answers.ts';
import type { BestSeatsWish, ShopperClient } from '../../src/client/shopper-client.ts';
import type { Call } from '../../src/client/requests.ts';
import { placeOf } from '../language/seat-name.ts';
import type { SeatMapSeen } from '../state/page-event.ts';
import { placePlan } from '../state/seat-plan.ts';
import { firstEndMs } from '../state/view.ts';
import { isProblem, isUndecided } from './failure-notice.ts';
import type { Counter } from './counter.ts';

/** A user can hold only a few seats for each of a concert's schedules. */
const HOLDS_READ = 100;
/** A fan who has already waited for a payment's answer must not wait much longer. */
const LOOK_MS = 2_000;

export interface SeatDesk {
  readSchedules(concertId: number): Promise<void>;
  /** Reads the seats that the fan holds in the concert. */
  readHolds(concertId: number): Promise<void>;
  /** Reads the seats that the fan holds in all concerts. */
  readOwnHolds(): Promise<void>;
  /** Reads where the seats of a date are, unless it is known. */
  readPlan(scheduleId: number): Promise<void>;
  readMap(concertId: number, scheduleId: number): Promise<void>;
  /** Holds the chosen seats and goes to the checkout, unless the fan has left the map by then. */
  hold(): Promise<void>;
  /** The same with seats that the service chooses. */
  holdBest(wish: BestSeatsWish): Promise<void>;
  /** Gives the fan's holds of a date more time. */
  extend(hold: Pick<Reservation, 'concertId' | 'scheduleId'>): Promise<void>;
  release(reservations: readonly Reservation[]): Promise<void>;
  /** Pays the fan's holds of the schedule in view. `cover` first fills the wallet for that amount. */
  pay(cover?: (total: number) => Promise<void>): Promise<void>;
  /** Removes expired holds and returns to the map. */
  expire(holds: readonly Reservation[]): void;
}

export function createSeatDesk({ client, kept, store, fan, shopper, attempt, run, tell, go }: Counter): SeatDesk {
  /** The holds of a payment without an answer: only the service knows whether they are paid. */
  let undecided: readonly Reservation[] = [];

  /** Dates whose plan is being read, and maps for which it was: another number of seats is another version of the plan. */
  const planAsked = new Set<number | string>();

  async function readMap(concertId: number, scheduleId: number): Promise<void> {
    const map = await shopper(concertId)?.seats(scheduleId);
    if (map !== undefined) store.dispatch({ type: 'map-seen', map: asSeen(map) });
  }

  async function readHolds(concertId: number): Promise<void> {
    const page = await fan()?.reservations({ status: 'HELD', limit: HOLDS_READ });
    if (page === undefined) return;
    const heldIds = new Set(page.items.map(({ reservationId }) => reservationId));
    if (undecided.some(({ reservationId }) => !heldIds.has(reservationId)) && (await findPayment())) return;
    const holds = page.items.filter((one) => one.concertId === concertId && isLive(one, store.state.nowMs));
    store.dispatch({ type: 'holds-read', concertId, holds });
  }

  async function readOwnHolds(): Promise<void> {
    const page = await fan()?.reservations({ status: 'HELD', limit: HOLDS_READ });
    if (page === undefined) return;
    const unnamed = new Set(
      page.items.map(({ concertId }) => concertId).filter((id) => !store.state.concertById.has(id)),
    );
    for (const concertId of unnamed) {
      store.dispatch({ type: 'concert-read', concert: await client.concerts.find(concertId) });
    }
    store.dispatch({ type: 'own-holds-read', holds: page.items });
  }

  function here(): { concertId: number; scheduleId: number } | null {
    const { route } = store.state;
    return 'scheduleId' in route ? { concertId: route.concertId, scheduleId: route.scheduleId } : null;
  }

  function holdsHere(): readonly Reservation[] {
    const scheduleId = here()?.scheduleId;
    return store.state.visit?.holds?.filter((hold) => hold.scheduleId === scheduleId) ?? [];
  }

  function backToMap(holds: readonly Reservation[]): void {
    const { route } = store.state;
    if (route.name === 'checkout') go({ ...route, name: 'hall' }, 'replace');
    store.dispatch({ type: 'noticed', notice: { kind: 'hold-expired', places: holds.map(placeOf) } });
  }

  function showPaid(payment: Payment): void {
    undecided = [];
    const others = (store.state.visit?.holds ?? []).filter(({ scheduleId }) => scheduleId !== payment.scheduleId);
    // The payment ends the token unless the fan still holds seats of another schedule.
    if (others.length === 0) kept.keepQueueToken(payment.concertId, null);
    store.dispatch({ type: 'paid', payment });
    go({ name: 'ticket', paymentId: payment.paymentId }, 'replace');
  }

  /** Looks for the payment without an answer; shows it and returns true if it was made. */
  async function findPayment(call?: Call): Promise<boolean> {
    const [one] = undecided;
    const known = fan();
    if (one === undefined || known === null) return false;
    try {
      const { status, paymentId } = await known.reservation(one.reservationId, call);
      if (status === 'HELD') return false;
      undecided = [];
      if (paymentId === null) return false;
      showPaid(await known.payment(paymentId, call));
    } catch (error) {
      // Another user has signed in meanwhile.
      if (!isProblem(error, 'RESERVATION_NOT_FOUND')) throw error;
      undecided = [];
      return false;
    }
    store.dispatch({ type: 'noticed', notice: null });
    return true;
  }

  function dropExpired(holds: readonly Reservation[]): void {
    store.dispatch({ type: 'unheld', reservationIds: holds.map(({ reservationId }) => reservationId) });
    backToMap(holds);
  }

  /** The service's decision on a hold is final: after a refusal, read the holds again. */
  async function afterRefusal(error: unknown): Promise<void> {
    const place = here();
    if (place === null) return;
    if (
      isProblem(error, 'RESERVATION_EXPIRED', 'RESERVATION_CANCELLED', 'RESERVATION_NOT_HELD', 'RESERVATION_NOT_FOUND')
    ) {
      const holds = holdsHere();
      await readHolds(place.concertId);
      if (isProblem(error, 'RESERVATION_EXPIRED')) backToMap(holds);
    }
    if (isProblem(error, 'INSUFFICIENT_BALANCE')) {
      const wallet = await fan()?.balance();
      if (wallet !== undefined) store.dispatch({ type: 'balance-read', balance: wallet.balance });
    }
  }

  /** Holds seats of the date in view and goes to the checkout. `by` names the control. */
  async function take(
    by: string,
    holdThem: (client: ShopperClient, scheduleId: number) => Promise<Holds>,
  ): Promise<void> {
    const place = here();
    if (place === null) return;
    const { concertId, scheduleId } = place;
    const isDone = await attempt(
      'hold',
      async () => {
        const client = shopper(concertId);
        if (client === null) return;
        try {
          const { reservations } = await holdThem(client, scheduleId);
          store.dispatch({ type: 'held', reservations });
        } catch (error) {
          // The map should show the taken seats by the time that the fan reads the refusal.
          if (isProblem(error, 'SEAT_TAKEN')) await readMap(concertId, scheduleId).catch(() => undefined);
          throw error;
        }
      },
      by,
    );
    // A fan who has gone elsewhere meanwhile stays there; the holds are valid anyway.
    const { route } = store.state;
    if (isDone && route.name === 'hall' && route.scheduleId === scheduleId) go({ name: 'checkout', ...place });
  }

  return {
    async readPlan(scheduleId) {
      const { plan, hall } = store.state.visit ?? {};
      const count = hall?.scheduleId === scheduleId ? hall.seats.length : null;
      const isKnown = plan?.scheduleId === scheduleId && (count === null || count === plan.seats.size);
      const asked = `${scheduleId} ${count}`;
      if (isKnown || planAsked.has(scheduleId) || planAsked.has(asked)) return;
      planAsked.add(scheduleId).add(asked);
      try {
        store.dispatch({ type: 'plan-read', plan: placePlan(await client.plan(scheduleId)) });
      } catch (error) {
        planAsked.delete(asked);
        throw error;
      } finally {
        planAsked.delete(scheduleId);
      }
    },
    readMap,
    readHolds,
    readOwnHolds,
    async readSchedules(concertId) {
      try {
        const schedules = await shopper(concertId)?.schedules(concertId, { all: true });
        if (schedules !== undefined) store.dispatch({ type: 'schedules-read', concertId, schedules });
      } catch (error) {
        if (!isProblem(error, 'SCHEDULE_NOT_FOUND')) throw error;
        store.dispatch({ type: 'schedules-read', concertId, schedules: [] });
      }
    },
    async hold() {
      const { chosen = [], needsAccessible = false } = store.state.visit?.hall ?? {};
      if (chosen.length === 0) return;
      await take('chosen', (client, scheduleId) => client.hold(scheduleId, chosen, need(needsAccessible)));
    },
    async holdBest(wish) {
      store.dispatch({ type: 'wished', wish });
      const needsAccessible = store.state.visit?.hall?.needsAccessible === true;
      await take('best', (client, scheduleId) => client.holdBest(scheduleId, { ...wish, ...need(needsAccessible) }));
    },
    async extend({ concertId, scheduleId }) {
      await attempt(
        'extend',
        async () => {
          const reservations = await shopper(concertId)?.extend(scheduleId);
          if (reservations === undefined) return;
          store.dispatch({ type: 'extended', reservations });
          const remainingMs = (firstEndMs(reservations) ?? 0) - store.state.nowMs;
          store.dispatch({ type: 'noticed', notice: { kind: 'extended', remainingMs } });
        },
        String(scheduleId),
      );
    },
    async release(reservations) {
      const [only] = reservations.length === 1 ? reservations : [];
      const isDone = await attempt(
        'release',
        async () => {
          for (const { reservationId } of reservations) {
            await fan()?.release(reservationId);
            store.dispatch({ type: 'unheld', reservationIds: [reservationId] });
          }
        },
        only?.reservationId,
      );
      const place = here();
      if (place === null) return;
      if (!isDone) {
        await readHolds(place.concertId).catch(tell);
      } else if (holdsHere().length === 0) {
        go({ name: 'hall', ...place }, 'replace');
        store.dispatch({ type: 'noticed', notice: { kind: 'released' } });
      }
    },
    async pay(cover) {
      const place = here();
      const holds = holdsHere();
      if (place === null || holds.length === 0 || store.state.busy.has('charge')) return;
      await attempt('pay', async () => {
        await cover?.(holds.reduce((sum, { price }) => sum + price, 0));
        try {
          const receipt = await fan()?.pay(holds.map(({ reservationId }) => reservationId));
          if (receipt === undefined) return;
          const { remainingBalance, ...payment } = receipt;
          store.dispatch({ type: 'balance-read', balance: remainingBalance });
          showPaid(payment);
        } catch (error) {
          undecided = isUndecided(error) ? holds : [];
          if (await findPayment({ deadlineMs: LOOK_MS }).catch(() => false)) return;
          await afterRefusal(error).catch(() => undefined);
          // The notice that led back to the map says so already.
          if (!isProblem(error, 'RESERVATION_EXPIRED')) throw error;
        }
      });
    },
    expire(holds) {
      if (holds.length === 0) return;
      const ids = new Set(undecided.map(({ reservationId }) => reservationId));
      if (!holds.some(({ reservationId }) => ids.has(reservationId))) {
        dropExpired(holds);
        return;
      }
      // The page must not say that nothing was charged before it knows.
      run(
        attempt('pay', async () => {
          if (!(await findPayment()) && undecided.length === 0) dropExpired(holds);
        }),
      );
    },
  };
}

/** The declaration of a need; nothing where there is none. */
function need(isAccessible: boolean): { accessible?: true } {
  return isAccessible ? { accessible: true } : {};
}

function asSeen({ scheduleId, seats, epoch, seq }: Omit<SeatMapSeen, 'changed'>): SeatMapSeen {
  return { scheduleId, seats, epoch, seq, changed: null };
}

function isLive({ expiresAt }: Reservation, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) > nowMs;
}
