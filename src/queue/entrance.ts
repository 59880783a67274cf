/**
 * Lets people join a line. PostgreSQL records and numbers an entry, the line store gives it its place, then the caller is
 * answered: after the next admissions where there may be room, so that a caller who finds it is told that they are in. While a
 * batch is put into the line store the next one is recorded.
 *
 * ENTER-1. On one node a user has at most one entry per concert under way, until it is answered. Between nodes PostgreSQL lets
 *     one of them in.
 * ENTER-2. Entries are recorded in order of arrival, one batch after the other. The line store places them by their numbers, so
 *     the order does not depend on what happens to a batch on its way there.
 * ENTER-3. No one is entered while the line store is known to be away. An entry that was recorded when it went away is
 *     repaired, and the user's next entry finds it.
 */
import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import { createIdSource } from '../runtime/ids.ts';
import type { NumberRange, QueueEntryOutcome, QueueRecords, QueueTokenRow } from '../domain/queue-token.ts';
import { ENTRIES_PER_STATEMENT, MOST_ENTRIES_PENDING } from './limits.ts';
import { sendHalves } from './halves.ts';
import type { FlushResult, WriteStep } from './write-cycle.ts';
import { withPatience } from './patience.ts';
import { type LineStore, type LineSummary, type Looked, LOST, type Lost, type Standing } from './line-store.ts';
import { type Gaps, isUnsettled } from './gaps.ts';
import type { Repair } from './repair.ts';
import type { Ends } from './ends.ts';
import { isOpen, type OpenLine, type KnownLines } from './lines.ts';

export interface Entered {
  readonly row: QueueTokenRow;
  /** Where it stands after the admissions of its cycle; null when that was not to be had. */
  readonly looked: { readonly summary: LineSummary; readonly standing: Standing } | null;
  /** Whether this very call entered it. */
  readonly created: boolean;
}

export interface Entrance extends WriteStep {
  /** The user's live token, recorded and in its place. Throws Faults. */
  enter(line: OpenLine, userId: string): Promise<Entered>;
  /**
   * After the admissions of a cycle: answers those who were in their places before them. Nobody waits for the admissions of a
   * store that has just failed.
   */
  answer(hasFailed: boolean): void;
  /** Resolves when nothing that was recorded is on its way to the line store. */
  settle(): Promise<void>;
  /** The line store went away: nobody who was not sent yet is entered. */
  refuseUnsent(): void;
  /** Nobody is answered any more. */
  refuseAll(): void;
}

/** Each range once: the entries of one statement share it. */
function numbersOf(entries: readonly PendingEntry[]): NumberRange[] {
  return [...new Map(entries.flatMap(({ numbers }) => (numbers === null ? [] : [[numbers.first, numbers]]))).values()];
}

/**
 * Batches on their way to the line store beside the one that is recorded: one that the store has, and one whose answer this
 * node reads. More of them would wait for the store, and smaller batches cost more each.
 */
const MOST_BATCHES_PLACED = 2;

interface PendingEntry {
  readonly key: string;
  readonly line: OpenLine;
  readonly userId: string;
  readonly tokenId: string;
  readonly issuedAtMs: number;
  readonly outcome: PromiseWithResolvers<Entered>;
  isSent: boolean;
  entered: Entered | null;
  /** Which numbers the statement took that entered it. */
  numbers: NumberRange | null;
}

