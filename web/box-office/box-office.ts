import { machineClock } from '../../src/client/platform.ts';
import type { FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { Payment, Reservation } from '../../src/client/answers.ts';
import type { Language } from '../language/language.ts';
import { lostSeats } from '../state/hall-changes.ts';
import type { PageState, Theme, Visit } from '../state/page-state.ts';
import { ownSeats } from '../state/reduce.ts';
import { concertIdOf, hashOf, type Route, routeOf, scheduleIdOf } from '../state/route.ts';
import { viewOf } from '../state/view.ts';
import { createAccountDesk } from './account-desk.ts';
import { createCounter } from './counter.ts';
import { isPassing } from './failure-notice.ts';
import type { KeptTokens } from './kept-tokens.ts';
import { type Attention, createLiveLink } from './live-link.ts';
import type { PageStore } from './page-store.ts';
import { createQueueDesk } from './queue-desk.ts';
import { createSeatDesk } from './seat-desk.ts';
import { createWalletDesk } from './wallet-desk.ts';

/** The figures of the queues on the first page are read so often while somebody looks. */
const CONCERTS_REFRESH_MS = 10_000;
/** Much more often than the service needs to hear of who waits, also where a browser slows down a page in the background. */
const PLACES_REFRESH_MS = 20_000;
/** A map that nobody pushes is read so often. */
const MAP_POLL_MS = 3_000;
const TICK_MS = 1_000;
/** The page's idea of now is up to a tick and the way of a frame behind the service's. */
const CLOCK_LAG_MS = 2_500;

/** What the page's controls can ask for. */
export interface BoxOffice {
  start(): void;
  go(route: Route): void;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: Theme): void;
  /** Joins a concert's queue; who is not signed in is asked for a name first. */
  join(concertId: number): void;
  askToLeave(): void;
  leave(): void;
  askToSignIn(): void;
  signInBy(way: 'register' | 'token'): void;
  register(user: { readonly name: string; readonly email: string }): void;
  useToken(token: string): void;
  signOut(): void;
  closeDialog(): void;
  dismissNotice(): void;
  toggleSeat(seatNumber: number): void;
  moveCursor(seatNumber: number): void;
  dropChoice(): void;
  hold(): void;
  release(reservations: readonly Reservation[]): void;
  pay(): void;
  charge(amount: number): void;
  askToRefund(payment: Payment): void;
  refund(payment: Payment): void;
  readMorePayments(): void;
  readMoreLedger(): void;
}

export interface BoxOfficePorts {
  readonly client: FrontrowClient;
  readonly store: PageStore;
  readonly kept: KeptTokens;
  openLive(token: () => string): LiveClient;
}

