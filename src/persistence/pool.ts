import pg from 'pg';
import type { Log } from '../runtime/log.ts';
import { PatientPool } from './patient-pool.ts';
import { startupOptions, withStartupOptions } from './session-settings.ts';

/** For connections at the start, when no caller waits; pools and lanes have their own limits. */
export const CONNECTION_TIMEOUT_MS = 8_000;
/** Marks this service's sessions in the server's list. */
export const APPLICATION_NAME = 'frontrow';
/** Ends a runaway statement, which would keep its connection and its locks. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** Every lock is held for one short statement. A longer wait means that something is broken. */
export const LOCK_TIMEOUT_MS = 1_000;
/** A stopped process (a debugger, SIGSTOP) must not keep its row locks. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;
/** How soon the server notices that the client of a running statement is gone, and ends the statement. */
export const CLIENT_CONNECTION_CHECK_MS = 500;
/** Detects that the other end of an idle connection has vanished. */
export const KEEP_ALIVE_DELAY_MS = 2_000;

const INT8 = 20;
const NUMERIC = 1700;
const INT8_ARRAY = 1016;
const NUMERIC_ARRAY = 1231;

/** Parses a number. Throws a RangeError for a value that a JavaScript number cannot hold exactly. */
function parseNumber(text: string): number {
  const value = Number(text);
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`the database returned ${text}, which is not within the exact range of a number`);
  }
  return value;
}

/** Reads an array of numbers that is one level deep; NULL elements stay null. */
function parseNumbers(text: string): (number | null)[] {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map((element) => (element === 'NULL' ? null : parseNumber(element)));
}

const NUMBER_PARSERS = new Map<number, (text: string) => unknown>([
  [INT8, parseNumber],
  [NUMERIC, parseNumber],
  [INT8_ARRAY, parseNumbers],
  [NUMERIC_ARRAY, parseNumbers],
]);

/**
 * Type parsers under which `bigint`, `numeric`, `count(*)` and `sum()` arrive as numbers instead of strings.
 * A value beyond ±2^53 is a RangeError. They belong to a connection; the driver's global parsers do not change.
 */
const numberTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string): ((text: string) => unknown) => {
    const parse = format === 'binary' ? undefined : NUMBER_PARSERS.get(oid);
    return parse ?? (pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as (text: string) => unknown);
  },
};

/**
 * The settings of every connection: exact numbers, the settings on which the SQL depends, durable commits, and limits that the
 * server enforces. `more` adds settings by name. There is deliberately no client-side `query_timeout`: after it the statement
 * would continue, and commit.
 */
export function connectionSettings(databaseUrl: string, more: Readonly<Record<string, string>> = {}): pg.ClientConfig {
  const options = startupOptions({ client_connection_check_interval: CLIENT_CONNECTION_CHECK_MS, ...more });
  return {
    ...withStartupOptions(databaseUrl, options),
    application_name: APPLICATION_NAME,
    types: numberTypes,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  };
}

/**
 * A pool of at most `max` connections. Waits for a connection are bounded. The loss of a connection, idle or checked out, is
 * logged and does not end the process. The creator calls `end()`.
 */
export function createPool(settings: { databaseUrl: string; max: number; log: Log }): pg.Pool {
  const { databaseUrl, max, log } = settings;
  const pool = new PatientPool({ ...connectionSettings(databaseUrl), max });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
  // The pool's listener does not cover checked-out clients; without their own, a loss would be an uncaught error. The user of
  // the connection learns of the loss from its statement.
  pool.on('connect', (client) =>
    client.on('error', (error) => log.debug({ err: error }, 'a database connection was lost')),
  );
  return pool;
}
