/**
 * Ends tokens: first in PostgreSQL, then in the line store.
 *
 * END-1. On one node a token has at most one end under way; between nodes its row decides which of them ended it.
 * END-2. An end that no caller asked for is forgotten when it fails: the line store hands it out again, to any node.
 * END-3. An end that a caller asked for does not need the line store. What the store could not be told is repaired.
 * END-4. An idle shopper's token ends only where its row has no live hold beside it. One that is kept is handed out again later.
 * END-5. An end whose token another transaction has locked holds up no other end. A caller's is tried again within its patience.
 */
import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { EndStatus, QueueRecords } from '../domain/queue-token.ts';
import type { FlushResult, WriteStep } from './write-cycle.ts';
import { type DueItem, type LineStore, LOST, type RecordedEnd } from './line-store.ts';
import type { Repair } from './repair.ts';
import type { RecordedChanges } from './recorded-changes.ts';
import { isOpen, type OpenLine, type KnownLine, type KnownLines } from './lines.ts';
import type { KnownTokens } from './known-tokens.ts';

/** Ends per statement: some 10 ms of PostgreSQL's time. */
const ENDS_PER_STATEMENT = 1_000;
/** A caller's end is sent again under the generation that PostgreSQL has, at most so often. */
const ATTEMPTS = 3;
/** END-5. Locks of other transactions last some milliseconds. */
const LOCKED_PAUSE_MS = 20;
/** As long as any statement waits for a lock, and within a caller's patience. */
const LOCKED_LIMIT_MS = 1_000;

export interface Ends extends WriteStep {
  /** Ends a token that nobody asked to end; `endedAtMs` null: at the instant when it is sent. */
  add(concertId: number, tokenId: string, status: EndStatus, endedAtMs: number | null): void;
  /** Whether an end of the token is under way. */
  isUnderWay(tokenId: string): boolean;
  /** Its holder leaves. True when this call ended the token, false when something else had. Throws Faults. */
  cancel(concertId: number, tokenId: string): Promise<boolean>;
  /** A settlement has ended the token: that takes effect in the same turn, except where the line store must be waited for. */
  noteCompleted(concertId: number, completed: Pick<RecordedEnd, 'tokenId' | 'endedAtMs'>): void;
  refuseAll(fault: Fault): void;
}

/** `over`: something else had ended the token. */
type Outcome = 'ended' | 'over' | 'kept';

interface PendingEnd {
  readonly concertId: number;
  readonly tokenId: string;
  readonly status: EndStatus;
  /** Null: when it is sent. */
  readonly endedAtMs: number | null;
  /** Its holder is idle: the token stays while its holder holds a seat of the concert. */
  readonly unlessHolding: boolean;
  attempts: number;
  /** Monotonic milliseconds; null while its token was not found locked. */
  lockedSinceMs: number | null;
  /** It is not sent before its pause is over. */
  isPausing: boolean;
  waiters: PromiseWithResolvers<Outcome>[];
}

interface SentEnd extends RecordedEnd {
  readonly end: PendingEnd;
  readonly generation: number;
}

