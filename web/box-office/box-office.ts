import type { Payment, Reservation } from '../../src/client/answers.ts';
import type { FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { BestSeatsWish } from '../../src/client/shopper-client.ts';
import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { Language } from '../language/language.ts';
import type { Dialog, Theme } from '../state/page-state.ts';
import { endOfToken, returnLink } from '../state/return-link.ts';
import { hashOf, type Route } from '../state/route.ts';
import { createAccountDesk } from './account-desk.ts';
import { createCounter } from './counter.ts';
import type { KeptTokens } from './kept-tokens.ts';
import type { PageStore } from './page-store.ts';
import { createQueueDesk } from './queue-desk.ts';
import { createSeatDesk } from './seat-desk.ts';
import { createUpkeep } from './upkeep.ts';
import { createWalletDesk } from './wallet-desk.ts';

/** The requests that the page's controls can make. */
export interface BoxOffice {
  /** `returnToken` is the token of the return link that opened the page, if one did. */
  start(returnToken: string | null): void;
  go(route: Route): void;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: Theme): void;
  /** Joins a concert's queue; a fan who is not signed in must give a name first. */
  join(concertId: number): void;
  askToLeave(): void;
  leave(): void;
  askToSignIn(): void;
  signInBy(way: 'register' | 'token'): void;
  register(user: { readonly name: string; readonly email: string }): void;
  useToken(token: string): void;
  askToSignOut(): void;
  signOut(): void;
  showReturnLink(): void;
  copyReturnLink(): void;
  /** Opens the account that the open dialog asks about. */
  switchAccount(): void;
  closeDialog(): void;
  dismissNotice(): void;
  toggleSeat(seatNumber: number): void;
  moveCursor(seatNumber: number): void;
  /** Shows the seats of one price alone, by the key of its group; null: of all prices. */
  pickPrice(price: string | null): void;
  hold(): void;
  /** Turns from the map to a search by the service, and back. */
  turnToWishing(isOn: boolean): void;
  declareNeed(isAccessible: boolean): void;
  /** Has the service choose seats, and holds them. */
  holdBest(wish: BestSeatsWish): void;
  /** Holds these seats in place of the chosen ones. */
  holdInstead(seatNumbers: readonly number[]): void;
  extend(hold: Pick<Reservation, 'concertId' | 'scheduleId'>): void;
  release(reservations: readonly Reservation[]): void;
  pay(): void;
  /** Charges what the wallet lacks, and pays. */
  topUpAndPay(): void;
  /** `by` names the pressed control. */
  charge(amount: number, by: string): void;
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

/** Carries out the controls' requests and keeps the page up to date. It lives as long as the page. */
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
  const upkeep = createUpkeep({
    counter,
    accounts,
    queues,
    seats,
    wallet,
    openLive,
    onReturnToken: (token) => run(accounts.useReturnLink(token).then(welcome)),
  });
  const { run } = counter;

  function signedIn(isDone: boolean): void {
    if (!isDone) return;
    const { dialog, route } = store.state;
    store.dispatch({ type: 'dialog-closed' });
    run(Promise.all([wallet.readBalance(), seats.readOwnHolds()]));
    if (dialog?.name === 'sign-in' && dialog.joins !== null) run(queues.join(dialog.joins));
    else upkeep.arrive(route);
  }

  async function copyLink(dialog: Dialog & { name: 'return-link' }): Promise<void> {
    try {
      await navigator.clipboard.writeText(dialog.link);
    } catch {
      // A browser may forbid this. The selected link can be copied by hand.
      document.querySelector<HTMLInputElement>('#return-link')?.select();
      return;
    }
    store.dispatch({ type: 'dialog-opened', dialog: { ...dialog, isCopied: true } });
  }

  function welcome(isDone: boolean): void {
    signedIn(isDone);
    const { account } = store.state;
    if (!isDone || typeof account !== 'object') return;
    // After the requests of the page, which put away older notices.
    store.dispatch({ type: 'noticed', notice: { kind: 'welcome', name: account.name } });
  }

  function askToSignIn(joins: number | null): void {
    store.dispatch({ type: 'dialog-opened', dialog: { name: 'sign-in', joins, way: 'register', fault: null } });
  }

  return {
    start: upkeep.start,
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
    askToSignOut: () => store.dispatch({ type: 'dialog-opened', dialog: { name: 'sign-out' } }),
    showReturnLink() {
      const token = kept.accessToken();
      if (token === null) return;
      const dialog = {
        name: 'return-link',
        link: returnLink(location.origin, token),
        endMs: endOfToken(token),
      } as const;
      store.dispatch({ type: 'dialog-opened', dialog: { ...dialog, isCopied: false } });
    },
    copyReturnLink() {
      const { dialog } = store.state;
      if (dialog?.name === 'return-link') run(copyLink(dialog));
    },
    switchAccount() {
      const { dialog } = store.state;
      if (dialog?.name !== 'switch-account') return;
      accounts.switchTo(dialog.accessToken, dialog.user);
      welcome(true);
    },
    signOut() {
      accounts.signOut();
      go({ name: 'concerts' });
    },
    closeDialog: () => store.dispatch({ type: 'dialog-closed' }),
    dismissNotice: () => store.dispatch({ type: 'noticed', notice: null }),
    toggleSeat: (seatNumber) => store.dispatch({ type: 'seat-toggled', seatNumber }),
    moveCursor: (seatNumber) => store.dispatch({ type: 'cursor-moved', seatNumber }),
    pickPrice: (price) => store.dispatch({ type: 'price-picked', price }),
    hold: () => run(seats.hold()),
    turnToWishing: (isOn) => store.dispatch({ type: 'wishing-turned', isOn }),
    declareNeed: (isAccessible) => store.dispatch({ type: 'need-declared', isAccessible }),
    holdBest: (wish) => run(seats.holdBest(wish)),
    holdInstead(seatNumbers) {
      store.dispatch({ type: 'seats-picked', seatNumbers });
      run(seats.hold());
    },
    extend: (hold) => run(seats.extend(hold)),
    release: (reservations) => run(seats.release(reservations)),
    pay: () => run(seats.pay()),
    topUpAndPay: () => run(seats.pay(wallet.cover)),
    charge: (amount, by) => run(wallet.charge(amount, by)),
    askToRefund: (payment) => store.dispatch({ type: 'dialog-opened', dialog: { name: 'refund', payment } }),
    refund: (payment) => run(wallet.refund(payment)),
    readMorePayments: () => run(wallet.readPayments(true)),
    readMoreLedger: () => run(wallet.readLedger(true)),
  };
}
