import type { Reservation } from '../../src/client/answers.ts';
import type { LiveClient } from '../../src/client/live/live-client.ts';
import { machineClock } from '../../src/client/platform.ts';
import { placesOf } from '../language/notice-sentence.ts';
import { lostSeats } from '../state/hall-changes.ts';
import { isPassing } from '../state/notice.ts';
import type { PageState, Visit } from '../state/page-state.ts';
import { toPay } from '../state/own-holds.ts';
import { ownSeats } from '../state/reduce.ts';
import { concertIdOf, hashOf, type Route, routeOf, scheduleIdOf } from '../state/route.ts';
import { viewOf } from '../state/view.ts';
import { takeReturnToken } from './return-token.ts';
import type { AccountDesk } from './account-desk.ts';
import type { Counter } from './counter.ts';
import { type Attention, createLiveLink } from './live-link.ts';
import type { QueueDesk } from './queue-desk.ts';
import { createRefreshing } from './refreshing.ts';
import type { SeatDesk } from './seat-desk.ts';
import type { WalletDesk } from './wallet-desk.ts';

/** How often seats left and queues are read again where the page shows them and gets no live updates. */
const FIGURES_REFRESH_MS = 10_000;
/** Much more often than the service needs as a sign of life, even when a browser slows down a background page. */
const PLACES_REFRESH_MS = 20_000;
/** How often a map is read when the service does not push it. */
const MAP_POLL_MS = 3_000;
const TICK_MS = 1_000;
/** Time enough to read a sentence twice. Notices that ask for something stay. */
const PASSING_NOTICE_MS = 8_000;
/** The page's clock lags behind the service's by up to a tick and the travel time of a frame. */
const CLOCK_LAG_MS = 2_500;

export interface UpkeepPorts {
  readonly counter: Counter;
  readonly accounts: AccountDesk;
  readonly queues: QueueDesk;
  readonly seats: SeatDesk;
  readonly wallet: WalletDesk;
  openLive(token: () => string): LiveClient;
  /** Called when a return link is opened. */
  onReturnToken(token: string): void;
}

export interface Upkeep {
  start(returnToken: string | null): void;
  /** Reads the data of a route. */
  arrive(route: Route): void;
}

