import type { TrialResult } from '../../health/write-health.ts';
import type { AppendBatch, Journal, JournalSubject, SettlementBatch } from '../../actors/journal-port.ts';
import type { ObservedDatabaseClock } from '../../runtime/database-clock.ts';
import type { Heartbeat } from '../../domain/node.ts';
import { pause } from '../../runtime/clock.ts';
import { createBeatTurns } from './beat-turns.ts';
import { createFlushRuns, type FlushRun, type FlushRunsDependencies, type Taken } from './flush-runs.ts';
import type { FlushKind } from './flush-work.ts';
import { createLane, type Lane } from './lane.ts';
import { createLockedWallets } from './locked-wallets.ts';
import { WAITING_LIMIT_MS } from './statement.ts';
import { tryWriteOn } from './trial-write.ts';

/*
 * The writer of the write-ahead log: group commit over lanes. It knows which schedules have something to write, and decides when
 * and in which statement they write it. The run of a flush handles the outcome.
 *
 * JOURNAL-1. No timer: a flush starts at the end of the event-loop turn in which the previous one was answered, and takes all
 *     gathered work. The second lane is used only while the first is late, or for many schedules.
 * JOURNAL-2. A schedule is in at most one statement at a time (its own latch). Work that is taken from it is sent at once, or
 *     rejected.
 * JOURNAL-3. Work does not wait for an unavailable database: after a second without a free lane the journal rejects it.
 * JOURNAL-4. At most one lane carries a settlement. Settlements lock wallets before anything else, and a locked table would
 *     otherwise stop the appends and beats of the whole node.
 * JOURNAL-5. If all settlements of a schedule wait for locked wallets, the journal sets the schedule aside until the next look at
 *     these wallets.
 */

/** The second helps the first. Using both all the time would halve the batches and make holds a fifth dearer. */
export const LANES = 2;
/** Appends take 2 to 5 ms. A longer one waits for a disk or a lock, and other work need not wait for it. */
const LATE_FLUSH_MS = 10;
/** Timers have whole milliseconds and fire up to one too early by the monotonic clock. */
const TIMER_RESOLUTION_MS = 1;
/** So many schedules get a statement of their own: in a larger one each would cost as much. */
const CROWD = 256;
/** A statement of 2 000 holds takes 33 ms; a larger one would only delay all callers. */
const EVENTS_PER_APPEND = 2_000;
const SETTLEMENTS_PER_STATEMENT = 100;
/** How long work waits for a lane: lanes may be disconnected, or wait for answers. */
const NO_LANE_LIMIT_MS = 1_000;
/** The interval between two checks for flushes in flight, at a stop. */
const DRAIN_POLL_MS = 5;

export interface JournalDependencies extends FlushRunsDependencies {
  readonly databaseUrl: string;
  readonly databaseClock: ObservedDatabaseClock;
  readonly newId: () => string;
}

export interface LaneJournal extends Journal, Heartbeat {
  /** Whether any lane is connected. */
  readonly isConnected: boolean;
  /** Tries a write and rolls it back. `unanswered` if flushes use all lanes. Never rejects. */
  tryWrite(): Promise<TrialResult>;
  start(): Promise<void>;
  /** Waits for the flushes in flight while lanes answer, then closes the lanes. */
  close(): Promise<void>;
}

