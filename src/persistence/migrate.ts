import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Log } from '../runtime/log.ts';
import { connectFailure } from './connect-failure.ts';
import { sqlState } from './database-errors.ts';
import { connectionSettings } from './pool.ts';
import { requireUsableServer, UnusableDatabase } from './server-requirements.ts';

const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('migrations/', import.meta.url));

/** An arbitrary constant, the same for all nodes. */
const LOCK_ID = 5_202_611_200;

/** Longer than any migration takes: a node that waits longer waits for one that hangs. */
const LOCK_WAIT_MS = 60_000;

/** A migration may rewrite tables, which takes longer than statements of requests may. */
const MIGRATION_STATEMENT_TIMEOUT_MS = 600_000;

/**
 * Brings the schema up to date and returns the names of the migrations that it ran.
 * Nodes that start at once take turns under a session lock of PostgreSQL, which ends with the connection of its holder.
 * All pending migrations are one transaction. Throws UnusableDatabase for a database that the service cannot run
 * on, and for a lock that was not granted within 60 s; OperatorError when it cannot connect; anything else is the driver's error.
 */
export async function migrate(settings: {
  databaseUrl: string;
  log: Log;
  /** Connections that the node will use. */
  connections?: number;
  lockWaitMs?: number;
}): Promise<string[]> {
  const { databaseUrl, log, connections = 1, lockWaitMs = LOCK_WAIT_MS } = settings;
  const client = new pg.Client({
    ...connectionSettings(databaseUrl),
    statement_timeout: MIGRATION_STATEMENT_TIMEOUT_MS,
  });
  // Without a listener, the loss of the connection between two statements would end the process. The next statement reports it.
  client.on('error', (error) => log.debug({ err: error }, 'the connection that migrates was lost'));
  try {
    await client.connect();
  } catch (error) {
    throw connectFailure(error, databaseUrl);
  }
  try {
    await requireUsableServer(client, { connections, log });
    await takeLock(client, lockWaitMs);
    const ran = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIRECTORY,
      migrationsTable: 'migrations',
      direction: 'up',
      singleTransaction: true,
      noLock: true,
      logger: {
        debug: (message) => log.debug({}, message),
        info: (message) => log.debug({}, message),
        warn: (message) => log.warn({}, message),
        error: (message) => log.error({}, message),
      },
    });
    const names = ran.map((migration) => migration.name);
    if (names.length > 0) log.info({ migrations: names }, 'the database schema was brought up to date');
    return names;
  } finally {
    await client.end();
  }
}

/** The wait stays the session's lock timeout, so migrations also wait that long for statements of serving nodes. */
async function takeLock(client: pg.Client, waitMs: number): Promise<void> {
  await client.query("SELECT set_config('lock_timeout', $1, false)", [`${waitMs}ms`]);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_ID]);
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error;
    throw new UnusableDatabase(`another node has been migrating this database for more than ${waitMs} ms`, {
      cause: error,
    });
  }
}
