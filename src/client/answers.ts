/**
 * The service's answers as the contract shapes them. Shapes that the service already declares are derived from its
 * declarations: instants, which are epoch milliseconds inside (`…AtMs`), travel as ISO 8601 UTC (`…At`).
 */
import type * as measured from '../health/activity.ts';
import type { ActivitySample as MeasuredSample } from '../health/activity-sample.ts';
import type { AdminKey as Key, AdminRole } from '../domain/admin.ts';
import type { BuyerHold, BuyerToken } from '../domain/buyer.ts';
import type { Cancellation as Cancelled } from '../domain/cancellation.ts';
import type * as inside from '../domain/catalogue.ts';
import type { HealthReason, Verdict } from '../health/health-verdict.ts';
import type { NodeState } from '../health/cluster-verdict.ts';
import type { ClusterOverview, ConcertSales, NodeOverview, ScheduleOccupancy } from '../health/overview.ts';
import type { SnapshotSeat } from '../domain/live-frames.ts';
import type * as paid from '../domain/payment.ts';
import type { QueueCounts } from '../domain/queue-token.ts';
import type * as reported from '../domain/reports.ts';
import type { NamedReservation as Reservation } from '../domain/reservation.ts';
import type * as drawn from '../domain/seat-plan.ts';
import type { User } from '../domain/user.ts';
import type { WalletEntry } from '../domain/wallet.ts';

export type { AdminLogEntry, AdminRole } from '../domain/admin.ts';
export type { ConcertQueue } from '../domain/catalogue.ts';
export type { Page } from '../domain/page.ts';
export type { QueueCounts, QueueToken } from '../domain/queue-token.ts';
export type {
  ChangedSeats,
  NamedReservation as Reservation,
  ReservationStatus,
  SeatStatus,
} from '../domain/reservation.ts';
export type { User } from '../domain/user.ts';
export type { Balance, ChargeReceipt, WalletEntry } from '../domain/wallet.ts';

/** `T` as JSON carries it. */
type OnTheWire<T> = {
  readonly [K in keyof T as K extends `${infer Name}AtMs` ? `${Name}At` : K]: K extends `${string}AtMs`
    ? string | Extract<T[K], null>
    : T[K];
};

export interface AccessToken {
  readonly accessToken: string;
  readonly accessTokenExpiresAt: string;
}

export type RegisteredUser = Omit<User, 'createdAt'> & AccessToken;

/** The prices are those of the concert's dates, in won; null without dates. */
export type Concert = Omit<OnTheWire<inside.Concert>, 'queue' | 'version' | 'cancelledAt'> & {
  readonly cancelled: boolean;
  readonly priceFrom: number | null;
  readonly priceTo: number | null;
};
/** `schedules` are those that have not begun, ordered by start. */
export type ConcertWithQueue = Concert & {
  readonly schedules: readonly Schedule[];
  readonly queue: QueueCounts;
  /** Held and bought seats that a user may have of one date. */
  readonly maxSeatsPerUser: number;
};
/** At most 3 s old. `queue` is null before booking opens, and while the waiting room is unavailable. */
export type ListedConcert = Omit<ConcertWithQueue, 'queue' | 'maxSeatsPerUser'> & {
  readonly queue: QueueCounts | null;
};
export type ConcertWithPolicy = Concert & { readonly queue: inside.ConcertQueue };
export type Schedule = Omit<
  OnTheWire<inside.ScheduleWithAvailability>,
  'concertId' | 'closed' | 'cancellationId' | 'version' | 'plan'
>;

export type PlannedSeat = drawn.PlanSeat & { readonly seatNumber: number };

/** Where the seats of a schedule are, what they are called, and what each price level costs. */
export interface SchedulePlan {
  readonly scheduleId: number;
  /** Null for a hall that nobody has drawn. */
  readonly planId: number | null;
  readonly version: number | null;
  readonly name: string | null;
  /** The lowest price of each level's seats, in won. */
  readonly levels: readonly { readonly name: string; readonly price: number }[];
  readonly sections: readonly {
    /** Empty in a hall that nobody has drawn. */
    readonly name: string;
    readonly rows: readonly { readonly label: string; readonly seats: readonly PlannedSeat[] }[];
  }[];
}

