import { isEndStatus, type QueueTokenRow } from '../domain/queue-token.ts';
import { isLive } from './place.ts';
import { type LineStore, LOST, type RecordedEnd } from './line-store.ts';
import { isOpen, type KnownLine, type KnownLines } from './lines.ts';
import type { KnownTokens } from './known-tokens.ts';

/** Brings to the line store what PostgreSQL has recorded. Throws Faults `QUEUE_UNAVAILABLE`; repeating any of it is harmless. */
export interface RecordedChanges {
  /** Ends take effect: slots and places are free. */
  end(line: KnownLine, ends: readonly RecordedEnd[]): Promise<void>;
  /** Whatever the rows say takes effect. A token without a row is left as it is: its row may still be on its way. */
  apply(line: KnownLine, rows: readonly QueueTokenRow[]): Promise<void>;
}

export function createRecordedChanges(deps: {
  readonly store: LineStore;
  readonly lines: Pick<KnownLines, 'noteLost' | 'noteChanged'>;
  readonly knownTokens: KnownTokens;
}): RecordedChanges {
  const { store, lines, knownTokens } = deps;

  async function end(line: KnownLine, ends: readonly RecordedEnd[]): Promise<void> {
    if (ends.length === 0) return;
    // Recorded is recorded, whether or not the line store takes it in.
    for (const { tokenId, status, endedAtMs } of ends) knownTokens.noteEnded(tokenId, status, endedAtMs);
    if ((await store.remove(line.concertId, ends)) === LOST) lines.noteLost(line.concertId);
    else lines.noteChanged(line);
  }

  return {
    end,

    async apply(line, rows) {
      await end(
        line,
        rows.flatMap(({ tokenId, status, endedAtMs }) =>
          isEndStatus(status) ? [{ tokenId, status, endedAtMs: endedAtMs ?? 0 }] : [],
        ),
      );
      const live = rows.filter(isLive);
      if (live.length === 0 || !isOpen(line)) return;
      const whole = live.map(({ no }) => ({ first: no, last: no }));
      const put = await store.put(line.concertId, line.generation, live, whole);
      if (put === LOST) lines.noteLost(line.concertId);
      else line.admissions += put.admitted.length;
      for (const row of live) {
        if (row.status === 'ACTIVE') knownTokens.noteActive(row.tokenId, row.activatedAtMs, row.activeUntilMs);
      }
    },
  };
}
