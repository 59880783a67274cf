import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createActivityRecorder } from '../health/activity-recorder.ts';
import { createClusterActivity, FIGURES_VERSION } from '../health/cluster-activity.ts';
import { pause, systemClock } from '../runtime/clock.ts';
import { createAnnouncements } from '../cluster/announcements.ts';
import { createDuty } from '../cluster/duty.ts';
import type { Config } from '../config/config.ts';
import { createDatabaseClock } from '../runtime/database-clock.ts';
import { createEventLoopDelay } from '../runtime/event-loop-delay.ts';
import { requireFreePort } from '../config/free-port.ts';
import { createApp } from '../http/app.ts';
import type { AppOptions } from '../http/app-options.ts';
import { createMetrics } from '../http/pages/metrics.ts';
import { createMetricsApp } from '../http/pages/metrics-app.ts';
import { createCancellationRuns } from '../booking/cancellation-runs.ts';
import { createIdSource } from '../runtime/ids.ts';
import { completeSecrets } from '../config/local-secrets.ts';
import { noteCompletions } from './completions.ts';
import { createOwnerSide } from './owner-side.ts';
import { createAdminKeyRecords } from '../persistence/records/admin-keys.ts';
import { createAdminAnswers, createAdminLog } from '../persistence/records/admin-log.ts';
import { createBuyerRecords } from '../persistence/records/buyers.ts';
import { createCancellations } from '../persistence/records/cancellations.ts';
import { createCatalogue } from '../persistence/records/catalogue.ts';
import { createCatalogueEdits } from '../persistence/records/catalogue-edits.ts';
import { loadDemoData } from '../persistence/records/demo-data.ts';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres.ts';
import { createIdempotencyRecords } from '../persistence/records/idempotency.ts';
import { createJobs, JOB_CONNECTIONS } from '../persistence/jobs/jobs.ts';
import { LANES } from '../persistence/journal/journal.ts';
import { migrate } from '../persistence/migrate.ts';
import { readOverview, readQueueLengths } from '../persistence/records/overview.ts';
import { createPaymentRecords } from '../persistence/records/payments.ts';
import { createExports, EXPORTS_AT_ONCE } from '../persistence/reports/exports.ts';
import { createSellOuts } from '../persistence/reports/sell-outs.ts';
import { createReports } from '../persistence/reports/reports.ts';
import { createPool } from '../persistence/pool.ts';
import { createSeatPlans } from '../persistence/records/seat-plans.ts';
import { createFigureRecords } from '../persistence/records/node-figures.ts';
import { createReservationRecords } from '../persistence/records/reservations.ts';
import { createUserRecords } from '../persistence/records/users.ts';
import { createWallets } from '../persistence/records/wallets.ts';
import { createQueueSide } from './queue-side.ts';
import { judgeReadiness, type Readiness } from '../health/readiness.ts';
import { createWriteHealth } from '../health/write-health.ts';
import { registerServiceMetrics } from '../health/service-metrics.ts';
import { createUndoing, type Undoing } from './undoing.ts';

/** Connections for the reads of requests, and for charges. */
const REQUEST_CONNECTIONS = 10;
/**
 * Connections that the system queues until the process accepts them. A rush opens thousands within a moment; a client that
 * finds the queue full retries a second later. The system may allow fewer (`net.core.somaxconn`).
 */
const BACKLOG = 8_192;
/** For ownership, membership and the waiting room: a busy request pool cannot take these connections. */
const OWNER_CONNECTIONS = 6;

export interface Service {
  /** The address on which it listens, for instance http://127.0.0.1:8080. */
  readonly url: string;
  readonly node: string;
  /** Whether the node may serve now, and why not. */
  readiness(): Readiness;
  /**
   * Stops accepting requests, finishes those in flight, hands over the schedules and stops everything that it started.
   * Idempotent.
   */
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly version: string;
  readonly log: Logger;
  /** Lines that the log could not write since the process began. */
  readonly droppedLogLines?: () => number;
  /** False only in tests that show that the durable alarm alone frees seats. */
  readonly isExpiryTimerOn?: boolean;
  /** The node must stop; the caller should close it. Called at most once. Without it the node stays up and not ready. */
  readonly onFatal?: (error: Error) => void;
  /** Undoes the start. Pass one to be able to end a start that hangs. */
  readonly undoing?: Undoing;
}

/** Starts a node: database, schema, owner side, waiting room, HTTP. If a step fails, the earlier ones are undone. */
export async function startService(configured: Config, options: ServiceOptions): Promise<Service> {
  const undoing = options.undoing ?? createUndoing({ log: options.log, clock: systemClock });
  try {
    return await start(configured, options, undoing);
  } catch (error) {
    await undoing.run();
    throw error;
  }
}

