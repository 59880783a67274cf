/**
 * Keeps the head of a line that another transaction has locked from holding up the lines whose changes share its statement.
 *
 * A statement waits for its heads as every transaction does, in their order. Only when it has waited in vain are its lines
 * looked at without waiting, and those that are locked are left out of this statement and of the next ones, until a look
 * finds their heads free. A line whose generation could not be raised for a lock is left out until it has been. Of a line that is
 * left out
 * - entries are refused with nothing done;
 * - admissions do nothing, so its people wait on;
 * - ends are done without the head. Its lock keeps the generation from being raised under them, whichever transaction holds it.
 *
 * Tokens whose rows are locked hold up nothing: the statements skip them.
 */
import { Fault } from '../../domain/errors.ts';
import type {
  QueueChangeOutcome,
  QueueEnd,
  QueueEntryOutcome,
  QueueHead,
  QueueRecords,
} from '../../domain/queue-token.ts';
import { type Clock, pause } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { isRowLocked } from '../database-errors.ts';
import { type Connections, readRows } from '../journal/statement.ts';
import { FREE_HEADS } from './queue-statements.ts';

/** Between two looks at the heads that were locked. */
const LOOK_PAUSE_MS = 20;
/** More than one batch of entries. A caller that sends an older entry again finds its token live. */
const MOST_OUTCOMES_KEPT = 2_000;

interface Done<T, R> {
  readonly locked: ReadonlySet<number>;
  readonly sent: readonly T[];
  /** Null when all lines are locked. */
  readonly result: R | null;
}

const NOTHING_DONE: QueueChangeOutcome = {
  changed: new Set(),
  locked: new Set(),
  kept: new Set(),
  fenced: new Set(),
};

export interface LockedHeadsDependencies {
  readonly pool: Connections;
  readonly clock: Clock;
  readonly log: Log;
  /** As `QueueRecords.end`, without holding the heads. */
  readonly endUnheld: (ends: readonly QueueEnd[]) => Promise<QueueChangeOutcome>;
}

/** The records with `enter`, `admit` and `end` as the file's header says. */
export function passLockedHeads(records: QueueRecords, deps: LockedHeadsDependencies): QueueRecords {
  const { pool, clock, log, endUnheld } = deps;
  /** Lines that a statement has waited for in vain, until a look finds their heads free. */
  const suspects = new Set<number>();
  /** Lines whose generation is to be raised before anything else is written in them. */
  const unraised = new Set<number>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Of entries whose batch was refused for others, by token. */
  const outcomes = new Map<string, QueueEntryOutcome>();

  async function look(): Promise<void> {
    const rows = await readRows<{ concert_id: number }>(pool, { text: FREE_HEADS, values: [[...suspects]] });
    for (const { concert_id: concertId } of rows) suspects.delete(concertId);
    lookedAtMs = clock.monotonicMs();
  }

  async function findLocked(heads: readonly QueueHead[]): Promise<ReadonlySet<number>> {
    const isAnySuspect = suspects.size > 0 && heads.some(({ concertId }) => suspects.has(concertId));
    if (isAnySuspect && clock.monotonicMs() - lookedAtMs >= LOOK_PAUSE_MS) await look();
    const locked = suspects.union(unraised);
    return new Set(heads.flatMap(({ concertId }) => (locked.has(concertId) ? [concertId] : [])));
  }

  async function suspect(heads: readonly QueueHead[]): Promise<void> {
    for (const { concertId } of heads) suspects.add(concertId);
    await look();
    if (suspects.size > 0) log.warn({ concertIds: [...suspects] }, 'heads of lines are locked by other transactions');
  }

  async function sendUnlocked<T extends QueueHead, R>(
    items: readonly T[],
    send: (items: readonly T[]) => Promise<R>,
  ): Promise<Done<T, R>> {
    for (let isFirst = true; ; isFirst = false) {
      const locked = await findLocked(items);
      const sent = locked.size === 0 ? items : items.filter(({ concertId }) => !locked.has(concertId));
      if (sent.length === 0) return { locked, sent, result: null };
      try {
        return { locked, sent, result: await send(sent) };
      } catch (error) {
        if (!isFirst || !(error instanceof Fault && isRowLocked(error.cause))) throw error;
        await suspect(sent);
      }
    }
  }

  function keep(tokenId: string, outcome: QueueEntryOutcome | undefined): void {
    if (outcomes.size >= MOST_OUTCOMES_KEPT) outcomes.clear();
    if (outcome !== undefined) outcomes.set(tokenId, outcome);
  }

  return {
    ...records,

    async raise(heads) {
      const outcome = await records.raise(heads);
      for (const { concertId } of heads) unraised.delete(concertId);
      for (const { concertId } of outcome.locked) unraised.add(concertId);
      return outcome;
    },

    async enter(entries) {
      const open = outcomes.size === 0 ? entries : entries.filter(({ tokenId }) => !outcomes.has(tokenId));
      const { locked, sent, result } = await sendUnlocked(open, (free) => records.enter(free));
      if (locked.size === 0 && sent.length === entries.length && result !== null) return result;
      sent.forEach(({ tokenId }, index) => keep(tokenId, result?.[index]));
      if (locked.size > 0) {
        const cause = new Error('another transaction has locked the head of a line');
        throw new Fault('QUEUE_UNAVAILABLE', 'none', { cause, isOfOnePart: true });
      }
      return entries.map(({ tokenId }) => {
        const outcome = outcomes.get(tokenId);
        outcomes.delete(tokenId);
        if (outcome === undefined) throw new Error('an entry came back without its outcome');
        return outcome;
      });
    },

    async admit(admissions) {
      const { locked, result } = await sendUnlocked(admissions, (free) => records.admit(free));
      const done = result ?? NOTHING_DONE;
      const unsent = admissions.filter(({ concertId }) => locked.has(concertId)).map(({ tokenId }) => tokenId);
      const outcome = { ...done, locked: done.locked.union(new Set(unsent)) };
      // They will be proposed again at once.
      if (outcome.changed.size === 0 && outcome.locked.size > 0) await pause(clock, LOOK_PAUSE_MS);
      return outcome;
    },

    async end(ends) {
      const { locked, result } = await sendUnlocked(ends, (free) => records.end(free));
      if (locked.size === 0 && result !== null) return result;
      const unheld = await endUnheld(ends.filter(({ concertId }) => locked.has(concertId)));
      if (result === null) return unheld;
      return {
        changed: result.changed.union(unheld.changed),
        locked: result.locked.union(unheld.locked),
        kept: result.kept.union(unheld.kept),
        fenced: result.fenced.union(unheld.fenced),
      };
    },
  };
}
