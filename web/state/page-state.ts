import type {
  Concert,
  ListedConcert,
  Payment,
  QueueToken,
  Reservation,
  Schedule,
  User,
  WalletEntry,
} from '../../src/client/answers.ts';
import type { BestSeatsWish } from '../../src/client/shopper-client.ts';
import type { LiveSeat } from '../../src/client/live/live-events.ts';
import type { Language } from '../language/language.ts';
import type { Notice } from './notice.ts';
import type { Route } from './route.ts';
import type { SeatPlan } from './seat-plan.ts';

/** The complete input of the page. It only mirrors the service: a reload starts with just the tokens and reaches the same state. */
export interface PageState {
  readonly language: Language;
  readonly theme: Theme;
  readonly route: Route;
  /** The service's clock in epoch milliseconds; advances once a second. */
  readonly nowMs: number;
  /** `unknown` until the kept token has been checked. */
  readonly account: User | 'unknown' | 'none';
  /** Won; null until it has been read. */
  readonly balance: number | null;
  /** Those whose booking is open; null until they have been read. */
  readonly concerts: readonly ListedConcert[] | null;
  /** Those whose booking opens later. */
  readonly upcoming: readonly ListedConcert[];
  /** The known concerts by id, including those that are no longer on sale. */
  readonly concertById: ReadonlyMap<number, Concert>;
  readonly visit: Visit | null;
  /** The fan's places in the queues of all concerts, as last read. */
  readonly places: ReadonlyMap<number, QueueToken>;
  /** The fan's holds of all concerts, as last read; expired ones may be among them. */
  readonly ownHolds: readonly Reservation[];
  readonly payments: Listing<Payment> | null;
  readonly ledger: Listing<WalletEntry> | null;
  /** The payment in the ticket's route. */
  readonly ticket: Payment | 'missing' | null;
  readonly connection: Connection;
  /** Seats that a user may hold and have bought of one date; null until it has been read. */
  readonly maxSeatsPerUser: number | null;
  /** Whether the browser has no network, as it says itself. */
  readonly isOffline: boolean;
  readonly notice: Notice | null;
  readonly dialog: Dialog | null;
  /** Actions that have not been answered yet, each with the control that began it where several can. */
  readonly busy: ReadonlyMap<Action, string>;
  /** The text for screen readers; `serial` makes them announce a repetition. */
  readonly announcement: { readonly text: string; readonly serial: number };
}

export type Theme = 'system' | 'light' | 'dark';

/**
 * How the page stays up to date. `restored` shows briefly after a break. `polling`: the page polls the service, because no live
 * connection opens.
 */
export type Connection = 'none' | 'connecting' | 'live' | 'reconnecting' | 'restored' | 'polling';

export type Action =
  | 'sign-in'
  | 'join'
  | 'leave'
  | 'schedules'
  | 'hold'
  | 'extend'
  | 'release'
  | 'pay'
  | 'charge'
  | 'refund'
  | 'payments'
  | 'ledger';

export type Dialog =
  | {
      readonly name: 'sign-in';
      /** The concert whose queue is joined afterwards. */
      readonly joins: number | null;
      readonly way: 'register' | 'token';
      readonly fault: Notice | null;
    }
  | { readonly name: 'refund'; readonly payment: Payment }
  | { readonly name: 'leave' }
  | { readonly name: 'sign-out' }
  | {
      readonly name: 'return-link';
      readonly link: string;
      /** When the link stops working, in epoch milliseconds; null if that is not known. */
      readonly endMs: number | null;
      readonly isCopied: boolean;
    }
  /** The account of an opened return link, while another one is signed in. */
  | { readonly name: 'switch-account'; readonly accessToken: string; readonly user: User };

export interface Listing<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** One concert, from its lobby to the checkout. */
export interface Visit {
  readonly concertId: number;
  readonly concert: ListedConcert | 'missing' | null;
  /** `unknown` until the kept token has been checked; null outside of the queue. */
  readonly place: QueueToken | 'unknown' | null;
  /** The token's largest position since it began to wait, for the progress bar. */
  readonly furthestPosition: number;
  /** How the last token ended. */
  readonly ended: QueueToken['status'] | null;
  readonly schedules: readonly Schedule[] | null;
  /** Where the seats of a date are; null until it has been read. */
  readonly plan: SeatPlan | null;
  readonly hall: Hall | null;
  /** The caller's HELD reservations of this concert; null until they have been read. */
  readonly holds: readonly Reservation[] | null;
}

export interface Hall {
  readonly scheduleId: number;
  readonly seats: readonly LiveSeat[];
  readonly epoch: number;
  readonly seq: number;
  /** Chosen seats without a hold, in the order of choice. */
  readonly chosen: readonly number[];
  /** By seat: the number of changes seen, so that each change is shown once. */
  readonly changes: ReadonlyMap<number, number>;
  /** The seat with the keyboard's focus; null before the first. */
  readonly cursor: number | null;
  /** The price that the fan looks for, by the key of its group; null: all. */
  readonly onlyPrice: string | null;
  /** Whether the fan has the service choose, in place of the map. */
  readonly isWishing: boolean;
  /** What the fan last asked the service to choose; null before. */
  readonly wish: BestSeatsWish | null;
  /** Whether the fan declares the need of a wheelchair space. */
  readonly needsAccessible: boolean;
}

export function startingState(given: Pick<PageState, 'language' | 'theme' | 'nowMs'>): PageState {
  return {
    ...given,
    route: { name: 'concerts' },
    account: 'unknown',
    balance: null,
    concerts: null,
    upcoming: [],
    concertById: new Map(),
    visit: null,
    places: new Map(),
    ownHolds: [],
    payments: null,
    ledger: null,
    ticket: null,
    connection: 'none',
    maxSeatsPerUser: null,
    isOffline: false,
    notice: null,
    dialog: null,
    busy: new Map(),
    announcement: { text: '', serial: 0 },
  };
}
