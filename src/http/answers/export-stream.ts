import { Readable } from 'node:stream';
import type { Export, ExportedRow } from '../../domain/exports.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ExportForm } from './export-text.ts';

/** A page has some 80 KB. A caller that has not taken it after so long hangs or has gone; its snapshot must not wait for it. */
const STALL_LIMIT_MS = 30_000;
/** The stream reads the next page when less than this waits for the caller. */
const BUFFERED_BYTES = 65_536;

/**
 * The text of an export, read page by page as its caller takes it: one page is in memory, and none is read ahead. The export
 * closes with the stream: at its end, when the caller goes away, when the caller stops reading, and when a page cannot be read.
 */
export function createExportStream({
  source,
  first,
  form,
  columns,
  complete,
  clock,
}: {
  readonly source: Export;
  /** The first page. */
  readonly first: readonly ExportedRow[];
  readonly form: ExportForm;
  /** Of completed rows. */
  readonly columns: readonly string[];
  /** Adds to the rows of a page what the export does not have. */
  readonly complete: (rows: readonly ExportedRow[]) => Promise<readonly ExportedRow[]>;
  readonly clock: Clock;
}): Readable {
  let page: readonly ExportedRow[] | null = first;
  let isOpened = false;
  let cancelStall = (): void => undefined;

  /** The text of the next page; empty at the end. */
  async function readPage(): Promise<string> {
    const rows = await complete(page ?? (await source.next()));
    page = null;
    const opening = isOpened ? '' : form.opening(columns);
    isOpened = true;
    return opening + rows.map((row) => form.row(row)).join('');
  }

  const stream = new Readable({
    highWaterMark: BUFFERED_BYTES,
    read() {
      cancelStall();
      readPage().then(
        (text) => {
          if (stream.destroyed) return;
          cancelStall = clock.after(STALL_LIMIT_MS, () => stream.destroy(new Error('the caller takes no rows')));
          if (text === '') source.close();
          stream.push(text === '' ? null : text);
        },
        (error: unknown) =>
          stream.destroy(error instanceof Error ? error : new Error('a page failed', { cause: error })),
      );
    },
    destroy(error, done) {
      cancelStall();
      source.close();
      done(error);
    },
  });
  return stream;
}
