import type { Clock } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import type { FlushResult, WriteStep } from './write-cycle.ts';
import type { RecordedChanges } from './recorded-changes.ts';
import type { ExclusiveLines, LineStore } from './line-store.ts';
import { isOpen, type KnownLine, type KnownLines } from './lines.ts';

/** Rows per look; more of them wait for the next. */
const TOKENS_PER_LOOK = 1_000;
/** Beyond this many, what is remembered to be mended is left to the comparison of the whole line. */
const MOST_TOKENS = 100_000;
/** Locks of other transactions last some milliseconds. */
const RAISE_AGAIN_MS = 20;

/**
 * Tokens of which the line store may not know what PostgreSQL has recorded, because it did not answer or was never told. Their
 * rows are read, and what they say is brought to the store, until it has it.
 */
export interface Repair extends WriteStep {
  /**
   * PostgreSQL's answer to changes of these tokens is missing. In an exclusive store nothing else is decided about the line
   * until its generation is raised: what the lost statement did is visible from then on, or is refused for ever. While its head
   * is locked it is tried again and again, and the records refuse what is decided about the line.
   */
  doubt(line: KnownLine, tokenIds: readonly string[]): void;
  /** Whether the line is one of those: what was lost is not visible yet. */
  isDoubted(line: KnownLine): boolean;
  add(concertId: number, tokenIds: readonly string[]): void;
}

export function createRepair(deps: {
  readonly records: QueueRecords;
  readonly store: LineStore;
  readonly lines: KnownLines;
  readonly changes: RecordedChanges;
  /** That of the machine. */
  readonly machineClock: Clock;
  readonly wake: () => void;
  /** Another process has taken over a line of an exclusive store. */
  readonly onFenced: () => void;
  readonly onFailure: (error: unknown) => void;
}): Repair {
  const { records, store, lines, changes, machineClock, wake, onFenced, onFailure } = deps;
  /** Token ids with their concerts. */
  const tokens = new Map<string, number>();
  const doubted = new Set<KnownLine>();

  /** False when another process has taken the lines over. */
  async function raiseDoubted({ continueUnder }: ExclusiveLines): Promise<boolean> {
    const lines = [...doubted].filter(isOpen);
    const heads = lines.map(({ concertId, generation }) => ({ concertId, generation }));
    const { raised, locked } = await records.raise(heads);
    for (const { concertId, generation } of raised) continueUnder(concertId, generation);
    const lockedIds = new Set(locked.map(({ concertId }) => concertId));
    for (const line of doubted) if (!lockedIds.has(line.concertId)) doubted.delete(line);
    if (doubted.size > 0) machineClock.after(RAISE_AGAIN_MS, wake);
    return raised.length + locked.length === lines.length;
  }

  async function mend(): Promise<FlushResult> {
    if (doubted.size > 0 && store.exclusive !== null && !(await raiseDoubted(store.exclusive))) {
      onFenced();
      return 'failed';
    }
    for (const concertId of new Set(tokens.values()))
      if (lines.get(concertId) === undefined) await lines.open(concertId);
    const batch = [...tokens].filter(([, concertId]) => {
      const line = lines.get(concertId);
      return line !== undefined && isOpen(line) && !doubted.has(line);
    });
    batch.length = Math.min(batch.length, TOKENS_PER_LOOK);
    if (batch.length === 0) return 'idle';
    const rows = Map.groupBy(await records.find(batch.map(([tokenId]) => tokenId)), (row) => row.concertId);
    for (const [concertId, members] of Map.groupBy(batch, ([, id]) => id)) {
      const line = lines.get(concertId);
      if (line !== undefined) await changes.apply(line, rows.get(concertId) ?? []);
      for (const [tokenId] of members) tokens.delete(tokenId);
    }
    return 'done';
  }

  function add(concertId: number, tokenIds: readonly string[]): void {
    for (const tokenId of tokenIds) if (tokens.size < MOST_TOKENS) tokens.set(tokenId, concertId);
    wake();
  }

  return {
    add,

    doubt(line, tokenIds) {
      if (store.exclusive !== null) doubted.add(line);
      add(line.concertId, tokenIds);
    },

    isDoubted: (line) => doubted.has(line),

    async flush() {
      if (!store.isUp || (tokens.size === 0 && doubted.size === 0)) return 'idle';
      try {
        return await mend();
      } catch (error) {
        onFailure(error);
        // Without the line store there is nothing to mend; its return starts a write cycle.
        return error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE' ? 'idle' : 'failed';
      }
    },
  };
}
