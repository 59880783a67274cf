import type { QueryResultRow } from 'pg';
import { Fault, type FaultEffect } from '../../domain/errors.ts';
import { isInDoubt, toFault } from '../database-errors.ts';

/**
 * Longer than the server's statement timeout: a server that has not answered by then is gone. Without it, a caller would wait for
 * minutes on a connection whose other end has vanished.
 */
export const ANSWER_LIMIT_MS = 6_000;
/** Callers learn within 2 s that there is no answer. Opening a connection may take one of them. */
export const WAITING_LIMIT_MS = 1_500;

/**
 * How long a shared statement waits for a row. A row is locked until the end of a transaction, which takes milliseconds. Even ten
 * halvings of the statement take only half a second.
 */
const ROW_PATIENCE_MS = 50;
/**
 * One row whose evaluation shortens all later waits for rows in the transaction. A wait for a table comes before it, when the
 * statement is planned.
 */
export const ROW_PATIENCE = `SELECT set_config('lock_timeout', '${ROW_PATIENCE_MS}', true)`;

/**
 * What an INSERT of recorded grants, known as `i`, does about a key that has a row: a row over 24 h old is no longer valid and
 * gives way, pruned or not; any other row stays, and is missing in what the INSERT returns.
 */
export const UNLESS_KEY_TAKEN = `ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, type = excluded.type,
    status = NULL, body = excluded.body, first_seq = excluded.first_seq, balance = excluded.balance, created_at = excluded.created_at
    WHERE i.created_at <= statement_timestamp() - interval '24 hours'`;

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** With a name, the server keeps the statement prepared. */
  readonly name?: string;
}

/** A connection; the clients of pools fit. */
export interface Connection {
  query<R extends QueryResultRow>(statement: {
    text: string;
    values: unknown[];
    name?: string;
  }): Promise<{ rows: R[] }>;
  /** `destroy`: closes the connection. */
  release(destroy?: boolean): void;
}

/** A source of connections; pools fit. */
export interface Connections {
  connect(): Promise<Connection>;
}

/**
 * Sends one statement on its own connection and returns its rows. Throws a Fault `STORE_UNAVAILABLE` with effect `none` if there is
 * no connection, else the driver's error. A connection that owes an answer is closed. `limitMs` bounds the whole, including the
 * wait for a connection.
 */
export async function sendStatement<R extends QueryResultRow>(
  connections: Connections,
  statement: Statement,
  limitMs: number | null = null,
): Promise<R[]> {
  const begunMs = performance.now();
  let connection: Connection;
  try {
    connection = await connections.connect();
  } catch (error) {
    // The statement was not sent, whatever the reason.
    throw new Fault('STORE_UNAVAILABLE', 'none', { cause: error });
  }
  let isLost = false;
  try {
    const leftMs = limitMs === null ? ANSWER_LIMIT_MS : Math.max(limitMs - (performance.now() - begunMs), 1);
    const limited = { ...statement, values: [...statement.values], query_timeout: leftMs };
    return (await connection.query<R>(limited)).rows;
  } catch (error) {
    isLost = isInDoubt(error);
    throw error;
  } finally {
    connection.release(isLost);
  }
}

/** As `sendStatement`, with the driver's errors converted by `toFault`; `inDoubt` is its `effect`. */
export async function runStatement<R extends QueryResultRow>(
  connections: Connections,
  statement: Statement,
  inDoubt: FaultEffect,
  limitMs: number | null = null,
): Promise<R[]> {
  try {
    return await sendStatement<R>(connections, statement, limitMs);
  } catch (error) {
    throw toFault(error, inDoubt);
  }
}

/** Reads for a waiting caller: rows, or within 1.5 s a Fault `STORE_UNAVAILABLE` with effect `none`. */
export function readRows<R extends QueryResultRow>(connections: Connections, statement: Statement): Promise<R[]> {
  return runStatement(connections, statement, 'none', WAITING_LIMIT_MS);
}

/**
 * Writes for a waiting caller: rows, or within 1.5 s a Fault `STORE_UNAVAILABLE`. Its effect is `unknown` if the statement was sent:
 * it may continue, and commit, within the server's own limit.
 */
export function writeRows<R extends QueryResultRow>(connections: Connections, statement: Statement): Promise<R[]> {
  return runStatement(connections, statement, 'unknown', WAITING_LIMIT_MS);
}

/** The two halves of a batch whose statement was refused for a part of it. */
export function halvesOf<T>(batch: readonly T[]): readonly (readonly T[])[] {
  const half = Math.ceil(batch.length / 2);
  return [batch.slice(0, half), batch.slice(half)];
}

/**
 * A PostgreSQL array literal of elements that need no quotes: numbers, UUIDs, words. The driver would check every element of an
 * array for characters to escape, which costs more than writing it.
 */
export function plainArray(elements: readonly (string | number)[]): string {
  return `{${elements.join(',')}}`;
}
