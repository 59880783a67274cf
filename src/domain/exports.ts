/** Exports: whole tables for spreadsheets and programs, read row by row. */

export const EXPORTED_TABLES = ['payments', 'reservations', 'ledger', 'queue'] as const;
export type ExportedTable = (typeof EXPORTED_TABLES)[number];

/** A value of a cell. A list has the numbers or ids of one payment's reservations. */
export type ExportedValue = string | number | null | readonly (string | number)[];
/** The values of a row, by the API's names and in their order. */
export type ExportedRow = Readonly<Record<string, ExportedValue>>;

/** An export under way. All its rows are of one snapshot of the database. */
export interface Export {
  /** The names of the values of every row. */
  readonly columns: readonly string[];
  /**
   * The next rows, a few hundred at most; none at the end. Throws a Fault `STORE_UNAVAILABLE` when the database does not answer, and
   * after the export was closed.
   */
  next(): Promise<readonly ExportedRow[]>;
  /** Ends the snapshot and frees its connection. Idempotent. */
  close(): void;
}

export interface Exports {
  /**
   * Starts an export of the rows of these concerts, or of all rows; null while as many are under way as the node permits. The
   * caller closes it. Throws a Fault `STORE_UNAVAILABLE` with effect `none`.
   */
  open(table: ExportedTable, concertIds: readonly number[] | null): Promise<Export | null>;
  /** Closes all exports under way; later ones are null. Idempotent. */
  close(): void;
}
