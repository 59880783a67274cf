import type { Reservation } from '../../src/client/answers.ts';
import type { SeatMapSeen } from '../state/page-event.ts';
import { isProblem } from './failure-notice.ts';
import type { Counter } from './counter.ts';

/** Nobody holds more of a concert at a time than a few seats for each of its dates. */
const HOLDS_READ = 100;

export interface SeatDesk {
  readSchedules(concertId: number): Promise<void>;
  /** Reads which seats the fan holds in the concert. */
  readHolds(concertId: number): Promise<void>;
  readMap(concertId: number, scheduleId: number): Promise<void>;
  /** Holds the chosen seats and goes on to the till. */
  hold(): Promise<void>;
  release(reservations: readonly Reservation[]): Promise<void>;
  /** Pays for what is held of the schedule that is shown. */
  pay(): Promise<void>;
  /** Takes holds whose time is over out of the fan's, and leads back to the map. */
  expire(holds: readonly Reservation[]): void;
}

export function createSeatDesk({ kept, store, fan, shopper, attempt, tell, go }: Counter): SeatDesk {
  async function readMap(concertId: number, scheduleId: number): Promise<void> {
    const map = await shopper(concertId)?.seats(scheduleId);
    if (map !== undefined) store.dispatch({ type: 'map-seen', map: asSeen(map) });
  }

  async function readHolds(concertId: number): Promise<void> {
    const page = await fan()?.reservations({ status: 'HELD', limit: HOLDS_READ });
    if (page === undefined) return;
    const holds = page.items.filter((one) => one.concertId === concertId && isLive(one, store.state.nowMs));
    store.dispatch({ type: 'holds-read', concertId, holds });
  }

  function here(): { concertId: number; scheduleId: number } | null {
    const { route } = store.state;
    return 'scheduleId' in route ? { concertId: route.concertId, scheduleId: route.scheduleId } : null;
  }

  function holdsHere(): readonly Reservation[] {
    const scheduleId = here()?.scheduleId;
    return store.state.visit?.holds?.filter((hold) => hold.scheduleId === scheduleId) ?? [];
  }

  function backToMap(seatNumbers: readonly number[]): void {
    const { route } = store.state;
    store.dispatch({ type: 'noticed', notice: { kind: 'hold-expired', seatNumbers } });
    if (route.name === 'checkout') go({ ...route, name: 'hall' }, 'replace');
  }

  /** The service's word on a hold is final, so what it refuses to sell is read anew. */
  async function afterRefusal(error: unknown): Promise<void> {
    const place = here();
    if (place === null) return;
    if (
      isProblem(error, 'RESERVATION_EXPIRED', 'RESERVATION_CANCELLED', 'RESERVATION_NOT_HELD', 'RESERVATION_NOT_FOUND')
    ) {
      const seatNumbers = holdsHere().map(({ seatNumber }) => seatNumber);
      await readHolds(place.concertId);
      if (isProblem(error, 'RESERVATION_EXPIRED')) backToMap(seatNumbers);
    }
    if (isProblem(error, 'INSUFFICIENT_BALANCE')) {
      const wallet = await fan()?.balance();
      if (wallet !== undefined) store.dispatch({ type: 'balance-read', balance: wallet.balance });
    }
  }

  return {
    readMap,
    readHolds,
    async readSchedules(concertId) {
      try {
        const schedules = await shopper(concertId)?.schedules(concertId, { all: true });
        if (schedules !== undefined) store.dispatch({ type: 'schedules-read', concertId, schedules });
      } catch (error) {
        if (isProblem(error, 'SCHEDULE_NOT_FOUND'))
          store.dispatch({ type: 'schedules-read', concertId, schedules: [] });
        else tell(error);
      }
    },
    async hold() {
      const place = here();
      const chosen = store.state.visit?.hall?.chosen ?? [];
      if (place === null || chosen.length === 0) return;
      const { concertId, scheduleId } = place;
      const isDone = await attempt('hold', async () => {
        try {
          const holds = await shopper(concertId)?.hold(scheduleId, chosen);
          if (holds !== undefined) store.dispatch({ type: 'held', reservations: holds.reservations });
        } catch (error) {
          // By the time that the refusal is read, the map shows whose seats these are.
          if (isProblem(error, 'SEAT_TAKEN')) await readMap(concertId, scheduleId).catch(() => undefined);
          throw error;
        }
      });
      if (isDone) go({ name: 'checkout', concertId, scheduleId });
    },
    async release(reservations) {
      const isDone = await attempt('release', async () => {
        for (const { reservationId } of reservations) {
          await fan()?.release(reservationId);
          store.dispatch({ type: 'unheld', reservationIds: [reservationId] });
        }
      });
      const place = here();
      if (place === null) return;
      if (!isDone) {
        await readHolds(place.concertId).catch(tell);
      } else if (holdsHere().length === 0) {
        store.dispatch({ type: 'noticed', notice: { kind: 'released' } });
        go({ name: 'hall', ...place }, 'replace');
      }
    },
    async pay() {
      const place = here();
      const holds = holdsHere();
      if (place === null || holds.length === 0) return;
      await attempt('pay', async () => {
        try {
          const receipt = await fan()?.pay(holds.map(({ reservationId }) => reservationId));
          if (receipt === undefined) return;
          const { remainingBalance, ...payment } = receipt;
          const others = (store.state.visit?.holds ?? []).filter(({ scheduleId }) => scheduleId !== place.scheduleId);
          // The token ends with the payment, unless seats of another date are still held.
          if (others.length === 0) kept.keepQueueToken(place.concertId, null);
          store.dispatch({ type: 'balance-read', balance: remainingBalance });
          store.dispatch({ type: 'paid', payment });
          go({ name: 'ticket', paymentId: payment.paymentId }, 'replace');
        } catch (error) {
          await afterRefusal(error).catch(() => undefined);
          // What led back to the map is said there already.
          if (!isProblem(error, 'RESERVATION_EXPIRED')) throw error;
        }
      });
    },
    expire(holds) {
      if (holds.length === 0) return;
      store.dispatch({ type: 'unheld', reservationIds: holds.map(({ reservationId }) => reservationId) });
      backToMap(holds.map(({ seatNumber }) => seatNumber));
    },
  };
}

function asSeen({ scheduleId, seats, epoch, seq }: Omit<SeatMapSeen, 'changed'>): SeatMapSeen {
  return { scheduleId, seats, epoch, seq, changed: null };
}

function isLive({ expiresAt }: Reservation, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) > nowMs;
}