interface PlanVersion {
  readonly version: number;
  readonly totalSeats: number;
  readonly createdAt: string;
}

/** A plan of a hall without its seats. */
export interface SeatPlanSummary {
  readonly planId: number;
  readonly name: string;
  readonly versions: readonly PlanVersion[];
}

/** A version of a plan. */
export type SeatPlanVersion = SeatPlanSummary &
  PlanVersion &
  Pick<SchedulePlan, 'sections'> & { readonly levels: readonly { readonly name: string }[] };

/** A seat of a map. Only HELD seats have `heldUntil`; only the caller's seats have `mine`. */
export type MapSeat = SnapshotSeat & { readonly mine?: true };

export interface SeatMap {
  readonly scheduleId: number;
  readonly epoch: number;
  readonly seq: number;
  /** The organiser has cancelled the date: nothing is on sale. */
  readonly cancelled?: true;
  readonly availableSeats: number;
  /** Ordered by seat number. */
  readonly seats: readonly MapSeat[];
}

/** The map as organisers see it. */
export type AdminSeatMap = Omit<SeatMap, 'seats' | 'cancelled'> & {
  /** Ordered by seat number. `userId`: who holds or has bought the seat. */
  readonly seats: readonly (Pick<MapSeat, 'seatNumber' | 'price' | 'status'> & {
    readonly heldUntil: string | null;
    readonly userId: string | null;
  })[];
};

export interface Holds {
  /** In the order of the request. */
  readonly reservations: readonly Reservation[];
  /** False when the caller held all of these seats already; their expiry is unchanged then. */
  readonly isNew: boolean;
}

export type Payment = Omit<paid.Payment, 'reservations'> & { readonly reservations: readonly Reservation[] };

/** The payment that this call made; `remainingBalance` in won. */
export type PaymentReceipt = Payment & { readonly remainingBalance: number };

/** Instants are ISO 8601. Members that `queue` leaves out take the service's defaults. */
/** A cancellation of a date, or of a concert with all its dates. Payments that could not be refunded are parked. */
export type Cancellation = OnTheWire<Cancelled>;

/** A buyer at the box office. The lists are newest first, and `next` has the cursor of each. */
export interface BuyerActivity {
  readonly user: User;
  /** Whole won. Null, as `ledger`, for a key that is limited to concerts. */
  readonly balance: number | null;
  readonly queueTokens: readonly BuyerToken[];
  readonly holds: readonly (Reservation & Pick<BuyerHold, 'endedAt'>)[];
  readonly payments: readonly Payment[];
  readonly ledger: readonly WalletEntry[] | null;
  readonly next: Readonly<Record<'queueTokens' | 'holds' | 'payments' | 'ledger', string | null>>;
}

export type NewConcert = Omit<OnTheWire<inside.NewConcert>, 'timeZone' | 'queue'> & {
  /** IANA name; `Asia/Seoul` when left out. */
  readonly timeZone?: string;
  readonly queue?: Partial<inside.ConcertQueue>;
};

/** The sales by concert, date, section or hour. Sums are in seats and in won. */
export interface SalesReport {
  readonly by: reported.SalesGroup;
  /** Null: all concerts of the key. */
  readonly concertId: number | null;
  readonly at: string;
  readonly rows: readonly OnTheWire<reported.SalesRow>[];
  readonly totals: reported.SalesReport['totals'];
}

/** `at` is when it was decided, `loggedAt` when it was written. */
export type SeatChange = Omit<OnTheWire<reported.SeatChange>, 'atMs'> & { readonly at: string | null };

export type AdminKey = OnTheWire<Key>;

/** The key that is asking. */
export interface AdminSession {
  /** The API key, or `root` for ADMIN_TOKEN. */
  readonly keyId: string;
  readonly name: string;
  readonly role: AdminRole;
  /** The roles of routes that the key may call. */
  readonly actsAs: readonly AdminRole[];
  readonly concertIds: readonly number[] | null;
}