export interface EndSettings {
  readonly records: QueueRecords;
  readonly databaseClock: DatabaseClock;
  /** That of the machine. */
  readonly machineClock: Clock;
  readonly store: LineStore;
  readonly lines: KnownLines;
  readonly knownTokens: KnownTokens;
  readonly changes: RecordedChanges;
  readonly repair: Repair;
  /** Whether holders could show signs of life, so that missing ones are. */
  readonly mayJudge: () => boolean;
  /** Takes over proposals that another node, or this one, has left uncompleted. */
  readonly onProposed: (line: OpenLine, tokenId: string, activatedAtMs: number) => void;
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createEnds(settings: EndSettings): Ends {
  const { records, databaseClock, machineClock, store, lines, knownTokens, changes, repair } = settings;
  const { mayJudge, onProposed, wake, onFailure } = settings;
  const pending = new Map<string, PendingEnd>();

  function add(
    concertId: number,
    tokenId: string,
    status: EndStatus,
    endedAtMs: number | null,
    unlessHolding = false,
  ): PendingEnd {
    const known = pending.get(tokenId);
    if (known !== undefined) return known;
    const made: PendingEnd = {
      concertId,
      tokenId,
      status,
      endedAtMs,
      unlessHolding,
      attempts: 0,
      lockedSinceMs: null,
      isPausing: false,
      waiters: [],
    };
    pending.set(tokenId, made);
    wake();
    return made;
  }

  function close(end: PendingEnd, outcome: Outcome): void {
    pending.delete(end.tokenId);
    for (const waiter of end.waiters) waiter.resolve(outcome);
  }

  function fail(end: PendingEnd, error: unknown): void {
    pending.delete(end.tokenId);
    for (const waiter of end.waiters) waiter.reject(error);
  }

  function take(line: OpenLine, { why, tokenId, atMs }: DueItem): string | null {
    if (why === 'proposed') onProposed(line, tokenId, atMs);
    else if (why !== 'missing' && why !== 'idle') add(line.concertId, tokenId, 'EXPIRED', atMs);
    // A watched holder is present, though the line store is told so only now and then.
    else if ((knownTokens.withId(tokenId)?.watchers ?? null) !== null) return tokenId;
    else add(line.concertId, tokenId, 'EXPIRED', null, why === 'idle');
    return null;
  }

  async function sweep(line: KnownLine): Promise<void> {
    if (!isOpen(line)) return;
    const limit = ENDS_PER_STATEMENT;
    const due = await store.sweep(line.concertId, line.generation, limit);
    if (due === LOST) {
      lines.noteLost(line.concertId);
      return;
    }
    const present = due.flatMap((item) => take(line, item) ?? []);
    if (present.length > 0) await store.look(line.concertId, present, true);
    if (due.length >= limit) lines.overdue.add(line);
  }

  async function sweepOverdue(): Promise<void> {
    if (!store.isUp || !mayJudge()) return;
    const overdue = [...lines.overdue];
    lines.overdue.clear();
    try {
      await Promise.all(overdue.map(sweep));
    } catch (error) {
      onFailure(error);
      for (const line of overdue) lines.overdue.add(line);
    }
  }

  async function generationOf(concertId: number): Promise<number | null> {
    const line = lines.get(concertId);
    if (line !== undefined && isOpen(line)) return line.generation;
    return (await records.findHead(concertId))?.generation ?? null;
  }

  /** Another node may know the clock less well, and nobody leaves before they came. */
  function instantOf({ concertId, tokenId, endedAtMs }: PendingEnd): number {
    if (endedAtMs !== null) return endedAtMs;
    const admittedMs = knownTokens.withId(tokenId)?.place?.activatedAtMs ?? 0;
    return Math.max(databaseClock.upperMs(), admittedMs, lines.get(concertId)?.summary?.latestMs ?? 0);
  }

  async function gather(): Promise<SentEnd[]> {
    const batch: SentEnd[] = [];
    const due = pending.values().filter(({ isPausing }) => !isPausing);
    for (const end of due.take(ENDS_PER_STATEMENT)) {
      const generation = await generationOf(end.concertId);
      const { tokenId, status } = end;
      if (generation === null) close(end, 'over');
      else batch.push({ end, tokenId, status, endedAtMs: instantOf(end), generation });
    }
    return batch;
  }

  /** Another generation is in force. A caller's end is repeated under it; an end that no caller asked for comes up again. */
  function retry({ end, generation }: SentEnd): void {
    if (store.isUp) lines.noteLost(end.concertId, generation);
    end.attempts += 1;
    if (end.waiters.length === 0 || end.attempts >= ATTEMPTS) fail(end, new Fault('QUEUE_UNAVAILABLE', 'none'));
  }

  /** END-5. An end that no caller asked for comes up again. */
  function waitForLock({ end }: SentEnd): void {
    const nowMs = machineClock.monotonicMs();
    end.lockedSinceMs ??= nowMs;
    if (end.waiters.length === 0 || nowMs - end.lockedSinceMs >= LOCKED_LIMIT_MS) {
      fail(end, new Fault('STORE_UNAVAILABLE', 'none'));
      return;
    }
    end.isPausing = true;
    machineClock.after(LOCKED_PAUSE_MS, () => {
      end.isPausing = false;
      wake();
    });
  }

  async function tellStore(
    concertId: number,
    ended: readonly RecordedEnd[],
    refused: readonly SentEnd[],
  ): Promise<void> {
    const line = lines.get(concertId);
    const tokenIds = [...ended, ...refused].map(({ tokenId }) => tokenId);
    if (line === undefined || !isOpen(line) || !store.isUp) {
      for (const { tokenId, status, endedAtMs } of ended) knownTokens.noteEnded(tokenId, status, endedAtMs);
      repair.add(concertId, tokenIds);
      return;
    }
    try {
      await changes.end(line, ended);
      if (refused.length === 0) return;
      await changes.apply(line, await records.find(refused.map(({ tokenId }) => tokenId)));
    } catch (error) {
      onFailure(error);
      repair.add(concertId, tokenIds);
    }
  }

  function doubt(batch: readonly SentEnd[]): void {
    for (const { concertId, tokenId } of batch.map(({ end }) => end)) {
      const line = lines.get(concertId);
      if (line !== undefined) repair.doubt(line, [tokenId]);
    }
  }

  async function send(batch: readonly SentEnd[]): Promise<FlushResult> {
    const { changed, fenced, kept, locked } = await records.end(
      batch.map(({ end, tokenId, status, endedAtMs, generation }) => ({
        concertId: end.concertId,
        generation,
        tokenId,
        status,
        endedAtMs,
        unlessHolding: end.unlessHolding,
      })),
    );
    for (const [concertId, members] of Map.groupBy(batch, ({ end }) => end.concertId)) {
      if (fenced.has(concertId)) {
        for (const sent of members) retry(sent);
        continue;
      }
      const free = members.filter(({ tokenId }) => !locked.has(tokenId));
      const ended = free.filter(({ tokenId }) => changed.has(tokenId));
      const refused = free.filter(({ tokenId }) => !changed.has(tokenId) && !kept.has(tokenId));
      for (const sent of members) if (locked.has(sent.tokenId)) waitForLock(sent);
      await tellStore(concertId, ended, refused);
      for (const { end, tokenId } of free)
        close(end, changed.has(tokenId) ? 'ended' : kept.has(tokenId) ? 'kept' : 'over');
    }
    return 'done';
  }

  return {
    add: (concertId, tokenId, status, endedAtMs) => void add(concertId, tokenId, status, endedAtMs),

    isUnderWay: (tokenId) => pending.has(tokenId),

    async cancel(concertId, tokenId) {
      for (;;) {
        const known = pending.get(tokenId);
        const end = known ?? add(concertId, tokenId, 'CANCELLED', null);
        const waiter = Promise.withResolvers<Outcome>();
        end.waiters.push(waiter);
        const outcome = await waiter.promise;
        // A token that was kept for a hold is live: its holder leaves by an end that asks for no holds.
        if (outcome !== 'kept') return known === undefined && outcome === 'ended';
      }
    },

    noteCompleted: (concertId, { tokenId, endedAtMs }) =>
      void tellStore(concertId, [{ tokenId, status: 'COMPLETED', endedAtMs }], []),

    refuseAll(fault) {
      for (const end of pending.values()) fail(end, fault);
    },

    async flush() {
      await sweepOverdue();
      if (pending.size === 0) return 'idle';
      let batch: SentEnd[] = [];
      try {
        batch = await gather();
        return batch.length === 0 ? 'idle' : await send(batch);
      } catch (error) {
        onFailure(error);
        if (error instanceof Fault && error.effect === 'unknown') doubt(batch);
        for (const end of batch.length > 0 ? batch.map((sent) => sent.end) : [...pending.values()]) fail(end, error);
        return 'failed';
      }
    },
  };
}
