import pg from 'pg';
import type { Log } from '../runtime/log.ts';
import { sqlState } from '../persistence/database-errors.ts';
import { EMBEDDED_ROLE } from './embedded-cluster.ts';

const CONNECT_TIMEOUT_MS = 2_000;

/** Every service that uses the server holds this advisory lock shared; a service that can lock it exclusively is the last one. */
const PRESENCE_LOCK = 5_202_611_201;

/** The one service that sells from the server's data holds this advisory lock exclusively. */
const SELLER_LOCK = 5_202_611_202;

/** A busy machine takes this long to notice that a process is dead. */
const DEAD_USER_WAIT_MS = 2_000;

export function urlOf(port: number, password: string, database: string): string {
  return `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/${database}`;
}

/** The service's own session on the embedded server, not yet connected. A statement times out after `answerLimitMs`. */
export function createSession(databaseUrl: string, answerLimitMs: number): pg.Client {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'frontrow embedded',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: answerLimitMs,
    keepAlive: true,
  });
  // The running statement reports the error; without a listener, losing an idle session would end the process.
  client.on('error', () => undefined);
  return client;
}

/** Opens a session that marks this service as a user of the server for as long as its process lives, however the process ends. */
export async function announcePresence(databaseUrl: string, answerLimitMs: number, log: Log): Promise<pg.Client> {
  const client = createSession(databaseUrl, answerLimitMs);
  client.once('end', () => log.debug({}, 'the session that marks the use of the embedded PostgreSQL has ended'));
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [PRESENCE_LOCK]);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Whether no other service uses the server. If this service's own session is lost, the server has lost all others too. */
export async function isLastUser(presence: pg.Client): Promise<boolean> {
  try {
    await presence.query('SELECT pg_advisory_unlock_shared($1)', [PRESENCE_LOCK]);
    return await lock(presence, PRESENCE_LOCK);
  } catch {
    return true;
  }
}

/** Claims the server's data for the service of this session; false when another service has them and lives. */
export function claimData(presence: pg.Client): Promise<boolean> {
  return lock(presence, SELLER_LOCK);
}

/** Waits for the end of a session whose service was just killed; false when the holder of the lock lives. */
async function lock(session: pg.Client, key: number): Promise<boolean> {
  await session.query("SELECT set_config('lock_timeout', $1, false)", [`${DEAD_USER_WAIT_MS}ms`]);
  try {
    await session.query('SELECT pg_advisory_lock($1)', [key]);
    return true;
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error;
    return false;
  }
}
