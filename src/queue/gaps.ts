/**
 * Entries that PostgreSQL has numbered and the line store does not have yet, because another node is on its way there with
 * them or died before. Entries behind them have no position until they are in.
 *
 * GAP-1. A position is told only when every entry that was recorded before it is in, so it never rises.
 * GAP-2. A node waits for the entries of another one for `PATIENCE_FOR_OTHERS_MS`, and then brings them itself.
 * GAP-3. A number whose entry was recorded can be read by any node that knows of a higher number: PostgreSQL gives the next number
 *     only after the statement that took the one before it has committed.
 */
import { type Clock, pause } from '../runtime/clock.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import { type Awaitable, type LineStore, LOST, type Looked, type Lost, type Standing } from './line-store.ts';

/** About what a round trip to Redis takes under load. */
const PAUSE_MS = 5;
/** GAP-2. Far above what another node needs for an entry, far below the patience of a caller. */
const PATIENCE_FOR_OTHERS_MS = 250;
/** Gaps that a caller waits for, one after the other. */
const MOST_GAPS = 4;

export interface Gaps {
  /** What `look` finds, once no standing in it waits for a gap; the last look if that takes too long. Throws Faults. */
  settle(concertId: number, look: () => Awaitable<Lost | Looked>): Promise<Lost | Looked>;
}

/** Whether entries before this one may be missing. */
export function isUnsettled(standing: Standing | null): boolean {
  return standing !== null && standing.position === null;
}

export function createGaps(deps: {
  readonly records: Pick<QueueRecords, 'listNumbered'>;
  readonly store: LineStore;
  /** That of the machine. */
  readonly clock: Clock;
}): Gaps {
  const { records, store, clock } = deps;
  /** One at a time for each line, for all callers that wait for it. */
  const closing = new Map<number, Promise<void>>();

  /** Returns when the first gap of the line is closed, or is another one. */
  async function close(concertId: number): Promise<void> {
    const deadlineMs = clock.monotonicMs() + PATIENCE_FOR_OTHERS_MS;
    let first: number | null = null;
    for (;;) {
      const looked = await store.look(concertId, [], false);
      if (looked === LOST) return;
      const { gap, generation } = looked.summary;
      first ??= gap?.first ?? null;
      if (gap === null || gap.first !== first) return;
      if (clock.monotonicMs() < deadlineMs) {
        await pause(clock, PAUSE_MS);
        continue;
      }
      const rows = await records.listNumbered(concertId, gap);
      await store.put(concertId, generation, rows, [gap]);
      return;
    }
  }

  function closeTogether(concertId: number): Promise<void> {
    const underWay = closing.get(concertId);
    if (underWay !== undefined) return underWay;
    const begun = close(concertId).finally(() => closing.delete(concertId));
    closing.set(concertId, begun);
    return begun;
  }

  return {
    async settle(concertId, look) {
      let looked = await look();
      for (let nth = 0; nth < MOST_GAPS && looked !== LOST && looked.standings.some(isUnsettled); nth += 1) {
        await closeTogether(concertId);
        looked = await look();
      }
      return looked;
    },
  };
}
