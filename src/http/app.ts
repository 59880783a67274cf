import type { FastifyInstance } from 'fastify';
import type { CommandRouter } from '../actors/command.ts';
import type { Catalogue, QueuePolicy } from '../catalogue.ts';
import type { Clock, DatabaseClock } from '../clock.ts';
import type { IdempotencyRecords } from '../idempotency.ts';
import type { Log } from '../log.ts';
import type { PaymentRecords } from '../payment.ts';
import type { WaitingRoom } from '../queue-token.ts';
import type { ReservationRecords } from '../reservation.ts';
import type { UserRecords } from '../user.ts';
import type { Wallets } from '../wallet.ts';
import { createAccessTokens } from './access-token.ts';
import { allowOrigins } from './cross-origin.ts';
import { documentRoutes } from './docs.ts';
import { createErrorHandler } from './error-handler.ts';
import { createIdempotency } from './idempotency.ts';
import { createGuards } from './identity.ts';
import { acceptJsonOnly } from './json-body.ts';
import { closeGracefully } from './graceful-close.ts';
import type { Metrics } from './metrics.ts';
import { observeRoutes } from './metrics.ts';
import { answerUnknownRoutes } from './not-found.ts';
import { describeRoutes } from './openapi.ts';
import type { ClusterOverview, Readiness } from './operations-ports.ts';
import { limitRates } from './rate-limit.ts';
import { createResponder } from './responder.ts';
import { adminRoutes } from './routes/admin.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { operationsRoutes } from './routes/operations.ts';
import { paymentRoutes } from './routes/payments.ts';
import { queueRoutes } from './routes/queue.ts';
import { reservationRoutes } from './routes/reservations.ts';
import { userRoutes } from './routes/users.ts';
import { walletRoutes } from './routes/wallet.ts';
import { sharedSchemas } from './schemas/shared.ts';
import { createServer } from './server.ts';
import type { App, Services } from './services.ts';
import { shedLoad } from './shed-load.ts';
import { stampAnswers } from './stamp-answers.ts';

/** What the HTTP side asks of the rest of the service. */
export interface AppDependencies {
  readonly users: UserRecords;
  readonly catalogue: Catalogue;
  readonly reservations: ReservationRecords;
  readonly payments: PaymentRecords;
  readonly wallets: Wallets;
  readonly idempotency: IdempotencyRecords;
  readonly room: WaitingRoom;
  readonly router: CommandRouter;
  readonly databaseClock: DatabaseClock;
  readonly clock: Clock;
  readonly log: Log;
  /** From `createMetrics()`; its `registry` takes the collectors of the other parts. */
  readonly metrics: Metrics;
  /** Whether this node may serve now. Called by every `GET /readyz`. */
  readiness(): Readiness;
  /** Figures for `GET /admin/overview`. */
  overview(): Promise<ClusterOverview>;
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

export interface AppOptions {
  /** The service's version, for the OpenAPI document. */
  readonly version: string;
  readonly auth: AuthOptions;
  /** Null: the admin routes do not exist. */
  readonly adminToken: string | null;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed; empty: none. */
  readonly trustProxy: readonly string[];
  /** Origins of other sites whose pages may call; the service's own always may. */
  readonly allowedOrigins: readonly string[];
  /** Requests per user and minute, 20 times that per address; 0: unlimited. */
  readonly rateLimitPerMinute: number;
  /** The policy of a concert whose creator names none, or only a part. */
  readonly queuePolicy: QueuePolicy;
  /** False when `createMetricsApp` serves `/metrics` on a port of its own. */
  readonly metricsOnPublicPort: boolean;
}

const API_PREFIX = '/api/v1';

/**
 * Builds the service's HTTP side. It does not listen: that is for whoever closes it. Throws for keys that cannot verify
 * a token.
 */
export async function createApp(dependencies: AppDependencies, options: AppOptions): Promise<FastifyInstance> {
  const { metrics, log, clock, databaseClock, users, room } = dependencies;
  const responder = createResponder({ metrics, log, clock });
  const handleError = createErrorHandler(responder);
  const app: App = createServer({ trustProxy: options.trustProxy, handleError });

  const isClosing = closeGracefully(app, clock);
  stampAnswers(app, responder);
  observeRoutes(app, metrics, clock);
  allowOrigins(app, options.allowedOrigins);
  app.setErrorHandler(handleError);
  acceptJsonOnly(app);
  for (const schema of sharedSchemas) app.addSchema(schema);
  await describeRoutes(app, options.version);

  const accessTokens = await createAccessTokens(app, { auth: options.auth, databaseClock });
  const { adminToken } = options;
  const plainGuards = createGuards({ accessTokens, users, room, databaseClock, adminToken });
  const perMinute = options.rateLimitPerMinute;
  const guards = perMinute === 0 ? plainGuards : await limitRates(app, { perMinute, guards: plainGuards, responder });
  const idempotency = createIdempotency({ records: dependencies.idempotency, clock });
  const services: Services = { ...dependencies, options, accessTokens, guards, idempotency, responder };

  operationsRoutes(app, services, isClosing);
  await documentRoutes(app, responder);
  await app.register(
    async (api: App) => {
      await shedLoad(api, responder, isClosing);
      userRoutes(api, services);
      catalogueRoutes(api, services);
      queueRoutes(api, services);
      reservationRoutes(api, services);
      walletRoutes(api, services);
      paymentRoutes(api, services);
      if (adminToken !== null) adminRoutes(api, services);
    },
    { prefix: API_PREFIX },
  );
  answerUnknownRoutes(app, responder);
  return app;
}
