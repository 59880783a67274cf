import type { QueryResultRow } from 'pg';
import { Fault } from '../../domain/errors.ts';
import { isInDoubt, toFault } from '../database-errors.ts';
import { type Connection, type Connections, type Statement, WAITING_LIMIT_MS } from './statement.ts';

export type Query = <R extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<R[]>;

/** How a transaction ends, and what its caller gets. */
export interface Ending<T> {
  readonly commits: boolean;
  readonly value: T;
}

/**
 * Runs statements in one transaction, for the rare writes that do not fit into one statement. Throws what `work` throws, after a
 * rollback, and a Fault `STORE_UNAVAILABLE` within 1.5 s for each statement that gets no answer. Its effect is `unknown` only
 * when COMMIT was sent: a connection that owes an answer is closed, and PostgreSQL rolls back what it did not commit.
 */
export async function inTransaction<T>(
  connections: Connections,
  work: (query: Query) => Promise<Ending<T>>,
): Promise<T> {
  let connection: Connection;
  try {
    connection = await connections.connect();
  } catch (error) {
    throw new Fault('STORE_UNAVAILABLE', 'none', { cause: error });
  }
  let isLost = false;

  async function send<R extends QueryResultRow>(statement: Statement, inDoubt: 'none' | 'unknown'): Promise<R[]> {
    try {
      const limited = { ...statement, values: [...statement.values], query_timeout: WAITING_LIMIT_MS };
      return (await connection.query<R>(limited)).rows;
    } catch (error) {
      isLost ||= isInDoubt(error);
      throw toFault(error, inDoubt);
    }
  }

  try {
    await send({ text: 'BEGIN', values: [] }, 'none');
    let ending: Ending<T>;
    try {
      ending = await work((text, values = []) => send({ text, values }, 'none'));
    } catch (error) {
      // A rollback that fails must not hide the error; the connection is closed instead, which rolls back too.
      if (!isLost) await send({ text: 'ROLLBACK', values: [] }, 'none').catch(() => (isLost = true));
      throw error;
    }
    await send({ text: ending.commits ? 'COMMIT' : 'ROLLBACK', values: [] }, ending.commits ? 'unknown' : 'none');
    return ending.value;
  } finally {
    connection.release(isLost);
  }
}

/** The connection of a transaction, for parts that take connections: all their statements are of it. */
export function connectionsOf(query: Query): Connections {
  const connection: Connection = {
    query: async ({ text, values }) => ({ rows: await query(text, values) }),
    release: () => undefined,
  };
  return { connect: async () => connection };
}