export interface EntranceSettings {
  readonly records: QueueRecords;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly store: LineStore;
  readonly lines: KnownLines;
  readonly ends: Ends;
  readonly repair: Repair;
  readonly gaps: Gaps;
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createEntrance(settings: EntranceSettings): Entrance {
  const { records, clock, databaseClock, store, lines, ends, repair, gaps, wake, onFailure } = settings;
  const nextTokenId = createIdSource();
  /** In order of arrival. */
  const pending = new Map<string, PendingEntry>();
  /** On their way to the line store, in the order in which they were recorded. */
  const placing = new Set<Promise<unknown>>();
  /** In their places, and to be answered after the admissions of the next cycle. */
  let placed: PendingEntry[] = [];
  /** To be answered after the admissions of this cycle. */
  let answerable: PendingEntry[] = [];

  function refuse(entry: PendingEntry, error: unknown): void {
    pending.delete(entry.key);
    entry.outcome.reject(error);
  }

  function add(key: string, line: OpenLine, userId: string): PendingEntry {
    const issuedAtMs = databaseClock.upperMs();
    const tokenId = nextTokenId(issuedAtMs);
    const outcome = Promise.withResolvers<Entered>();
    // Its callers may all have lost patience by the time it is refused.
    outcome.promise.catch(() => undefined);
    const entry = { key, line, userId, tokenId, issuedAtMs, outcome, isSent: false, entered: null, numbers: null };
    pending.set(key, entry);
    wake();
    return entry;
  }

  function lateFault(entry: PendingEntry): Fault {
    if (entry.isSent) return new Fault(entry.entered === null ? 'STORE_UNAVAILABLE' : 'QUEUE_UNAVAILABLE', 'unknown');
    const fault = new Fault(isOpen(entry.line) ? 'STORE_UNAVAILABLE' : 'QUEUE_UNAVAILABLE', 'none');
    refuse(entry, fault);
    return fault;
  }

  function isOverdue(row: QueueTokenRow): boolean {
    return row.status === 'ACTIVE' && row.activeUntilMs !== null && databaseClock.lowerMs() >= row.activeUntilMs;
  }

  function answerOne(entry: PendingEntry, looked: Entered['looked']): void {
    pending.delete(entry.key);
    if (entry.entered !== null) entry.outcome.resolve({ ...entry.entered, looked });
  }

  function answerAll(entries: readonly PendingEntry[], looked: Looked | Lost): void {
    entries.forEach((entry, nth) => {
      const standing = looked === LOST ? null : (looked.standings[nth] ?? null);
      answerOne(
        entry,
        looked === LOST || standing === null || isUnsettled(standing) ? null : { summary: looked.summary, standing },
      );
    });
  }

  /** Whether somebody could be let in at present, by this node or, with a round that is out, by another one. */
  function mayAdmit({ pending: proposed, wakeMs }: LineSummary): boolean {
    return proposed > 0 || (wakeMs !== null && wakeMs <= databaseClock.lowerMs());
  }

  /** Takes over the recorded entries. Entries that this does not settle are sent again with the next cycle. */
  function take(entry: PendingEntry, outcome: QueueEntryOutcome | undefined, generation: number): QueueTokenRow | null {
    if (outcome === undefined) return null;
    if (outcome.type === 'fenced') {
      entry.isSent = false;
      lines.noteLost(entry.line.concertId, generation);
      return null;
    }
    const { row } = outcome;
    if (isOverdue(row)) {
      entry.isSent = false;
      ends.add(row.concertId, row.tokenId, 'EXPIRED', row.activeUntilMs);
      return null;
    }
    const created = outcome.type === 'entered';
    if (outcome.type === 'entered') entry.numbers = outcome.numbers;
    if (created) entry.line.entries += 1;
    entry.entered = { row, created, looked: null };
    return row;
  }

  function refusePlaced(entries: readonly PendingEntry[], error: unknown): void {
    onFailure(error);
    for (const entry of entries) refuse(entry, new Fault('QUEUE_UNAVAILABLE', 'unknown', { cause: error }));
  }

  /** A line that is lost has those who are recorded when it is rebuilt. Nobody else waits for that. */
  function answerWhenRebuilt(line: OpenLine, entries: readonly PendingEntry[]): void {
    lines.noteLost(line.concertId);
    lines.open(line.concertId).then(
      () => {
        placed.push(...entries);
        wake();
      },
      (error: unknown) => refusePlaced(entries, error),
    );
  }

  /** Lets recorded tokens take their places. */
  async function place(line: OpenLine, generation: number, entries: readonly PendingEntry[]): Promise<void> {
    const recorded = entries.filter((entry) => entry.entered !== null);
    const rows = recorded.flatMap((entry) => entry.entered?.row ?? []);
    if (rows.length === 0) return;
    try {
      const put = await store.put(line.concertId, generation, rows, numbersOf(recorded));
      if (put === LOST) {
        answerWhenRebuilt(line, recorded);
      } else if (mayAdmit(put.summary)) {
        placed.push(...recorded);
        lines.noteChanged(line);
      } else if (put.standings.some(isUnsettled)) {
        void answerTogether(line, recorded);
      } else {
        answerAll(recorded, put);
      }
    } catch (error) {
      repair.add(
        line.concertId,
        rows.map((row) => row.tokenId),
      );
      refusePlaced(recorded, error);
    }
  }

  /** Begins to place them; waits only while too many are on their way. */
  async function placeAll(batch: readonly PendingEntry[], generations: ReadonlyMap<OpenLine, number>): Promise<void> {
    while (placing.size >= MOST_BATCHES_PLACED) await Promise.race(placing);
    const groups = [...Map.groupBy(batch, (entry) => entry.line)];
    const stage = Promise.all(groups.map(([line, entries]) => place(line, generations.get(line) ?? 0, entries)));
    placing.add(stage);
    void stage.finally(() => placing.delete(stage));
  }

  function gather(): PendingEntry[] {
    const batch: PendingEntry[] = [];
    for (const entry of pending.values()) {
      if (batch.length === ENTRIES_PER_STATEMENT) break;
      if (!entry.isSent && isOpen(entry.line)) batch.push(entry);
    }
    return batch;
  }

  async function send(batch: readonly PendingEntry[]): Promise<FlushResult> {
    for (const entry of batch) entry.isSent = true;
    const generations = new Map(batch.map(({ line }) => [line, line.generation]));
    try {
      const outcomes = await records.enter(
        batch.map(({ line, userId, tokenId, issuedAtMs }) => ({
          concertId: line.concertId,
          generation: line.generation,
          userId,
          tokenId,
          issuedAtMs,
        })),
      );
      batch.forEach((entry, position) => take(entry, outcomes[position], generations.get(entry.line) ?? 0));
      await placeAll(batch, generations);
      return 'done';
    } catch (error) {
      onFailure(error);
      if (error instanceof Fault && !error.isOfOnePart) {
        if (error.effect === 'unknown') for (const { line, tokenId } of batch) repair.doubt(line, [tokenId]);
        for (const entry of batch) refuse(entry, error);
        return 'failed';
      }
      return sendHalves(batch, { send, refuse: (entry) => refuse(entry, error) });
    }
  }

  function refuseUnsent(): void {
    for (const entry of pending.values()) {
      if (!entry.isSent) refuse(entry, new Fault('QUEUE_UNAVAILABLE', 'none'));
    }
  }

  /** One look for all entries of a line in one cycle. A caller whose entry it does not find asks again. */
  async function answerTogether(line: OpenLine, entries: readonly PendingEntry[]): Promise<void> {
    const tokenIds = entries.flatMap((entry) => entry.entered?.row.tokenId ?? []);
    const look = () => store.look(line.concertId, tokenIds, false);
    answerAll(entries, await gaps.settle(line.concertId, look).catch((): Lost => LOST));
  }

  return {
    refuseUnsent,

    async enter(line, userId) {
      const key = `${line.concertId}:${userId}`;
      const underWay = pending.get(key);
      if (underWay === undefined && pending.size >= MOST_ENTRIES_PENDING) throw new Fault('OVERLOADED', 'none');
      const entry = underWay ?? add(key, line, userId);
      const { row, created, looked } = await withPatience(clock, entry.outcome.promise, () => lateFault(entry));
      return { row, looked, created: created && underWay === undefined };
    },

    async flush() {
      if (!store.isUp) refuseUnsent();
      answerable.push(...placed);
      placed = [];
      const batch = gather();
      return batch.length === 0 ? 'idle' : send(batch);
    },

    answer(hasFailed) {
      const answered = hasFailed ? [...answerable, ...placed] : answerable;
      answerable = [];
      if (hasFailed) placed = [];
      for (const [line, entries] of Map.groupBy(answered, (entry) => entry.line)) void answerTogether(line, entries);
    },

    async settle() {
      await Promise.all(placing);
    },

    refuseAll() {
      for (const entry of pending.values())
        refuse(entry, new Fault('QUEUE_UNAVAILABLE', entry.isSent ? 'unknown' : 'none'));
    },
  };
}
