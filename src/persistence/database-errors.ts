import pg from 'pg';
import { Fault, type FaultEffect, INVALID_VALUE, Refusal } from '../domain/errors.ts';

/** Error responses after which the same statement may succeed: serialization failure, deadlock, lock and statement timeout. */
const RETRYABLE = new Set(['40001', '40P01', '55P03', '57014']);

/** The lock timeout has expired. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Division by zero: a statement undoes itself this way when its row counts differ. */
export const COUNTS_DIFFER = '22012';
export const CHECK_VIOLATION = '23514';
/** Class "data exception": a value that the database cannot take. */
const DATA_EXCEPTION = '22';

/** Error responses with which the server ends the session: shutdown, crash, not yet ready, idle limits. */
const SESSION_ENDED = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);

/** Error responses of a reachable server that cannot write: a standby after failover, a dropped database. */
const CANNOT_SERVE = new Set(['25006', '57P04']);

/** Failures to connect: the statement was not sent. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT']);

/** Failures of a socket that may have carried the statement. */
const CONNECTION_LOST = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The SQLSTATE of an error response of PostgreSQL; undefined for everything else, connection errors included. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/**
 * The driver reports some lost or refused connections as a plain Error without a code. Use this only for errors of driver calls:
 * elsewhere a plain Error means nothing.
 */
function isDriverReport(error: unknown): boolean {
  return error instanceof Error && Object.getPrototypeOf(error) === Error.prototype && codeOf(error) === undefined;
}

/** Whether a connection attempt to several addresses failed at every one of them. */
function neverConnected(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(neverConnected);
  return NEVER_CONNECTED.has(codeOf(error) ?? '');
}

/** Whether the answer is missing: the statement may or may not have been committed. */
export function isInDoubt(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith('08') || SESSION_ENDED.has(state);
  if (neverConnected(error)) return false;
  return CONNECTION_LOST.has(codeOf(error) ?? '') || isDriverReport(error);
}

/** Whether the statement certainly had no effect and may be sent again. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(sqlState(error) ?? '');
}

/**
 * Whether the error of a driver call means that the database is unreachable or cannot work at present: connection refused or
 * lost, pool exhausted, SQLSTATE classes 08 (connection), 53 (resources) and 58 (its own disk), a shutdown.
 */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return neverConnected(error) || isInDoubt(error);
  return isInDoubt(error) || state.startsWith('53') || state.startsWith('58') || CANNOT_SERVE.has(state);
}

/**
 * Whether a statement timed out waiting for a row that another transaction has locked or is about to commit. The server names the
 * row in `where`; for a locked table it names nothing.
 */
export function isRowLocked(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE && error.where !== undefined;
}

/** Whether a statement timed out waiting for a lock on a whole table. */
export function isTableLocked(error: unknown): boolean {
  return sqlState(error) === LOCK_NOT_AVAILABLE && !isRowLocked(error);
}

/** Whether the database refused a value of the caller. A trigger of the operator may do so too. */
export function isInvalidValue(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && state.startsWith(DATA_EXCEPTION) && state !== COUNTS_DIFFER;
}

/**
 * Whether the database refused a statement for a part of it: a value, a constraint, a trigger. The statement had no effect, and
 * the other parts may succeed without that one.
 */
export function isOfOnePart(error: unknown): boolean {
  return sqlState(error) !== undefined && !isUnavailable(error) && !isRetryable(error);
}

/**
 * Converts the error of a driver call. `effect` applies if the answer is missing: `none` for reads, `unknown` for writes. An error
 * response is certain, so its effect is `none`.
 *
 * - A value that the database refuses is a Refusal `VALIDATION_FAILED`.
 * - Every other error response, and a database that is unavailable, is a Fault `STORE_UNAVAILABLE`.
 * - Different row counts, and errors that did not come from the database, are bugs and stay as they are.
 */
export function toFault(error: unknown, effect: FaultEffect): Error {
  if (isInvalidValue(error)) return new Refusal(INVALID_VALUE, { cause: error });
  const isResponse = sqlState(error) !== undefined && sqlState(error) !== COUNTS_DIFFER;
  if (isResponse || isUnavailable(error)) {
    return new Fault('STORE_UNAVAILABLE', isInDoubt(error) ? effect : 'none', {
      cause: error,
      isOfOnePart: isOfOnePart(error),
    });
  }
  return error instanceof Error ? error : new Error('a driver call threw something that is no Error', { cause: error });
}
