import { PgBoss } from 'pg-boss';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { ALARM_SETTINGS, type Alarm, type AlarmSettings, createAlarm } from './alarm.ts';
import { sqlState } from '../database-errors.ts';
import { CLIENT_CONNECTION_CHECK_MS, CONNECTION_TIMEOUT_MS, KEEP_ALIVE_DELAY_MS } from '../pool.ts';
import { startupOptions, withStartupOptions } from '../session-settings.ts';
import { type Execute, type Prunable, PRUNABLES, prune } from './prune.ts';

export interface JobSettings extends AlarmSettings {
  /** From the start of a node to its first pruning, so that it does not meet the rush of a restart. */
  readonly pruneAfterStartMs: number;
}

const JOB_SETTINGS: JobSettings = { ...ALARM_SETTINGS, pruneAfterStartMs: 30_000 };

/** pg-boss's own tables. */
const SCHEMA = 'pgboss';
/** For five workers that poll in turn, and maintenance. The rest of the service has its own connections. */
export const JOB_CONNECTIONS = 3;
/** Longer than a request's: nodes that start at once take turns to install the schema, and maintenance sweeps a table. */
const SERVER_SETTINGS = {
  statement_timeout: 15_000,
  lock_timeout: 10_000,
  client_connection_check_interval: CLIENT_CONNECTION_CHECK_MS,
};
/** pg-boss passes these to its driver, which then gives up a connection whose other end has vanished. */
const DRIVER_SETTINGS = { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS, query_timeout: 20_000 };
/** Looks for finished jobs to delete and for dead workers. */
const MAINTAIN_EVERY_SECONDS = 60;
/** A close waits this long for running jobs, which may be cut short. pg-boss allows no less. */
const STOP_TIMEOUT_MS = 1_000;
/** While the database is unavailable, polls fail several times a second. */
const QUIET_AFTER_ERROR_MS = 10_000;

/** Errors of the losers of a race to install the schema: duplicates of each kind, a deadlock, a lock timeout. */
const LOST_RACE = new Set(['23505', '42P06', '42P07', '42710', '42701', '42723', '40P01', '55P03', '22012']);
const START_ATTEMPTS = 5;

const PRUNE = 'prune';
const PRUNE_HOURLY = '23 * * * *';
const PRUNE_QUEUE = { policy: 'short', retryLimit: 0, expireInSeconds: 600, deleteAfterSeconds: 86_400 };
/** Pruning is not urgent. */
const PRUNE_POLL_SECONDS = 5;

const CANCELLATIONS = 'cancellations';
/** The node that takes a cancellation in carries it out at once; this goes on with what a stopped node has left. */
const EVERY_MINUTE = '* * * * *';
/** One job waits for all nodes. The job of a dead worker blocks no other, and two runs at once do nothing twice. */
const CANCELLATIONS_QUEUE = { policy: 'short', retryLimit: 0, expireInSeconds: 600, deleteAfterSeconds: 600 };
const CANCELLATIONS_POLL_SECONDS = 1;

/** The background jobs of a node: the durable alarm for ended holds, unfinished cancellations, and pruning. Both methods are idempotent. */
export interface Jobs {
  /** Installs or upgrades pg-boss's schema and starts the workers. Throws the driver's error if the database is unavailable. */
  start(): Promise<void>;
  /** Starts no more jobs and gives running ones a moment to end. */
  close(): Promise<void>;
}

/**
 * Jobs of pg-boss on their own connections. `wake` notifies the owner of a schedule that a hold is over. It may be called more than
 * once, and for schedules without such a hold. `resumeCancellations` carries out the cancellations that are not done.
 */
export function createJobs(dependencies: {
  databaseUrl: string;
  wake: (scheduleId: number) => Promise<void>;
  resumeCancellations: () => Promise<void>;
  log: Log;
  clock: Clock;
  settings?: Partial<JobSettings>;
}): Jobs {
  const { databaseUrl, wake, resumeCancellations, log, clock } = dependencies;
  const settings = { ...JOB_SETTINGS, ...dependencies.settings };
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  let running: { boss: PgBoss; alarm: Alarm } | undefined;
  let starting: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  function reportError(error: Error): void {
    const nowMs = clock.monotonicMs();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + QUIET_AFTER_ERROR_MS;
    log.warn({ err: error }, 'a background job met an error');
  }

  function createBoss(): PgBoss {
    const boss = new PgBoss({
      ...DRIVER_SETTINGS,
      ...withStartupOptions(databaseUrl, startupOptions(SERVER_SETTINGS)),
      application_name: 'frontrow jobs',
      max: JOB_CONNECTIONS,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      schema: SCHEMA,
      maintenanceIntervalSeconds: MAINTAIN_EVERY_SECONDS,
      // Operators decide when to rebuild indexes; a node must not do it in the middle of a sale.
      reindex: false,
    });
    boss.on('error', reportError);
    boss.on('warning', (warning) => log.debug({ warning: warning.message }, 'pg-boss warns'));
    return boss;
  }

  async function startBoss(): Promise<PgBoss> {
    for (let attempt = 1; ; attempt += 1) {
      const boss = createBoss();
      try {
        return await boss.start();
      } catch (error) {
        await boss.stop({ graceful: false });
        if (attempt === START_ATTEMPTS || !LOST_RACE.has(sqlState(error) ?? '')) throw error;
      }
    }
  }

  async function startPruning(boss: PgBoss): Promise<void> {
    const execute: Execute = async (text, values) => {
      const { rows }: { rows: unknown[] } = await boss.getDb().executeSql(text, [...values]);
      return rows;
    };
    await boss.createQueue(PRUNE, PRUNE_QUEUE);
    await boss.schedule(PRUNE, PRUNE_HOURLY);
    // Has no effect if another node's job waits already, which is as good.
    await boss.send(PRUNE, null, { startAfter: settings.pruneAfterStartMs / 1_000 });
    await boss.work(PRUNE, { pollingIntervalSeconds: PRUNE_POLL_SECONDS }, async ([job]) => {
      const pruned: Partial<Record<Prunable, number>> = {};
      for (const what of PRUNABLES) pruned[what] = await prune(execute, what, job?.signal);
      log.info(pruned, 'pruned what is past its time');
    });
  }

  async function startCancellations(boss: PgBoss): Promise<void> {
    await boss.createQueue(CANCELLATIONS, CANCELLATIONS_QUEUE);
    await boss.schedule(CANCELLATIONS, EVERY_MINUTE);
    await boss.work(CANCELLATIONS, { pollingIntervalSeconds: CANCELLATIONS_POLL_SECONDS }, () => resumeCancellations());
    // This node may have been stopped in the middle of one.
    await boss.send(CANCELLATIONS, null);
  }

  async function startAll(): Promise<void> {
    const boss = await startBoss();
    const alarm = createAlarm({ boss, wake, log, clock, settings });
    running = { boss, alarm };
    await alarm.start();
    await startCancellations(boss);
    await startPruning(boss);
  }

  async function closeAll(): Promise<void> {
    // Only a finished start says what it has opened.
    await starting?.catch(() => undefined);
    running?.alarm.close();
    await running?.boss.stop({ timeout: STOP_TIMEOUT_MS });
  }

  return {
    start: () => (starting ??= startAll()),
    close: () => (closing ??= closeAll()),
  };
}