/** Keeps the shown data equal to the service's, and reacts to its changes. */
export function createUpkeep({
  counter,
  accounts,
  queues,
  seats,
  wallet,
  openLive,
  onReturnToken,
}: UpkeepPorts): Upkeep {
  const { client, kept, store, run, refresh } = counter;
  const refreshing = createRefreshing({
    after: machineClock.after,
    random: Math.random,
    isVisible: () => document.visibilityState === 'visible',
  });
  let noticing: ReturnType<typeof setTimeout> | undefined;

  const link = createLiveLink({
    clock: machineClock,
    open: openLive,
    token: (concertId) => (concertId === null ? null : kept.queueToken(concertId)) ?? kept.accessToken(),
    onPlace: (concertId, place) => store.dispatch({ type: 'place-moved', concertId, place }),
    onMap: (map) => store.dispatch({ type: 'map-seen', map: { ...map, changed: map.isSnapshot ? null : map.changed } }),
    onConnection: (connection) => store.dispatch({ type: 'connection-changed', connection }),
    async poll({ concertId, scheduleId }) {
      if (concertId === null) return MAP_POLL_MS;
      const place = await queues.readPlace(concertId);
      if (scheduleId === null || place?.status !== 'ACTIVE') return place?.pollAfterMs ?? MAP_POLL_MS;
      await seats.readMap(concertId, scheduleId);
      return MAP_POLL_MS;
    },
  });

  function arrive(route: Route, before: Route | null): void {
    const concertId = concertIdOf(route);
    if (concertId !== null && (before === null || concertIdOf(before) !== concertId)) run(queues.visit(concertId));
    switch (route.name) {
      case 'concerts':
        run(queues.readConcerts());
        if (before !== null && kept.queues().length > 0) refresh(queues.readPlaces());
        return;
      case 'concert':
        // The service would refuse the schedules to a fan who is not admitted; they are read on admission.
        if (before !== null && concertIdOf(before) === concertId && isActive(store.state.visit)) {
          run(seats.readSchedules(route.concertId));
        }
        return;
      case 'hall':
        run(seats.readPlan(route.scheduleId));
        if (isActive(store.state.visit) && store.state.connection !== 'live') {
          run(seats.readMap(route.concertId, route.scheduleId));
        }
        return;
      case 'checkout':
        run(wallet.readBalance());
        return;
      case 'tickets':
        run(Promise.all([wallet.readPayments(false), wallet.readBalance()]));
        return;
      case 'ticket':
        if (store.state.ticket === null) run(wallet.readTicket(route.paymentId));
        return;
      case 'wallet':
        run(Promise.all([wallet.readLedger(false), wallet.readBalance()]));
    }
  }

  /** Admission and the end of a token arrive by themselves, while the fan waits and shops. */
  function followPlace(visit: Visit, before: Visit | null): void {
    const { concertId } = visit;
    if (isActive(visit) && !(before?.concertId === concertId && isActive(before))) {
      const hasWaited = before !== null && before.place !== 'unknown' && before.place?.status === 'WAITING';
      if (hasWaited) store.dispatch({ type: 'noticed', notice: { kind: 'admitted' } });
      run(Promise.all([seats.readSchedules(concertId), seats.readHolds(concertId)]));
      // A live frame reports the admission without its expiry.
      if (hasWaited) run(queues.readPlace(concertId));
      const scheduleId = scheduleIdOf(store.state.route);
      if (scheduleId !== null) run(seats.readMap(concertId, scheduleId));
    }
    // Only the concert says whether a wait is unknown because of a pause.
    if (isUnknownWait(visit) && !isUnknownWait(before)) refresh(queues.readConcert(concertId));
    if (visit.place === null && before?.place !== null) {
      if (visit.ended !== null) kept.keepQueueToken(concertId, null);
      // A hold outlives its token.
      run(seats.readHolds(concertId));
    }
  }

  function followSeats(visit: Visit, before: Visit | null): void {
    const { hall, holds } = visit;
    if (hall === null || hall === before?.hall) return;
    refresh(seats.readPlan(hall.scheduleId));
    const lost = lostSeats(before?.hall ?? null, hall, ownSeats(visit));
    // A refused hold has been reported already.
    if (lost.length > 0 && store.state.notice?.kind !== 'problem') {
      store.dispatch({ type: 'noticed', notice: { kind: 'seats-lost', places: placesOf(lost, visit.plan) } });
    }
    // A payment in flight keeps its seats beyond their expiry, and its answer decides about them.
    if (store.state.busy.has('pay') || store.state.busy.has('release')) return;
    const status = new Map(hall.seats.map((seat) => [seat.seatNumber, seat.status]));
    const gone = (holds ?? []).filter(
      (hold) => hold.scheduleId === hall.scheduleId && hold.seq <= hall.seq && status.get(hold.seatNumber) !== 'HELD',
    );
    seats.expire(gone.filter((hold) => hasEnded(hold, store.state.nowMs + CLOCK_LAG_MS)));
    // A hold that disappeared before its expiry was released or paid in another window.
    if (gone.some((hold) => !hasEnded(hold, store.state.nowMs + CLOCK_LAG_MS))) run(seats.readHolds(visit.concertId));
  }

  /** Seats left and queues change all the time. */
  function refreshFigures(): void {
    const view = viewOf(store.state);
    if (view.name === 'concerts') refresh(queues.readConcerts());
    else if (view.name === 'lobby') refresh(queues.readListed(view.concert.concertId));
    else if (view.name === 'dates') refresh(seats.readSchedules(view.concert.concertId));
  }

  /** A refusal because of the token means that the page has missed the token's change. */
  function followRefusal({ notice, visit }: PageState): void {
    if (visit === null || notice?.kind !== 'problem' || !/^QUEUE_(?:TOKEN|NOT)_/.test(notice.code)) return;
    run(queues.readPlace(visit.concertId));
  }

  function endPassing({ notice }: PageState): void {
    clearTimeout(noticing);
    if (notice === null || !isPassing(notice)) return;
    noticing = setTimeout(() => store.dispatch({ type: 'noticed', notice: null }), PASSING_NOTICE_MS);
  }

  /** After sleep the timers are late, and another window may have changed something. */
  function wakeUp(): void {
    const { visit } = store.state;
    if (visit !== null && (visit.concert === null || visit.place === 'unknown')) {
      refresh(queues.visit(visit.concertId));
    } else if (visit !== null) {
      refresh(queues.readPlace(visit.concertId));
      refresh(seats.readHolds(visit.concertId));
    }
    if (kept.queues().length > 0) refresh(queues.readPlaces());
    refresh(seats.readOwnHolds());
  }

  function tick(): void {
    const nowMs = link.serverNow() ?? client.serverNow();
    store.dispatch({ type: 'ticked', nowMs });
    const { visit, busy } = store.state;
    if (!busy.has('pay')) seats.expire((visit?.holds ?? []).filter((hold) => hasEnded(hold, nowMs)));
  }

  store.watch((state, before) => {
    if (state.route !== before.route) arrive(state.route, before.route);
    if (state.visit !== null && state.visit.place !== before.visit?.place) followPlace(state.visit, before.visit);
    if (state.visit !== before.visit && state.visit !== null) followSeats(state.visit, before.visit);
    if (state.notice !== before.notice) {
      followRefusal(state);
      endPassing(state);
    }
    if (state.language !== before.language) kept.keepLanguage(state.language);
    link.attend(attentionOf(state));
  });

  return {
    start(returnToken) {
      addEventListener('hashchange', () => {
        const token = takeReturnToken();
        if (token !== null) onReturnToken(token);
        if (hashOf(store.state.route) === location.hash) return;
        store.dispatch({ type: 'went', route: routeOf(location.hash) });
      });
      kept.onChangeElsewhere(() => {
        refresh(accounts.restore());
        wakeUp();
      });
      for (const type of ['online', 'offline'] as const) {
        addEventListener(type, () => {
          store.dispatch({ type: 'network-changed', isOffline: type === 'offline' });
          if (type === 'online') wakeUp();
        });
      }
      store.dispatch({ type: 'network-changed', isOffline: !navigator.onLine });
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState !== 'visible') return;
        wakeUp();
        refreshing.wake();
      });
      refreshing.start(FIGURES_REFRESH_MS, refreshFigures);
      setInterval(tick, TICK_MS);
      setInterval(() => {
        if (kept.queues().length > 0) refresh(queues.readPlaces());
        // Another tab or machine may have paid or released them.
        if (toPay(store.state).length > 0) refresh(seats.readOwnHolds());
      }, PLACES_REFRESH_MS);
      if (kept.queues().length > 0) refresh(queues.readPlaces());
      arrive(store.state.route, null);
      run(accounts.restore().then(() => (returnToken === null ? undefined : onReturnToken(returnToken))));
      if (kept.accessToken() !== null) run(Promise.all([wallet.readBalance(), seats.readOwnHolds()]));
    },
    arrive: (route) => arrive(route, route),
  };
}

function hasEnded({ expiresAt }: Reservation, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs;
}

function isActive(visit: Visit | null): boolean {
  return visit !== null && visit.place !== null && visit.place !== 'unknown' && visit.place.status === 'ACTIVE';
}

function isUnknownWait(visit: Visit | null): boolean {
  const place = visit?.place ?? 'unknown';
  return place !== 'unknown' && place.status === 'WAITING' && place.estimatedWaitTime === null;
}

/** Watches only data in view, except the token: the page must notice its end everywhere in the concert. */
function attentionOf(state: PageState): Attention {
  const { visit } = state;
  const view = viewOf(state);
  const isInQueue = visit !== null && visit.place !== null && visit.place !== 'unknown';
  const scheduleId = view.name === 'hall' || view.name === 'checkout' ? view.scheduleId : null;
  return { concertId: isInQueue ? visit.concertId : null, scheduleId };
}
