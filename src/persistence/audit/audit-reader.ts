import type { PoolClient, QueryResultRow } from 'pg';

/** Rows per round trip; a log row may hold thousands of events. */
const ROWS_PER_FETCH = 500;

/** A result that is read row by row. */
export interface Peekable<R> {
  /** The present row; undefined at the end. */
  peek(): R | undefined;
  /** Goes on to the next row. */
  advance(): Promise<void>;
}

/** Reads a result through a cursor, so that it is never in memory as a whole. The client is in a transaction. */
export async function readOrdered<R extends QueryResultRow>(
  client: PoolClient,
  cursor: string,
  select: string,
): Promise<Peekable<R>> {
  let rows: R[] = [];
  let position = 0;

  async function fetch(): Promise<void> {
    rows = (await client.query<R>(`FETCH FORWARD ${ROWS_PER_FETCH} FROM ${cursor}`)).rows;
    position = 0;
  }

  await client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${select}`);
  await fetch();
  return {
    peek: () => rows[position],
    async advance() {
      position += 1;
      if (position >= rows.length && rows.length === ROWS_PER_FETCH) await fetch();
    },
  };
}
