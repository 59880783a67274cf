import type { QueryResultRow } from 'pg';
import { Fault, type FaultEffect } from '../../domain/errors.ts';
import { isInDoubt, toFault } from '../database-errors.ts';

/**
 * Later than the server's own limit for a statement: a server that has not answered by then is not there any more, and a
 * connection whose other end vanished without a word would otherwise be waited for, for minutes.
 */
const ANSWER_DEADLINE_MS = 6_000;
/** Callers learn within 2 s that there is no answer. Opening a connection may take a second of that. */
export const WAITING_LIMIT_MS = 1_500;

/**
 * How long a statement that many share waits for a row. Rows are locked until their transaction has ended, which takes
 * milliseconds. Ten halvings of the statement still take half a second only.
 */
const ROW_PATIENCE_MS = 50;
/**
 * One row, whose computation shortens the transaction's waits for rows from then on. A wait for a table comes before it,
 * when the statement is planned.
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
  /** Given, the server keeps the statement prepared. */
  readonly name?: string;
}

/** What a statement is sent on; pools' clients are ones. */
export interface Connection {
  query<R extends QueryResultRow>(statement: {
    text: string;
    values: unknown[];
    name?: string;
  }): Promise<{ rows: R[] }>;
  /** `destroy`: it must not be used again. */
  release(destroy?: boolean): void;
}

/** Where connections come from; pools are ones. */
export interface Connections {
  connect(): Promise<Connection>;
}

/**
 * Sends one statement on a connection of its own, and returns its rows. Throws a Fault `STORE_UNAVAILABLE` with effect `none`
 * when there is no connection to send it on, and else what the driver throws. A connection that owes an answer is never used again.
 * `limitMs` bounds the whole, the waiting for a connection included.
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
    // Whatever kept it from connecting, the statement was not sent.
    throw new Fault('STORE_UNAVAILABLE', 'none', { cause: error });
  }
  let isLost = false;
  try {
    const leftMs = limitMs === null ? ANSWER_DEADLINE_MS : Math.max(limitMs - (performance.now() - begunMs), 1);
    const limited = { ...statement, values: [...statement.values], query_timeout: leftMs };
    return (await connection.query<R>(limited)).rows;
  } catch (error) {
    isLost = isInDoubt(error);
    throw error;
  } finally {
    connection.release(isLost);
  }
}

/** As `sendStatement`, with the driver's errors made faults where the database is at fault; `inDoubt` as in `toFault`. */
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

/** Reads for somebody who waits: rows, or within 1.5 s a Fault `STORE_UNAVAILABLE` with effect `none`. */
export function readRows<R extends QueryResultRow>(connections: Connections, statement: Statement): Promise<R[]> {
  return runStatement(connections, statement, 'none', WAITING_LIMIT_MS);
}

/**
 * Writes for somebody who waits: rows, or within 1.5 s a Fault `STORE_UNAVAILABLE`, of effect `unknown` where the statement was
 * sent: it may go on, and commit, for as long as the server's own limit lets it.
 */
export function writeRows<R extends QueryResultRow>(connections: Connections, statement: Statement): Promise<R[]> {
  return runStatement(connections, statement, 'unknown', WAITING_LIMIT_MS);
}

/** The two halves of a batch whose statement was refused for a part of it. */
export function halvesOf<T>(batch: readonly T[]): readonly (readonly T[])[] {
  const half = Math.ceil(batch.length / 2);
  return [batch.slice(0, half), batch.slice(half)];
}