async function start(
  configured: Config,
  { version, log, droppedLogLines = () => 0, isExpiryTimerOn = true, onFatal = () => undefined }: ServiceOptions,
  undoing: Undoing,
): Promise<Service> {
  // First, because the first start makes a database, which takes seconds.
  await requireFreePort(configured.HOST, configured.PORT);
  const config = configured.DATABASE_URL === undefined ? completeSecrets(configured) : configured;
  const clock = systemClock;
  const databaseClock = createDatabaseClock(clock);
  const idSource = createIdSource();
  const newId = () => idSource(databaseClock.upperMs());

  const databaseUrl = config.DATABASE_URL ?? (await startDatabase(config.DATA_DIR));
  const connections = REQUEST_CONNECTIONS + OWNER_CONNECTIONS + LANES + JOB_CONNECTIONS + EXPORTS_AT_ONCE;
  await migrate({ databaseUrl, log, connections });

  const pool = openPool('requests', REQUEST_CONNECTIONS);
  const ownerPool = openPool('owner', OWNER_CONNECTIONS);
  if (config.DEMO_DATA) await loadDemoData(pool);

  const metrics = createMetrics();
  const faults = { fenced: 0, doubted: 0 };
  const serviceMetrics = registerServiceMetrics(metrics.registry, {
    schedules: () => registry.counts(),
    queues: () => queueSide.measure(),
    journal: () => faults,
    announcements: () => announcements.counts(),
    redis() {
      const figures = { nodes: announcements.figures(), queue: queueSide.redisFigures() };
      return Object.entries(figures).flatMap(([connection, its]) => (its === null ? [] : [{ connection, ...its }]));
    },
    isReady: () => readiness().ready,
    moves: () => registry.counts().moves,
    commands: () => router.counts(),
    peers: () => ownerSide.peers(),
    droppedLogLines,
  });

  const eventLoopDelay = createEventLoopDelay();
  const recorder = createActivityRecorder({
    clock,
    databaseClock,
    sources: {
      sales: () => registry.progress(),
      queues: () => queueSide.measure(),
      answers: () => metrics.totals(),
      doubted: () => faults.doubted,
      eventLoopDelayP99Ms: () => eventLoopDelay.takeP99Ms(),
      liveSockets: () => metrics.liveSockets(),
      node: () => membership.node,
      readiness: () => readiness(),
      livingNodes: () => membership.living().length,
    },
  });
  const activity = createClusterActivity({
    clock,
    own: recorder,
    readiness: () => readiness(),
    records: createFigureRecords({ pool, version: FIGURES_VERSION }),
    onFailure: (error) => log.debug({ err: error }, 'the figures of the nodes could not be exchanged'),
  });

  const catalogue = createCatalogue({ pool });
  const plans = createSeatPlans({ pool: ownerPool });
  const queueSide = createQueueSide({ config, catalogue, pool: ownerPool, clock, databaseClock, log });
  const jobsDuty = createDuty({
    name: 'jobs',
    clock,
    log,
    create: () => createJobs({ databaseUrl, log, clock, wake, resumeCancellations: () => cancellationRuns.resume() }),
  });

  const announcements = createAnnouncements({
    redisUrl: config.REDIS_URL,
    nodeName: randomUUID(),
    clock,
    log,
    onNewInterest: (scheduleId) => registry.announce(scheduleId),
    onConcertChanged: (concertId) => catalogue.forgetConcert(concertId),
  });
  const ownerSide = createOwnerSide({
    config,
    databaseUrl,
    pool: ownerPool,
    plans,
    clock,
    databaseClock,
    newId,
    log,
    publisher: announcements.seats,
    isExpiryTimerOn,
    observer: {
      flushed(kind, schedules, entries, durationMs) {
        serviceMetrics.observeFlush(kind, schedules, entries, durationMs);
        recorder.observeFlush(entries, durationMs);
        writeHealth.accepted();
      },
      refused: () => writeHealth.refused(),
      doubted: (schedules) => {
        faults.doubted += schedules;
      },
      fenced: () => {
        faults.fenced += 1;
      },
    },
    onMayOwn: (mayOwn) => {
      queueSide.follow(mayOwn);
      void jobsDuty.assign(mayOwn);
    },
    onFatal,
  });
  const { journal, membership, registry, router } = ownerSide;
  const writeHealth = createWriteHealth({
    clock,
    log,
    isConnected: () => journal.isConnected,
    tryWrite: () => journal.tryWrite(),
  });

  const memories = {
    memory: catalogue,
    onConcertChanged: (concertId: number) => announcements.concertChanged(concertId),
  };
  const cancellations = createCancellations({ pool, ...memories });
  const cancellationRuns = createCancellationRuns({ cancellations, router, clock, log });

  async function wake(scheduleId: number): Promise<void> {
    const reply = await router.dispatch({ type: 'WakeSchedule', scheduleId, cause: 'alarm' });
    if (reply.outcome === 'failed') throw new Error(`schedule ${scheduleId} could not be woken: ${reply.code}`);
  }

  let isDraining = false;
  const readiness = () =>
    judgeReadiness({
      isDatabaseConnected: journal.isConnected,
      isWriteRefused: writeHealth.isRefused,
      isDraining,
      membership: membership.reasons(),
      room: queueSide.state(),
    });

  const app = await createApp(
    {
      users: createUserRecords({ pool }),
      catalogue,
      edits: createCatalogueEdits({ pool, ...memories }),
      cancellations,
      cancellationRuns,
      adminKeys: createAdminKeyRecords({ pool }),
      adminLog: createAdminLog({ pool }),
      adminAnswers: createAdminAnswers({ pool }),
      seatPlans: createSeatPlans({ pool }),
      buyers: createBuyerRecords({ pool }),
      exports: createExports({ databaseUrl, clock, log }),
      reports: createReports({ pool }),
      sellOuts: createSellOuts({ pool }),
      reservations: createReservationRecords({ pool }),
      payments: createPaymentRecords({ pool }),
      wallets: createWallets({ pool }),
      idempotency: createIdempotencyRecords({ pool }),
      room: queueSide.room,
      router: noteCompletions(router, queueSide.room),
      seats: announcements.seats,
      databaseClock,
      clock,
      newId,
      log,
      metrics,
      readiness,
      isDraining: () => isDraining,
      overview: () => readOverview(pool, membership.node),
      recordedQueues: () => readQueueLengths(pool),
      activity,
    },
    appOptionsOf(config, version),
  );
  let closing: Promise<void> | null = null;
  const closeApp = () => (closing ??= app.close());
  undoing.add('HTTP', closeApp);
  // Compiling schemas keeps the process busy for a while; it should own nothing yet.
  await app.ready();
  // Checked again: a node whose port is taken must not join: under the same name it would mark the running one dead.
  await requireFreePort(config.HOST, config.PORT);

  undoing.add('announcements', () => announcements.close());
  await announcements.start();
  await ownerSide.start(undoing);
  undoing.add('trial writes', () => writeHealth.close());
  writeHealth.start();
  undoing.add('waiting room', () => queueSide.close());
  undoing.add('cancellations', () => cancellationRuns.close());
  undoing.add('jobs', () => jobsDuty.close());
  // The node that may own is not ready before it has taken over the lines.
  await queueSide.open(membership.mayOwn());
  await jobsDuty.assign(membership.mayOwn());
  // Added again: the server must stop before the parts that it uses.
  undoing.add('HTTP', closeApp);
  if (config.METRICS_PORT !== undefined) {
    const metricsApp = createMetricsApp({ metrics, log, clock, databaseClock });
    undoing.add('metrics', () => metricsApp.close());
    await metricsApp.listen({ host: config.HOST, port: config.METRICS_PORT });
  }
  // Listen only when the node can serve: a balancer without health checks would send it requests.
  const url = await app.listen({ host: config.HOST, port: config.PORT, backlog: BACKLOG });
  undoing.add('activity', () => {
    activity.close();
    recorder.close();
    eventLoopDelay.close();
  });
  eventLoopDelay.start();
  recorder.start();
  activity.start();
  undoing.add('drain', drain, 'vital');

  return {
    url,
    get node() {
      return membership.node;
    },
    readiness,
    close: () => undoing.run(),
  };

  /** Serves until balancers have noticed the stop and other nodes have the schedules. */
  async function drain(): Promise<void> {
    isDraining = true;
    await Promise.all([ownerSide.retire(), pause(clock, config.DRAIN_MS)]);
  }

  async function startDatabase(dataDir: string): Promise<string> {
    const embedded = await startEmbeddedPostgres({ dataDir, log });
    undoing.add('PostgreSQL', () => embedded.stop(), 'vital');
    await embedded.claim();
    embedded.supervise(clock, onFatal);
    return embedded.databaseUrl;
  }

  function openPool(name: string, max: number) {
    const opened = createPool({ databaseUrl, max, log });
    undoing.add(`pool for ${name}`, () => opened.end());
    return opened;
  }
}

