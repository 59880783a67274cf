import type { Activity } from '../health/activity.ts';
import type { CommandRouter } from '../actors/command.ts';
import type { Catalogue, QueuePolicy } from '../domain/catalogue.ts';
import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import type { IdempotencyRecords } from '../domain/idempotency.ts';
import type { Log } from '../runtime/log.ts';
import type { ClusterOverview, QueueLength } from '../health/overview.ts';
import type { PaymentRecords } from '../domain/payment.ts';
import type { QueueWatch, WaitingRoom } from '../domain/queue-token.ts';
import type { Readiness } from '../health/readiness.ts';
import type { ReservationRecords } from '../domain/reservation.ts';
import type { SeatSubscriber } from '../domain/seat-broadcast.ts';
import type { UserRecords } from '../domain/user.ts';
import type { Wallets } from '../domain/wallet.ts';
import type { ConnectionLimits } from './hooks/connection-caps.ts';
import type { Metrics } from './pages/metrics.ts';

/** What the HTTP side asks of the rest of the service. */
export interface AppDependencies {
  readonly users: UserRecords;
  readonly catalogue: Catalogue;
  readonly reservations: ReservationRecords;
  readonly payments: PaymentRecords;
  readonly wallets: Wallets;
  readonly idempotency: IdempotencyRecords;
  readonly room: WaitingRoom & Pick<QueueWatch, 'watch' | 'look'>;
  readonly router: CommandRouter;
  /** What owners tell of the seats, for live maps. */
  readonly seats: SeatSubscriber;
  readonly databaseClock: DatabaseClock;
  readonly clock: Clock;
  /** An id for a new user or payment, of the database's clock: ids of this node sort in the order in which it made them. */
  readonly newId: () => string;
  readonly log: Log;
  /** From `createMetrics()`; its `registry` takes the collectors of the other parts. */
  readonly metrics: Metrics;
  /** Whether this node may serve now. Called by every `GET /readyz`. */
  readiness(): Readiness;
  /** Whether this node is about to stop, and callers should go to another one. */
  isDraining(): boolean;
  /** Figures for `GET /admin/overview`. */
  overview(): Promise<ClusterOverview>;
  /** The lines as they are recorded, for when no waiting room can be asked. Concerts with nobody in line may be left out. */
  recordedQueues(): Promise<readonly QueueLength[]>;
  /** The last minutes of this node, for `GET /admin/activity`. */
  readonly activity: Activity;
}

export interface AuthOptions {
  /** Key of HS256 tokens, those that the service issues and those of the operator. Null: none are accepted. */
  readonly secret: string | null;
  /** PEM of the operator's RSA, P-256 or Ed25519 public key. Null: no such tokens are accepted. */
  readonly publicKey: string | null;
  /** Whether `POST /users` exists; needs `secret`. */
  readonly issue: boolean;
  readonly accessTokenTtlMs: number;
}

export interface LiveOptions {
  /** How long changes gather before watchers are told of them. */
  readonly flushMs: number;
  /** 0: any number. */
  readonly socketsPerUser: number;
  /** Of one socket; 0: any number. */
  readonly messagesPerMinute: number;
}

export interface AppOptions {
  /** The service's version, for the OpenAPI document. */
  readonly version: string;
  readonly auth: AuthOptions;
  /** Null: the admin routes do not exist. */
  readonly adminToken: string | null;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed; empty: none. */
  readonly trustProxy: readonly string[];
  readonly connections: ConnectionLimits;
  /** Origins of other sites whose pages may call; the service's own always may. */
  readonly allowedOrigins: readonly string[];
  /** Requests per user and minute, 20 times that per address; 0: unlimited. */
  readonly rateLimitPerMinute: number;
  /** Registrations per address and minute; 0: unlimited. */
  readonly registrationsPerMinute: number;
  /** The policy of a concert whose creator names none, or only a part. */
  readonly queuePolicy: QueuePolicy;
  readonly live: LiveOptions;
  /** False when `createMetricsApp` serves `/metrics` on a port of its own. */
  readonly metricsOnPublicPort: boolean;
}
