import pg from 'pg';
import type { Log } from '../../runtime/log.ts';
import { isInDoubt } from '../database-errors.ts';
import { APPLICATION_NAME } from '../pool.ts';
import { sendStatement } from './statement.ts';

/** A process of the server that serves one connection. */
export interface Backend {
  readonly pid: number;
  /** As text: the server counts microseconds, which a Date has not. */
  readonly startedAt: string;
}

/** Columns by which a connection learns which backend it has. Every role may see its own. */
export const BACKEND_COLUMNS = `pg_backend_pid() AS backend_pid,
  (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS backend_started_at`;

/** The system gives a pid to other processes later, so the start of the backend and its application count too. */
const TERMINATE = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND backend_start::text = $2 AND application_name = $3`;

/** Reads `BACKEND_COLUMNS`; null where the server does not say. */
export function readBackend(row: pg.QueryResultRow | undefined): Backend | null {
  const pid: unknown = row?.['backend_pid'];
  const startedAt: unknown = row?.['backend_started_at'];
  return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null;
}

/**
 * Has the server end a backend whose connection is lost. It would otherwise keep its row locks for as long as it waits: for a
 * lock, or for the rest of a request that never arrives. PostgreSQL rolls back work that it has not committed. Throws while the server
 * does not answer; where the server refuses, the backend stays, and only its own limits end it.
 */
export async function terminateBackend(pool: pg.Pool, log: Log, { pid, startedAt }: Backend): Promise<void> {
  try {
    const rows = await sendStatement(pool, { text: TERMINATE, values: [pid, startedAt, APPLICATION_NAME] });
    if (rows.length > 0) log.warn({ pid }, 'the server was still at work on a lost connection; its process was ended');
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || isInDoubt(error)) throw error;
    log.warn({ err: error, pid }, 'the server refused to end its process for a lost connection');
  }
}
