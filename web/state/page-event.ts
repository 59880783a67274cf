import type {
  ConcertWithQueue,
  ListedConcert,
  Payment,
  QueueToken,
  Reservation,
  Schedule,
  User,
  WalletEntry,
} from '../../src/client/answers.ts';
import type { BestSeatsWish } from '../../src/client/shopper-client.ts';
import type { LivePlace, LiveSeatMap } from '../../src/client/live/live-events.ts';
import type { Language } from '../language/language.ts';
import type { Notice } from './notice.ts';
import type { Action, Connection, Dialog, Listing, Theme } from './page-state.ts';
import type { Route } from './route.ts';
import type { SeatPlan } from './seat-plan.ts';

/** A map from any source; `changed` are the seats that it changes, if known. */
export type SeatMapSeen = Pick<LiveSeatMap, 'scheduleId' | 'seats' | 'epoch' | 'seq'> & {
  readonly changed: readonly number[] | null;
};

/** All events of the page. */
export type PageEvent =
  | { readonly type: 'language-chosen'; readonly language: Language }
  | { readonly type: 'theme-chosen'; readonly theme: Theme }
  | { readonly type: 'ticked'; readonly nowMs: number }
  | { readonly type: 'went'; readonly route: Route }
  | { readonly type: 'signed-in'; readonly user: User }
  | { readonly type: 'signed-out' }
  | { readonly type: 'balance-read'; readonly balance: number }
  | { readonly type: 'concerts-read'; readonly concerts: readonly ListedConcert[] }
  | { readonly type: 'upcoming-read'; readonly concerts: readonly ListedConcert[] }
  | { readonly type: 'concert-read'; readonly concert: ConcertWithQueue }
  | { readonly type: 'concert-missing'; readonly concertId: number }
  | { readonly type: 'place-read'; readonly concertId: number; readonly place: QueueToken | null }
  | { readonly type: 'places-read'; readonly places: readonly QueueToken[] }
  | { readonly type: 'place-moved'; readonly concertId: number; readonly place: LivePlace }
  | { readonly type: 'schedules-read'; readonly concertId: number; readonly schedules: readonly Schedule[] }
  | { readonly type: 'plan-read'; readonly plan: SeatPlan }
  | { readonly type: 'map-seen'; readonly map: SeatMapSeen }
  | { readonly type: 'seat-toggled'; readonly seatNumber: number }
  | { readonly type: 'cursor-moved'; readonly seatNumber: number }
  | { readonly type: 'price-picked'; readonly price: string | null }
  | { readonly type: 'wishing-turned'; readonly isOn: boolean }
  | { readonly type: 'wished'; readonly wish: BestSeatsWish }
  | { readonly type: 'seats-picked'; readonly seatNumbers: readonly number[] }
  | { readonly type: 'need-declared'; readonly isAccessible: boolean }
  | { readonly type: 'holds-read'; readonly concertId: number; readonly holds: readonly Reservation[] }
  | { readonly type: 'own-holds-read'; readonly holds: readonly Reservation[] }
  | { readonly type: 'held'; readonly reservations: readonly Reservation[] }
  | { readonly type: 'extended'; readonly reservations: readonly Reservation[] }
  | { readonly type: 'unheld'; readonly reservationIds: readonly string[] }
  | { readonly type: 'paid'; readonly payment: Payment }
  | { readonly type: 'ticket-read'; readonly payment: Payment }
  | { readonly type: 'ticket-missing' }
  | { readonly type: 'payments-read'; readonly listing: Listing<Payment>; readonly isMore: boolean }
  | { readonly type: 'ledger-read'; readonly listing: Listing<WalletEntry>; readonly isMore: boolean }
  | { readonly type: 'network-changed'; readonly isOffline: boolean }
  | { readonly type: 'connection-changed'; readonly connection: Connection }
  | { readonly type: 'noticed'; readonly notice: Notice | null }
  | { readonly type: 'dialog-opened'; readonly dialog: Dialog }
  | { readonly type: 'dialog-closed' }
  | { readonly type: 'began'; readonly action: Action; readonly by: string }
  | { readonly type: 'finished'; readonly action: Action }
  | { readonly type: 'announced'; readonly text: string };