/** The settings of the HTTP side. */
function appOptionsOf(config: Config, version: string): AppOptions {
  return {
    version,
    auth: {
      secret: config.AUTH_SECRET ?? null,
      publicKey: config.AUTH_PUBLIC_KEY ?? null,
      issue: config.AUTH_ISSUE,
      accessTokenTtlMs: config.ACCESS_TOKEN_TTL_MS,
    },
    adminToken: config.ADMIN_TOKEN ?? null,
    trustProxy: config.TRUST_PROXY,
    connections: { perAddress: config.MAX_CONNECTIONS_PER_ADDRESS, inAll: config.MAX_CONNECTIONS },
    allowedOrigins: config.ALLOWED_ORIGINS,
    rateLimitPerMinute: config.RATE_LIMIT_PER_MINUTE,
    maxSeatsPerUser: config.MAX_SEATS_PER_USER,
    registrationsPerMinute: config.REGISTRATIONS_PER_MINUTE,
    queuePolicy: {
      maxActive: config.QUEUE_MAX_ACTIVE,
      batch: config.QUEUE_BATCH,
      intervalMs: config.QUEUE_INTERVAL_MS,
      activeTtlMs: config.QUEUE_ACTIVE_TTL_MS,
    },
    queueGuards: config.QUEUE_GUARDS,
    live: {
      flushMs: config.LIVE_FLUSH_MS,
      socketsPerUser: config.LIVE_SOCKETS_PER_USER,
      messagesPerMinute: config.LIVE_MESSAGES_PER_MINUTE,
    },
    metricsOnPublicPort: config.METRICS_PORT === undefined,
  };
}