/** `secret` is the bearer token; null in the replay of a creation. */
export type AdminKeyWithSecret = AdminKey & { readonly secret: string | null };

export type NewAdminKey = Pick<AdminKey, 'name' | 'role'> & {
  /** Limits the key to these concerts. */
  readonly concertIds?: readonly number[];
  readonly expiresAt?: string;
};

/** A date as its organiser sees it. */
export type AdminSchedule = Schedule &
  Pick<inside.Schedule, 'closed' | 'cancellationId' | 'version'> & {
    readonly planId: number | null;
    readonly planVersion: number | null;
  };

/** A concert as its organiser sees it, with its dates. */
export type AdminConcert = ConcertWithPolicy & {
  readonly version: number;
  readonly schedules: readonly AdminSchedule[];
};

export type ScheduleChange = Partial<
  Pick<AdminSchedule, 'startsAt' | 'endsAt' | 'reservationOpensAt' | 'closed' | 'singleSeats' | 'accessibleReleaseAt'>
> & {
  /** A newer version of the plan. */
  readonly planVersion?: number;
  /** Prices of levels, in won, for the seats that are new in them. */
  readonly levels?: readonly { readonly name: string; readonly price: number }[];
};

export interface ChangedPrices {
  readonly scheduleId: number;
  /** Named seats with a live reservation, which keep their price. */
  readonly unchanged: readonly number[];
}

export interface PriceRange {
  readonly from: number;
  readonly to: number;
  /** Won. */
  readonly price: number;
}

export type NewSchedule = {
  readonly startsAt: string;
  readonly endsAt?: string;
  readonly reservationOpensAt?: string;
  readonly singleSeats?: inside.Schedule['singleSeats'];
  readonly accessibleReleaseAt?: string | null;
  /** 50 when left out. */
  readonly seatCount?: number;
} & (
  | { /** Won, of every seat. */ readonly price: number }
  | { /** Cover every seat once. */ readonly prices: readonly PriceRange[] }
  | {
      readonly planId: number;
      /** The price of each level of the plan's newest version, in won. */
      readonly levels: readonly { readonly name: string; readonly price: number }[];
    }
);

type Sales = Omit<ConcertSales, 'concertId'>;

export type OccupiedSchedule = OnTheWire<ScheduleOccupancy> & { readonly availableSeats: number };

interface Rates {
  readonly holds: number;
  readonly payments: number;
  readonly refunds: number;
  readonly admissions: number;
  readonly answers: number;
  readonly refusals: number;
}

type WordedVerdict = Omit<Verdict, 'reasons'> & {
  /** The worst first; `detail` is in the requested language. */
  readonly reasons: readonly (HealthReason & { readonly detail: string })[];
};

export type Overview = Pick<ClusterOverview, 'ownedSchedules' | 'schedulesLeftOut'> & {
  /** Of all nodes: the state of the worst. */
  readonly verdict: WordedVerdict;
  readonly nodes: readonly (NodeOverview & {
    readonly state: NodeState;
    /** When it died, stopped or published last. */
    readonly since: string | null;
    /** Why it may not serve. */
    readonly reasons: readonly string[];
    readonly liveSockets: number | null;
    readonly rates: Rates;
  })[];
  /** Means per second over the last ten seconds, of all nodes. */
  readonly rates: Rates;
  readonly concerts: readonly (Pick<Concert, 'concertId' | 'title'> & {
    readonly queue: QueueCounts;
    readonly policy: inside.ConcertQueue;
  } & Sales)[];
  /** Ordered by start; schedules that have begun come last. */
  readonly schedules: readonly OccupiedSchedule[];
  readonly totals: Pick<QueueCounts, 'waiting' | 'active'> & Sales & { readonly liveSockets: number | null };
};

export type ActivitySample = Omit<MeasuredSample, 'atMs'> & { readonly at: string };

/** The last minutes of all nodes, second by second. */
export type ActivityReport = Omit<measured.ActivityReport, 'verdict' | 'samples'> & {
  readonly serverTime: string;
  readonly verdict: WordedVerdict;
  readonly samples: readonly ActivitySample[];
};
