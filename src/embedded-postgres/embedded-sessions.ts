import pg from 'pg';
import type { Log } from '../runtime/log.ts';
import { sqlState } from '../persistence/database-errors.ts';
import { EMBEDDED_ROLE } from './embedded-cluster.ts';

const CONNECT_TIMEOUT_MS = 2_000;

/** Every service that uses the server holds this advisory lock shared; a service that can take it alone is the last one. */
const PRESENCE_LOCK = 5_202_611_201;

/** A busy machine takes this long to notice that a process is dead. */
const LAST_USER_WAIT_MS = 2_000;

export function urlOf(port: number, password: string, database: string): string {
  return `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/${database}`;
}

/** A session of the service's own on the embedded server, not yet connected. A statement is waited for `answerLimitMs` at most. */
export function createSession(databaseUrl: string, answerLimitMs: number): pg.Client {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'frontrow embedded',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: answerLimitMs,
    keepAlive: true,
  });
  // The statement under way says what happened; without a listener an idle loss would end the process.
  client.on('error', () => undefined);
  return client;
}

/** A session that marks the use of the server by this service as long as its process lives, however that ends. */
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

/**
 * Whether no other service uses the server. The session of a service that was killed a moment ago may still be there, so its
 * end is waited for; a session of our own that is lost means that the server has lost all others too.
 */
export async function isLastUser(presence: pg.Client): Promise<boolean> {
  try {
    await presence.query('SELECT pg_advisory_unlock_shared($1)', [PRESENCE_LOCK]);
    await presence.query("SELECT set_config('lock_timeout', $1, false)", [`${LAST_USER_WAIT_MS}ms`]);
    await presence.query('SELECT pg_advisory_lock($1)', [PRESENCE_LOCK]);
    return true;
  } catch (error) {
    return sqlState(error) !== '55P03';
  }
}
