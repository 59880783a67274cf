import type { ExportedRow, ExportedValue } from '../../domain/exports.ts';

/** The form of an export's rows as text. */
export interface ExportForm {
  readonly mediaType: string;
  /** What comes before the first row. */
  opening(columns: readonly string[]): string;
  row(row: ExportedRow): string;
}

/** Spreadsheets read a file without it in an encoding of their own. */
const BYTE_ORDER_MARK = '\uFEFF';
const LINE_END = '\r\n';
const NEEDS_QUOTES = /[",\r\n]/;
/**
 * What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection"), full-width forms included. Excel ignores what
 * stands before a tab or a line break.
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

/** RFC 4180. A text that a spreadsheet would compute gets an apostrophe; numbers stay numbers. Lists are separated by spaces. */
const CSV: ExportForm = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  opening: (columns) => BYTE_ORDER_MARK + columns.map(cellOf).join(',') + LINE_END,
  row: (row) => Object.values(row).map(cellOf).join(',') + LINE_END,
};

/** A JSON object on each line. */
const NDJSON: ExportForm = {
  mediaType: 'application/x-ndjson; charset=utf-8',
  opening: () => '',
  row: (row) => `${JSON.stringify(row)}\n`,
};

export const EXPORT_FORMS = { csv: CSV, ndjson: NDJSON } as const;

function cellOf(value: ExportedValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : value.join(' ');
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
