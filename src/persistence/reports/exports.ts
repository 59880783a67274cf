/**
 * Exports of whole tables, each on a connection and in a snapshot of its own.
 *
 * EXPORT-1. All rows of an export are of one snapshot: a read-only transaction with repeatable reads.
 * EXPORT-2. A snapshot keeps PostgreSQL from removing dead rows, so it ends with its export: at the last row, when the caller
 *     goes away, at a failure, and after LONGEST_EXPORT_MS. If this process dies, the server ends it.
 * EXPORT-3. Pages follow each other by key, so only one page is in memory, and no page reads the rows of the former ones.
 * EXPORT-4. At most EXPORTS_AT_ONCE run on a node, on connections that serve nothing else.
 */
import pg from 'pg';
import { Fault } from '../../domain/errors.ts';
import {
  EXPORTED_TABLES,
  type Export,
  type ExportedRow,
  type ExportedTable,
  type ExportedValue,
  type Exports,
} from '../../domain/exports.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { toFault } from '../database-errors.ts';
import { connectionSettings } from '../pool.ts';
import { beginningOf, EXPORTED, pageStatement, ROWS_PER_PAGE } from './export-statements.ts';

/** Each reads and sends as fast as its caller takes the rows, so more would only slow down the sale. */
export const EXPORTS_AT_ONCE = 2;
/** A page of a small concert may pass over a large table. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** Longer than a caller may leave a page in the buffers. */
const IDLE_TIMEOUT_MS = 60_000;
/** A million rows take less than a minute on a caller that keeps up. */
const LONGEST_EXPORT_MS = 900_000;

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

const STATEMENTS = new Map(EXPORTED_TABLES.map((table) => [table, pageStatement(EXPORTED[table])]));

export function createExports({
  databaseUrl,
  clock,
  log,
}: {
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly log: Log;
}): Exports {
  const running = new Set<Export>();
  let opening = 0;
  let isClosed = false;

  async function start(table: ExportedTable, concertIds: readonly number[] | null): Promise<Export> {
    const client = new pg.Client({
      ...connectionSettings(databaseUrl),
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TIMEOUT_MS,
    });
    // The next statement reports the loss.
    client.on('error', (error) => log.debug({ err: error }, 'the connection of an export was lost'));
    try {
      await client.connect();
      await client.query(BEGIN);
    } catch (error) {
      void disconnect(client);
      throw toFault(error, 'none');
    }
    return createExport(client, table, concertIds);
  }

  function createExport(client: pg.Client, table: ExportedTable, concertIds: readonly number[] | null): Export {
    const exported = EXPORTED[table];
    const columns = exported.columns.map(([name]) => name);
    const text = STATEMENTS.get(table) ?? pageStatement(exported);
    let after = beginningOf(exported);
    let state: 'reading' | 'at-end' | 'closed' = 'reading';
    const cancelLimit = clock.after(LONGEST_EXPORT_MS, () => {
      log.warn({ table }, 'an export took too long; ending it');
      opened.close();
    });

    function close(): void {
      if (state === 'closed') return;
      state = 'closed';
      cancelLimit();
      running.delete(opened);
      void disconnect(client);
    }

    const opened: Export = {
      columns,
      async next() {
        if (state === 'at-end') return [];
        if (state === 'closed') throw new Fault('STORE_UNAVAILABLE', 'none');
        try {
          const { rows } = await client.query<unknown[]>({
            text,
            values: [concertIds, ...after],
            rowMode: 'array',
          });
          const last = rows.at(-1)?.slice(columns.length);
          if (last !== undefined) after = last.map((value) => (typeof value === 'number' ? value : String(value)));
          if (rows.length < ROWS_PER_PAGE) state = 'at-end';
          return rows.map((row) => rowOf(columns, row));
        } catch (error) {
          close();
          throw toFault(error, 'none');
        }
      },
      close,
    };
    running.add(opened);
    return opened;
  }

  return {
    async open(table, concertIds) {
      if (isClosed || running.size + opening >= EXPORTS_AT_ONCE) return null;
      opening += 1;
      try {
        const opened = await start(table, concertIds);
        if (isClosed) opened.close();
        return isClosed ? null : opened;
      } finally {
        opening -= 1;
      }
    },
    close() {
      isClosed = true;
      for (const each of running) each.close();
    },
  };
}

/** Ends the transaction with its connection; a statement that is running ends too. A connection that is lost already has ended it. */
async function disconnect(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}

function rowOf(columns: readonly string[], row: readonly unknown[]): ExportedRow {
  const named: Record<string, ExportedValue> = {};
  columns.forEach((name, index) => {
    named[name] = valueOf(row[index]);
  });
  return named;
}

function valueOf(value: unknown): ExportedValue {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((element) => (typeof element === 'number' ? element : String(element)));
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  throw new TypeError(`an export has no form for a ${typeof value}`);
}
