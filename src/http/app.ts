import type { FastifyInstance } from 'fastify';
import { createAccessTokens } from './identity/access-token.ts';
import type { AppDependencies, AppOptions } from './app-options.ts';
import { allowOrigins, answerPreflights } from './hooks/cross-origin.ts';
import { documentRoutes } from './pages/docs.ts';
import { createErrorHandler } from './answers/error-handler.ts';
import { createSeatNames } from '../booking/seat-names.ts';
import { createIdempotency, createKeyedRuns } from '../booking/idempotency.ts';
import { createGuards } from './identity/identity.ts';
import { createWalletGuard } from './identity/wallet-guard.ts';
import { assignAdminRoles } from './identity/admin-roles.ts';
import { acceptBodies } from './hooks/json-body.ts';
import { boundTurns } from './hooks/bounded-turns.ts';
import { closeGracefully } from './hooks/graceful-close.ts';
import { createLive } from './live/live.ts';
import { endRefusedUpgrades, isLiveUpgrade, liveRoute } from './live/route.ts';
import { observeRoutes } from './pages/metrics.ts';
import { answerUnknownRoutes } from './answers/not-found.ts';
import { describeRoutes } from './pages/openapi.ts';
import { countAddresses, limitRegistrations, limitUsers, refuseExceeding } from './hooks/rate-limit.ts';
import { createResponder } from './answers/responder.ts';
import { adminRoutes } from './routes/admin.ts';
import { adminCatalogueRoutes } from './routes/admin-catalogue.ts';
import { adminKeyRoutes } from './routes/admin-keys.ts';
import { adminScheduleRoutes } from './routes/admin-schedules.ts';
import { boxOfficeRoutes } from './routes/box-office.ts';
import { cancellationRoutes } from './routes/cancellations.ts';
import { adminRefundRoute } from './routes/admin-refunds.ts';
import { buyerRoutes } from './routes/buyers.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { operationsRoutes } from './routes/operations.ts';
import { exportRoutes } from './routes/exports.ts';
import { rankingRoutes } from './routes/rankings.ts';
import { reportRoutes } from './routes/reports.ts';
import { oversightRoutes } from './routes/oversight.ts';
import { paymentRoutes } from './routes/payments.ts';
import { queueRoutes } from './routes/queue.ts';
import { schedulePlanRoute } from './routes/schedule-plan.ts';
import { seatPlanRoutes } from './routes/seat-plans.ts';
import { reservationRoutes } from './routes/reservations.ts';
import { userRoutes } from './routes/users.ts';
import { walletRoutes } from './routes/wallet.ts';
import { sharedSchemas } from './schemas/shared.ts';
import { createServer } from './server.ts';
import type { App, Services } from './services.ts';
import { shedLoad } from './hooks/shed-load.ts';
import { stampAnswers } from './hooks/stamp-answers.ts';
import { webPages } from './pages/web-pages.ts';

const API_PREFIX = '/api/v1';

/**
 * Builds the service's HTTP side. It does not listen; the caller listens and closes. Throws for keys that cannot verify a
 * token.
 */
export async function createApp(dependencies: AppDependencies, options: AppOptions): Promise<FastifyInstance> {
  const { metrics, log, clock, databaseClock, users, room } = dependencies;
  const responder = createResponder({ metrics, log, clock });
  const handleError = createErrorHandler(responder);
  const app: App = createServer({
    trustProxy: options.trustProxy,
    handleError,
    mayUpgrade: (request) => isLiveUpgrade(request, API_PREFIX),
    connections: options.connections,
    onConnectionRefused: (limit) => metrics.countRefusedConnection(limit),
  });

  endRefusedUpgrades(app, API_PREFIX);
  const closing = closeGracefully(app, clock, dependencies.isDraining);
  stampAnswers(app, responder, databaseClock);
  observeRoutes(app, metrics, clock);
  allowOrigins(app, options.allowedOrigins);
  const perMinute = options.rateLimitPerMinute;
  if (perMinute > 0) countAddresses(app, perMinute);
  boundTurns(app, { clock, responder });
  answerPreflights(app, options.allowedOrigins);
  if (perMinute > 0) refuseExceeding(app, responder);
  app.setErrorHandler(handleError);
  acceptBodies(app);
  for (const schema of sharedSchemas) app.addSchema(schema);
  await describeRoutes(app, options.version);

  const accessTokens = await createAccessTokens(app, { auth: options.auth, databaseClock });
  const { adminToken } = options;
  const { adminKeys } = dependencies;
  const plainGuards = createGuards({ accessTokens, users, room, clock, databaseClock, log, adminToken, adminKeys });
  const guards = perMinute === 0 ? plainGuards : await limitUsers(app, { perMinute, guards: plainGuards });
  const mayRegister = await limitRegistrations(app, { perMinute: options.registrationsPerMinute, responder });
  const idempotency = createIdempotency({ records: dependencies.idempotency, clock });
  const adminIdempotency = createKeyedRuns({ records: dependencies.adminAnswers, clock });
  const seatNames = createSeatNames(dependencies);
  const walletGuard = createWalletGuard(guards, options.queueGuards);
  const made = { walletGuard, seatNames, options, accessTokens, guards, idempotency, adminIdempotency, responder };
  const services: Services = { ...dependencies, ...made };

  const live = createLive(app, dependencies, { guards: plainGuards, options: options.live });
  operationsRoutes(app, services, closing);
  await documentRoutes(app);
  const sendUnknownPage = await webPages(app, responder);
  await app.register(
    async (api: App) => {
      await shedLoad(api, responder, closing);
      userRoutes(api, services, mayRegister);
      catalogueRoutes(api, services);
      rankingRoutes(api, services);
      schedulePlanRoute(api, services);
      queueRoutes(api, services);
      reservationRoutes(api, services);
      walletRoutes(api, services);
      paymentRoutes(api, services);
      await liveRoute(api, services, { live, closing });
      if (adminToken !== null) {
        assignAdminRoles(api);
        adminKeyRoutes(api, services);
        adminRoutes(api, services);
        adminCatalogueRoutes(api, services);
        adminScheduleRoutes(api, services);
        boxOfficeRoutes(api, services);
        seatPlanRoutes(api, services);
        cancellationRoutes(api, services);
        adminRefundRoute(api, services);
        buyerRoutes(api, services);
        oversightRoutes(api, services);
        reportRoutes(api, services);
        exportRoutes(api, services);
      }
    },
    { prefix: API_PREFIX },
  );
  answerUnknownRoutes(app, responder, sendUnknownPage);
  return app;
}
