import pg from 'pg';
import type { Log } from '../../runtime/log.ts';
import { isInDoubt } from '../database-errors.ts';
import { APPLICATION_NAME } from '../pool.ts';
import { sendStatement } from './statement.ts';

/** The server process of one connection. */
export interface Backend {
  readonly pid: number;
  /** As text, because a Date has no microseconds. */
  readonly startedAt: string;
}

/** Columns that describe a connection's own backend, which every role may see. */
export const BACKEND_COLUMNS = `pg_backend_pid() AS backend_pid,
  (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS backend_started_at`;

/** The system reuses pids, so the start time and the application must match too. */
const TERMINATE = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND backend_start::text = $2 AND application_name = $3`;

/** Reads `BACKEND_COLUMNS`; null if they are missing. */
export function readBackend(row: pg.QueryResultRow | undefined): Backend | null {
  const pid: unknown = row?.['backend_pid'];
  const startedAt: unknown = row?.['backend_started_at'];
  return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null;
}

/**
 * Makes the server end the backend of a lost connection, which would otherwise keep its row locks while it waits for a lock or
 * for the rest of a request. PostgreSQL rolls back its uncommitted work. Throws while the server does not answer. If the server
 * refuses, the backend runs on until its own limits end it.
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