/** Does what controls ask for, and keeps what is shown fresh. It lives as long as the page. */
export function createBoxOffice({ client, store, kept, openLive }: BoxOfficePorts): BoxOffice {
  function go(route: Route, how: 'push' | 'replace' = 'push'): void {
    const hash = hashOf(route);
    if (how === 'replace') history.replaceState(null, '', hash);
    else if (location.hash !== hash) history.pushState(null, '', hash);
    store.dispatch({ type: 'went', route });
  }

  const counter = createCounter({ client, kept, store, go });
  const accounts = createAccountDesk(counter);
  const queues = createQueueDesk(counter);
  const seats = createSeatDesk(counter);
  const wallet = createWalletDesk(counter);
  let refreshing: ReturnType<typeof setInterval> | undefined;

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

  /** Errors that were not foreseen are the page's bugs: they are reported, not shown. */
  function run(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      try {
        counter.tell(error);
      } catch {
        reportError(error);
      }
    });
  }

  /** For what nobody has asked for, and what is asked again soon. */
  function refresh(task: Promise<unknown>): void {
    run(
      task.catch((error: unknown) => {
        if (!isPassing(error)) throw error;
      }),
    );
  }

  function arrive(route: Route, before: Route | null): void {
    clearInterval(refreshing);
    const concertId = concertIdOf(route);
    if (concertId !== null && (before === null || concertIdOf(before) !== concertId)) run(queues.visit(concertId));
    switch (route.name) {
      case 'concerts':
        run(queues.readConcerts());
        if (before !== null && kept.queues().length > 0) refresh(queues.readPlaces());
        refreshing = setInterval(() => {
          if (document.visibilityState === 'visible') refresh(queues.readConcerts());
        }, CONCERTS_REFRESH_MS);
        return;
      case 'concert':
        if (before !== null && concertIdOf(before) === concertId) run(seats.readSchedules(route.concertId));
        return;
      case 'hall':
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

  /** Admission and the end of a token come by themselves, while waiting and while shopping. */
  function followPlace(visit: Visit, before: Visit | null): void {
    const { concertId } = visit;
    if (isActive(visit) && !(before?.concertId === concertId && isActive(before))) {
      const hasWaited = before !== null && before.place !== 'unknown' && before.place?.status === 'WAITING';
      if (hasWaited) store.dispatch({ type: 'noticed', notice: { kind: 'admitted' } });
      run(Promise.all([seats.readSchedules(concertId), seats.readHolds(concertId)]));
      // A live place says that the door is open, not for how long.
      if (hasWaited) run(queues.readPlace(concertId));
      const scheduleId = scheduleIdOf(store.state.route);
      if (scheduleId !== null) run(seats.readMap(concertId, scheduleId));
    }
    if (visit.place === null && before?.place !== null) {
      if (visit.ended !== null) kept.keepQueueToken(concertId, null);
      // A hold outlives the token that it was made with.
      run(seats.readHolds(concertId));
    }
  }

  store.watch((state, before) => {
    if (state.route !== before.route) arrive(state.route, before.route);
    if (state.visit !== null && state.visit.place !== before.visit?.place) followPlace(state.visit, before.visit);
    if (state.visit !== before.visit && state.visit !== null) followSeats(state.visit, before.visit);
    if (state.notice !== before.notice) followRefusal(state);
    if (state.language !== before.language) kept.keepLanguage(state.language);
    link.attend(attentionOf(state));
  });

  function followSeats(visit: Visit, before: Visit | null): void {
    const { hall, holds } = visit;
    if (hall === null || hall === before?.hall) return;
    const lost = lostSeats(before?.hall ?? null, hall, ownSeats(visit));
    // A refused hold has said so already.
    if (lost.length > 0 && store.state.notice?.kind !== 'problem') {
      store.dispatch({ type: 'noticed', notice: { kind: 'seats-lost', seatNumbers: lost } });
    }
    // A payment that is being decided keeps its seats beyond their time, and its answer says what became of them.
    if (store.state.busy.has('pay') || store.state.busy.has('release')) return;
    const status = new Map(hall.seats.map((seat) => [seat.seatNumber, seat.status]));
    const gone = (holds ?? []).filter(
      (hold) => hold.scheduleId === hall.scheduleId && hold.seq <= hall.seq && status.get(hold.seatNumber) !== 'HELD',
    );
    seats.expire(gone.filter((hold) => hasEnded(hold, store.state.nowMs + CLOCK_LAG_MS)));
    // What is gone before its time was released or paid in another window.
    if (gone.some((hold) => !hasEnded(hold, store.state.nowMs + CLOCK_LAG_MS))) run(seats.readHolds(visit.concertId));
  }

  /** A refusal for the token's sake says that the page has missed what became of it. */
  function followRefusal({ notice, visit }: PageState): void {
    if (visit === null || notice?.kind !== 'problem' || !/^QUEUE_(?:TOKEN|NOT)_/.test(notice.code)) return;
    run(queues.readPlace(visit.concertId));
  }

  /** Coming back to a page that slept: timers did not run, and another window may have been at work. */
  function wakeUp(): void {
    const { visit } = store.state;
    if (visit !== null && (visit.concert === null || visit.place === 'unknown')) {
      refresh(queues.visit(visit.concertId));
    } else if (visit !== null) {
      refresh(queues.readPlace(visit.concertId));
      refresh(seats.readHolds(visit.concertId));
    }
    if (kept.queues().length > 0) refresh(queues.readPlaces());
  }

  function tick(): void {
    const nowMs = link.serverNow() ?? client.serverNow();
    store.dispatch({ type: 'ticked', nowMs });
    const { visit, busy } = store.state;
    if (!busy.has('pay')) seats.expire((visit?.holds ?? []).filter((hold) => hasEnded(hold, nowMs)));
  }

  function signedIn(isDone: boolean): void {
    if (!isDone) return;
    const { dialog, route } = store.state;
    store.dispatch({ type: 'dialog-closed' });
    run(wallet.readBalance());
    if (dialog?.name === 'sign-in' && dialog.joins !== null) run(queues.join(dialog.joins));
    else arrive(route, route);
  }

  function askToSignIn(joins: number | null): void {
    store.dispatch({ type: 'dialog-opened', dialog: { name: 'sign-in', joins, way: 'register', fault: null } });
  }

  return {
    start() {
      addEventListener('hashchange', () => {
        if (hashOf(store.state.route) === location.hash) return;
        store.dispatch({ type: 'noticed', notice: null });
        store.dispatch({ type: 'went', route: routeOf(location.hash) });
      });
      kept.onChangeElsewhere(() => {
        refresh(accounts.restore());
        wakeUp();
      });
      addEventListener('online', wakeUp);
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') wakeUp();
      });
      setInterval(tick, TICK_MS);
      setInterval(() => {
        if (kept.queues().length > 0) refresh(queues.readPlaces());
      }, PLACES_REFRESH_MS);
      if (kept.queues().length > 0) refresh(queues.readPlaces());
      arrive(store.state.route, null);
      run(accounts.restore());
      if (kept.accessToken() !== null) run(wallet.readBalance());
    },
    go: (route) => go(route),
    chooseLanguage: (language) => store.dispatch({ type: 'language-chosen', language }),
    chooseTheme(theme) {
      kept.keepTheme(theme);
      store.dispatch({ type: 'theme-chosen', theme });
    },
    join(concertId) {
      if (kept.accessToken() === null) askToSignIn(concertId);
      else run(queues.join(concertId));
    },
    askToLeave: () => store.dispatch({ type: 'dialog-opened', dialog: { name: 'leave' } }),
    leave() {
      const { visit } = store.state;
      if (visit !== null) run(queues.leave(visit.concertId));
    },
    askToSignIn: () => askToSignIn(null),
    signInBy(way) {
      const { dialog } = store.state;
      if (dialog?.name === 'sign-in')
        store.dispatch({ type: 'dialog-opened', dialog: { ...dialog, way, fault: null } });
    },
    register: (user) => run(accounts.register(user).then(signedIn)),
    useToken: (token) => run(accounts.useToken(token).then(signedIn)),
    signOut() {
      accounts.signOut();
      go({ name: 'concerts' });
    },
    closeDialog: () => store.dispatch({ type: 'dialog-closed' }),
    dismissNotice: () => store.dispatch({ type: 'noticed', notice: null }),
    toggleSeat: (seatNumber) => store.dispatch({ type: 'seat-toggled', seatNumber }),
    moveCursor: (seatNumber) => store.dispatch({ type: 'cursor-moved', seatNumber }),
    dropChoice: () => store.dispatch({ type: 'choice-dropped' }),
    hold: () => run(seats.hold()),
    release: (reservations) => run(seats.release(reservations)),
    pay: () => run(seats.pay()),
    charge: (amount) => run(wallet.charge(amount)),
    askToRefund: (payment) => store.dispatch({ type: 'dialog-opened', dialog: { name: 'refund', payment } }),
    refund: (payment) => run(wallet.refund(payment)),
    readMorePayments: () => run(wallet.readPayments(true)),
    readMoreLedger: () => run(wallet.readLedger(true)),
  };
}

function hasEnded({ expiresAt }: Reservation, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs;
}

function isActive(visit: Visit | null): boolean {
  return visit !== null && visit.place !== null && visit.place !== 'unknown' && visit.place.status === 'ACTIVE';
}

/** Nothing is watched that is not shown, but for the token: its end must be known wherever one is in the concert. */
function attentionOf(state: PageState): Attention {
  const { visit } = state;
  const view = viewOf(state);
  const isInQueue = visit !== null && visit.place !== null && visit.place !== 'unknown';
  const scheduleId = view.name === 'hall' || view.name === 'checkout' ? view.scheduleId : null;
  return { concertId: isInQueue ? visit.concertId : null, scheduleId };
}