/** A journal with its own connections. */
export function createJournal(deps: JournalDependencies): LaneJournal {
  const { clock, log } = deps;
  const wallets = createLockedWallets(clock, lookAtWallets);
  const runs = createFlushRuns({ ...deps, wallets });
  const ready: Record<FlushKind, Set<JournalSubject>> = { append: new Set(), settlement: new Set() };
  const lanes: Lane[] = Array.from({ length: LANES }, () => createLane({ ...deps, onFree: requestPump }));
  const beats = createBeatTurns({
    lanes,
    clock,
    onWaiting: requestPump,
    onDoubt: (backend) => void runs.dismiss(backend),
  });
  /** The lane that ran the last settlement, until an append uses it. */
  let settlementLane: Lane | null = null;
  /** JOURNAL-5. */
  const setAside = new Set<JournalSubject>();
  let lastKind: FlushKind = 'settlement';
  let isPumpRequested = false;
  const cancelShedding: Record<FlushKind, (() => void) | null> = { append: null, settlement: null };
  /** `startedAt` is that of the youngest. */
  const inFlight = { append: { count: 0, startedAt: 0 }, settlement: { count: 0, startedAt: 0 } };
  const flushes = {
    append: flushesOf('append', takeAppends, runs.append),
    settlement: flushesOf('settlement', takeSettlements, runs.settlement),
  };

  function lookAtWallets(): void {
    for (const subject of setAside) ready.settlement.add(subject);
    setAside.clear();
    requestPump();
  }

  function requestPump(): void {
    if (isPumpRequested) return;
    isPumpRequested = true;
    setImmediate(pump);
  }

  function pump(): void {
    isPumpRequested = false;
    beats.send();
    const couldAppend = hasLaneFor('append');
    const couldSettle = hasLaneFor('settlement');
    for (const lane of lanes) {
      // A ready schedule may turn out to have nothing to write; then the lane takes other work.
      for (let kind = nextKind(); kind !== null && lane.isFree; kind = nextKind()) {
        lastKind = kind;
        flushes[kind].start(lane);
      }
    }
    watchForAbsence('append', couldAppend);
    watchForAbsence('settlement', couldSettle);
  }

  function nextKind(): FlushKind | null {
    const other: FlushKind = lastKind === 'append' ? 'settlement' : 'append';
    if (isWorthAFlush(other)) return other;
    return isWorthAFlush(lastKind) ? lastKind : null;
  }

  function isWorthAFlush(kind: FlushKind): boolean {
    const waiting = ready[kind].size;
    const { count, startedAt } = inFlight[kind];
    if (waiting === 0 || !hasLaneFor(kind)) return false;
    if (count === 0) return true;
    return waiting >= CROWD || clock.monotonicMs() - startedAt >= LATE_FLUSH_MS;
  }

  function hasLaneFor(kind: FlushKind): boolean {
    // JOURNAL-4. A settlement in doubt has left its lane, and must not hold up the others.
    if (kind === 'settlement' && settlementLane !== null && settlementLane.runningSinceMs !== null) return false;
    return lanes.some((lane) => lane.isFree);
  }

  function watchForAbsence(kind: FlushKind, couldFlush: boolean): void {
    const isAnythingLeft = ready[kind].size > 0;
    if (couldFlush || !isAnythingLeft) {
      cancelShedding[kind]?.();
      cancelShedding[kind] = null;
    }
    if (!isAnythingLeft) return;
    cancelShedding[kind] ??= clock.after(NO_LANE_LIMIT_MS, () => {
      cancelShedding[kind] = null;
      if (hasLaneFor(kind)) requestPump();
      else flushes[kind].shed();
    });
  }

  function takeAppends(): Taken<AppendBatch>[] {
    const taken: Taken<AppendBatch>[] = [];
    const batchId = deps.newId();
    let events = 0;
    for (const subject of ready.append) {
      if (events >= EVENTS_PER_APPEND) break;
      ready.append.delete(subject);
      const batch = subject.takeAppend(batchId);
      if (batch === null) continue;
      events += batch.events.length;
      taken.push({ subject, batch });
    }
    return taken;
  }

  function takeSettlements(): Taken<SettlementBatch>[] {
    const taken: Taken<SettlementBatch>[] = [];
    const batchId = deps.newId();
    const users = new Set(wallets.leftAlone);
    const again: JournalSubject[] = [];
    let room = SETTLEMENTS_PER_STATEMENT;
    for (const subject of ready.settlement) {
      if (room <= 0) break;
      ready.settlement.delete(subject);
      const batch = subject.takeSettlements(room, users, batchId);
      if (batch === null) {
        // Its payers are in this statement, or their wallets are left alone. If nothing waits, the next call finds that out.
        if (users.size > 0) again.push(subject);
        continue;
      }
      for (const { userId } of batch.settlements) users.add(userId);
      room -= batch.settlements.length;
      taken.push({ subject, batch });
    }
    const place = taken.length > 0 ? ready.settlement : setAside;
    for (const subject of again) place.add(subject);
    return taken;
  }

  function flushesOf<B extends object>(
    kind: FlushKind,
    take: () => Taken<B>[],
    { run, refuse }: FlushRun<B>,
  ): { start(lane: Lane): void; shed(): void } {
    async function keepBusy(lane: Lane, taken: readonly Taken<B>[]): Promise<void> {
      const current = inFlight[kind];
      current.count += 1;
      current.startedAt = clock.monotonicMs();
      const cancelHelp = clock.after(LATE_FLUSH_MS + TIMER_RESOLUTION_MS, requestPump);
      const cancel = clock.after(WAITING_LIMIT_MS, () => runs.stall(taken));
      try {
        await run(lane, taken);
      } catch (error) {
        log.error({ err: error }, 'the journal failed; its node cannot go on');
        throw error;
      } finally {
        cancel();
        cancelHelp();
        current.count -= 1;
        requestPump();
      }
    }

    return {
      start(lane) {
        const taken = take();
        if (taken.length === 0) return;
        if (kind === 'settlement') settlementLane = lane;
        else if (settlementLane === lane) settlementLane = null;
        void keepBusy(lane, taken);
      },
      shed() {
        const taken: Taken<B>[] = [];
        while (ready[kind].size > 0) taken.push(...take());
        refuse(taken, new Error('no lane to the database came free'));
      },
    };
  }

  return {
    get isConnected() {
      return lanes.some((lane) => lane.isConnected);
    },
    tryWrite: () => tryWriteOn(lanes.find((lane) => lane.isFree)),
    requestAppend(subject) {
      ready.append.add(subject);
      requestPump();
    },
    requestSettlement(subject) {
      ready.settlement.add(subject);
      requestPump();
    },
    beat: (node, report) => beats.beat(node, report),
    async start() {
      await Promise.all(lanes.map((lane) => lane.start()));
    },
    async close() {
      runs.close();
      const isUnderWay = (): boolean => inFlight.append.count + inFlight.settlement.count > 0;
      while (isUnderWay() && lanes.some((lane) => lane.isConnected)) {
        await pause(clock, DRAIN_POLL_MS);
      }
      cancelShedding.append?.();
      cancelShedding.settlement?.();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}
