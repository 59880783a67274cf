import type { SalesReport } from '../../../src/client/answers.ts';
import { ApiProblem, readProblem } from '../../../src/client/failures.ts';
import type { DeskTools } from '../desk-tools.ts';

export const EXPORTED = ['payments', 'reservations', 'ledger', 'queue'] as const;
export const EXPORT_FORMS = ['csv', 'ndjson'] as const;

export interface ReportState {
  readonly by: SalesReport['by'];
  /** Null: all concerts. */
  readonly concertId: number | null;
  readonly report: SalesReport | null;
}

export const FIRST_REPORTS: ReportState = { by: 'date', concertId: null, report: null };

/** The sales, and files of everything. */
export function createReportDesk(tools: DeskTools) {
  const { run, load, done } = tools;
  const read = (): ReportState => tools.state.reports;
  const note = (changes: Partial<ReportState>): void => tools.change({ reports: { ...read(), ...changes } });

  async function open(): Promise<void> {
    const { by, concertId } = read();
    await load('report', async (admin) => {
      const report = await admin.sales(by, concertId ?? undefined);
      // Another choice was made meanwhile.
      if (read().by === by && read().concertId === concertId) note({ report });
    });
  }

  return {
    open,
    async choose(choice: Partial<Pick<ReportState, 'by' | 'concertId'>>): Promise<void> {
      note(choice);
      await open();
    },
    /** The browser saves the file; the key travels in a header, so a plain link cannot fetch it. */
    async download(table: (typeof EXPORTED)[number], form: (typeof EXPORT_FORMS)[number]): Promise<void> {
      const { concertId } = read();
      const file = `${table}.${form}`;
      const isDone = await run(`export ${file}`, async () => {
        const path = `/api/v1/admin/exports/${file}${concertId === null ? '' : `?concertId=${concertId}`}`;
        const answer = await fetch(path, { headers: tools.headers(), cache: 'no-store' });
        if (!answer.ok) {
          const problem: unknown = await answer.json().catch(() => null);
          throw new ApiProblem(readProblem(answer.status, answer.headers, problem, Date.now()));
        }
        saveFile(file, await answer.blob());
      });
      if (isDone) done((t) => t.reports.downloaded(file));
    },
  };
}

function saveFile(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has begun to read it by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
