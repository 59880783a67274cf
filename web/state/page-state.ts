import type {
  Concert,
  ConcertWithQueue,
  Payment,
  QueueToken,
  Reservation,
  Schedule,
  User,
  WalletEntry,
} from '../../src/client/answers.ts';
import type { LiveSeat } from '../../src/client/live/live-events.ts';
import type { Language } from '../language/language.ts';
import type { Notice } from './notice.ts';
import type { Route } from './route.ts';

/**
 * Everything that the page shows comes from this. What the service knows is only mirrored here: a reload begins with
 * nothing but the tokens and finds the same again.
 */
export interface PageState {
  readonly language: Language;
  readonly theme: Theme;
  readonly route: Route;
  /** The service's clock, epoch milliseconds; moves on once a second. */
  readonly nowMs: number;
  /** `unknown` until the kept token was tried. */
  readonly account: User | 'unknown' | 'none';
  /** Won; null until it was read. */
  readonly balance: number | null;
  readonly concerts: readonly OnSale[] | null;
  /** What is known of concerts by id, also of those that are no longer on sale. */
  readonly concertById: ReadonlyMap<number, Concert>;
  readonly visit: Visit | null;
  /** Where one stands in the queues of all concerts, as was last asked. */
  readonly places: ReadonlyMap<number, QueueToken>;
  readonly payments: Listing<Payment> | null;
  readonly ledger: Listing<WalletEntry> | null;
  /** The payment that the ticket's route names. */
  readonly ticket: Payment | 'missing' | null;
  readonly connection: Connection;
  readonly notice: Notice | null;
  readonly dialog: Dialog | null;
  /** What was asked and is not answered yet. */
  readonly busy: ReadonlySet<Action>;
  /** What readers of the screen are told; `serial` makes a repetition heard. */
  readonly announcement: { readonly text: string; readonly serial: number };
}

export type Theme = 'system' | 'light' | 'dark';

export type OnSale = Concert & Partial<Pick<ConcertWithQueue, 'queue'>>;

/**
 * How fresh what is shown is kept. `restored` is shown for a moment after a break. `polling`: the service is asked again and
 * again, because no live connection comes about.
 */
export type Connection = 'none' | 'connecting' | 'live' | 'reconnecting' | 'restored' | 'polling';

export type Action =
  | 'sign-in'
  | 'join'
  | 'leave'
  | 'schedules'
  | 'hold'
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
  | { readonly name: 'leave' };

export interface Listing<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** One concert, from its lobby to the till. */
export interface Visit {
  readonly concertId: number;
  readonly concert: ConcertWithQueue | 'missing' | null;
  /** `unknown` until the kept token was tried; null outside of the queue. */
  readonly place: QueueToken | 'unknown' | null;
  /** The furthest back that the token was seen since it waits, for the bar that fills. */
  readonly furthestPosition: number;
  /** How the last token ended. */
  readonly ended: QueueToken['status'] | null;
  readonly schedules: readonly Schedule[] | null;
  readonly hall: Hall | null;
  /** The caller's HELD reservations of this concert; null until they were read. */
  readonly holds: readonly Reservation[] | null;
}

export interface Hall {
  readonly scheduleId: number;
  readonly seats: readonly LiveSeat[];
  readonly epoch: number;
  readonly seq: number;
  /** Seats chosen and not yet held, in the order chosen. */
  readonly chosen: readonly number[];
  /** By seat: counts how often it was seen to change, so that each change can be shown once. */
  readonly changes: ReadonlyMap<number, number>;
  /** The seat that the keyboard is on; null before it was. */
  readonly cursor: number | null;
}

export function startingState(given: Pick<PageState, 'language' | 'theme' | 'nowMs'>): PageState {
  return {
    ...given,
    route: { name: 'concerts' },
    account: 'unknown',
    balance: null,
    concerts: null,
    concertById: new Map(),
    visit: null,
    places: new Map(),
    payments: null,
    ledger: null,
    ticket: null,
    connection: 'none',
    notice: null,
    dialog: null,
    busy: new Set(),
    announcement: { text: '', serial: 0 },
  };
}
