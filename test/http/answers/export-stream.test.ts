import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { ExportedRow } from '../../../src/domain/exports.ts';
import { Fault } from '../../../src/domain/errors.ts';
import { createExportStream } from '../../../src/http/answers/export-stream.ts';
import { EXPORT_FORMS } from '../../../src/http/answers/export-text.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const ROWS = 1_000;

/** An export of `pages` pages behind the first one. */
function createSource(pages: number, fails = false) {
  const state = { read: 0, closed: 0 };
  const page = (number: number): ExportedRow[] =>
    Array.from({ length: ROWS }, (_, index) => ({ number: number * ROWS + index, text: 'x'.repeat(100) }));
  const source = {
    columns: ['number', 'text'],
    async next() {
      if (fails) throw new Fault('STORE_UNAVAILABLE', 'none');
      if (state.read >= pages) return [];
      state.read += 1;
      return page(state.read);
    },
    close: () => void (state.closed += 1),
  };
  return { state, source, first: page(0) };
}

function streamOf({ source, first }: ReturnType<typeof createSource>) {
  const clock = createManualClock();
  const complete = async (rows: readonly ExportedRow[]) => rows;
  const { columns } = source;
  return { clock, stream: createExportStream({ source, first, form: EXPORT_FORMS.csv, columns, complete, clock }) };
}

t.test('all pages arrive in order behind one row of names, and the export is closed at its end', async (t) => {
  const made = createSource(3);
  const { stream, clock } = streamOf(made);
  const lines = (await text(stream)).split('\r\n');
  t.equal(lines.shift(), 'number,text');
  t.equal(lines.pop(), '');
  t.same(
    lines.map((line) => Number(line.split(',')[0])),
    Array.from({ length: 4 * ROWS }, (_, index) => index),
  );
  t.ok(made.state.closed > 0);
  await waitFor(() => clock.pending() === 0 || null, { what: 'the timers to be cancelled' });
});

t.test('no page is read before its caller has taken the last one', async (t) => {
  const made = createSource(1_000);
  const { stream } = streamOf(made);
  await once(stream, 'readable');
  t.equal(made.state.read, 0, 'the first page waits, and nothing is read behind it');
  stream.read();
  await waitFor(() => made.state.read === 1 || null, { what: 'the next page' });
  await once(stream, 'readable');
  t.equal(made.state.read, 1);
  stream.destroy();
  await once(stream, 'close');
  t.ok(made.state.closed > 0, 'a caller that goes away closes the export');
});

t.test('a caller that stops reading closes the export after half a minute', async (t) => {
  const made = createSource(1_000);
  const { stream, clock } = streamOf(made);
  const failed = once(stream, 'error');
  stream.on('readable', () => undefined);
  await waitFor(() => clock.pending() === 1 || null, { what: 'the first page' });
  clock.advance(29_999);
  t.equal(made.state.closed, 0);
  clock.advance(1);
  t.match(await failed, [{ message: 'the caller takes no rows' }]);
  t.ok(made.state.closed > 0);
});

t.test(
  'a page that cannot be read ends the stream with an error, so that no caller takes it for complete',
  async (t) => {
    const made = createSource(3, true);
    const { stream } = streamOf(made);
    await t.rejects(text(stream), { code: 'STORE_UNAVAILABLE' });
    t.ok(made.state.closed > 0);
  },
);
