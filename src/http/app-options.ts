import type { ClusterActivity } from '../health/cluster-activity.ts';
import type { CommandRouter } from '../actors/command.ts';
import type { AdminAnswer, AdminKeyRecords, AdminLog } from '../domain/admin.ts';
import type { BuyerRecords } from '../domain/buyer.ts';
import type { CancellationRuns } from '../booking/cancellation-runs.ts';
import type { Cancellations } from '../domain/cancellation.ts';
import type { Catalogue, QueuePolicy } from '../domain/catalogue.ts';
import type { CatalogueEdits } from '../domain/catalogue-edits.ts';
import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import type { Exports } from '../domain/exports.ts';
import type { GrantRecords, IdempotencyRecords } from '../domain/grant.ts';
import type { Log } from '../runtime/log.ts';
import type { ClusterOverview, QueueLength } from '../health/overview.ts';
import type { PaymentRecords } from '../domain/payment.ts';
import type { QueueGuards, QueueWatch, WaitingRoom } from '../domain/queue-token.ts';
import type { Readiness } from '../health/readiness.ts';
import type { Reports } from '../domain/reports.ts';
import type { ReservationRecords } from '../domain/reservation.ts';
import type { SeatPlans } from '../domain/seat-plan.ts';
import type { SeatSubscriber } from '../domain/seat-broadcast.ts';
import type { SellOuts } from '../domain/sell-outs.ts';
import type { UserRecords } from '../domain/user.ts';
import type { Wallets } from '../domain/wallet.ts';
import type { ConnectionLimits } from './hooks/connection-caps.ts';
import type { Metrics } from './pages/metrics.ts';

/** The rest of the service, as the HTTP side uses it. */
export interface AppDependencies {
  readonly users: UserRecords;
  readonly catalogue: Catalogue;
  readonly edits: CatalogueEdits;
  readonly cancellations: Cancellations;
  readonly cancellationRuns: Pick<CancellationRuns, 'run'>;
  readonly adminKeys: AdminKeyRecords;
  readonly adminLog: AdminLog;
  /** The answers to organisers; their `userId` is the caller of an Admin. */
  readonly adminAnswers: GrantRecords<AdminAnswer>;
  readonly seatPlans: SeatPlans;
  readonly buyers: BuyerRecords;
  readonly exports: Exports;
  readonly reports: Reports;
  readonly sellOuts: SellOuts;
  readonly reservations: ReservationRecords;
  readonly payments: PaymentRecords;
  readonly wallets: Wallets;
  readonly idempotency: IdempotencyRecords;
  readonly room: WaitingRoom & Pick<QueueWatch, 'watch' | 'look'>;
  readonly router: CommandRouter;
  /** The owners' broadcasts of seat changes, for live maps. */
  readonly seats: SeatSubscriber;
  readonly databaseClock: DatabaseClock;
  readonly clock: Clock;
  /** Makes ids of users and payments, by the database's clock: ids of this node sort in the order of creation. */
  readonly newId: () => string;
  readonly log: Log;
  /** From `createMetrics()`; other parts register collectors in its `registry`. */
  readonly metrics: Metrics;
  /** Whether this node may serve now. Every `GET /readyz` calls it. */
  readiness(): Readiness;
  /** Whether this node will stop soon, so that callers should use another one. */
  isDraining(): boolean;
  /** Figures for `GET /admin/overview`. */
  overview(): Promise<ClusterOverview>;
  /** The recorded lines, for when the waiting room is unavailable. Concerts with empty lines may be left out. */
  recordedQueues(): Promise<readonly QueueLength[]>;
  /** The last minutes and the state of all nodes. */
  readonly activity: Pick<ClusterActivity, 'report' | 'nodes'>;
}

export interface AuthOptions {
  /** Key of HS256 tokens, both the service's and the operator's. Null: none are accepted. */
  readonly secret: string | null;
  /** PEM of the operator's RSA, P-256 or Ed25519 public key. Null: no such tokens are accepted. */
  readonly publicKey: string | null;
  /** Whether `POST /users` exists; needs `secret`. */
  readonly issue: boolean;
  readonly accessTokenTtlMs: number;
}

export interface LiveOptions {
  /** How long changes gather before watchers get them. */
  readonly flushMs: number;
  /** 0: unlimited. */
  readonly socketsPerUser: number;
  /** Of one socket; 0: unlimited. */
  readonly messagesPerMinute: number;
}

export interface AppOptions {
  /** The service's version, for the OpenAPI document. */
  readonly version: string;
  readonly auth: AuthOptions;
  /** Null: the admin routes do not exist. */
  readonly adminToken: string | null;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is trusted; empty: none. */
  readonly trustProxy: readonly string[];
  readonly connections: ConnectionLimits;
  /** Origins of other sites whose pages may call the API; the service's own origin always may. */
  readonly allowedOrigins: readonly string[];
  /** Requests per user and minute, 20 times that per address; 0: unlimited. */
  readonly rateLimitPerMinute: number;
  /** Registrations per address and minute; 0: unlimited. */
  readonly registrationsPerMinute: number;
  /** The policy of a concert that is created without one, and the rest of a partial one. */
  readonly queuePolicy: QueuePolicy;
  /** What a queue token guards. */
  readonly queueGuards: QueueGuards;
  readonly live: LiveOptions;
  /** Live seats that a user may have of a schedule; `GET /concerts/:concertId` tells clients. */
  readonly maxSeatsPerUser: number;
  /** False when `createMetricsApp` serves `/metrics` on its own port. */
  readonly metricsOnPublicPort: boolean;
}
