import type pg from 'pg';
import type {
  AppendBatch,
  Journal,
  JournalSubject,
  NothingDone,
  SettlementBatch,
  SettlementOutcome,
} from '../actors/journal-port.ts';
import type { Clock } from '../clock.ts';
import type { ObservedDatabaseClock } from '../database-clock.ts';
import type { Log } from '../log.ts';
import type { Heartbeat } from '../node.ts';
import { appendStatement, readAppended } from './append-statement.ts';
import { isRetryable, sqlState } from './database-errors.ts';
import { createDoubtResolution, type DoubtfulPart } from './doubt-resolution.ts';
import { createLane, type Lane, type LaneResult, type LaneStatement } from './lane.ts';
import { readSettlementRows, settlementStatement } from './settlement-statement.ts';

/*
 * The write-ahead log's writer: group commit over lanes. Owns which schedules have something to write, what goes into which
 * statement, and what each answer means to each schedule.
 *
 * J1. No timer: a flush starts as soon as the one before it was answered, at the end of an event-loop turn, and takes all that
 *     has gathered. A second lane is used beside it only while that one is late, or for a crowd.
 * J2. A schedule is in at most one statement at a time (its own latch), and every batch taken gets exactly one outcome.
 * J3. A statement whose answer is missing is never sent again; what became of it is found out.
 * J4. An error response means that nothing was done. Deadlocks and timeouts are sent again, a bounded number of times; data
 *     errors are halved down to the schedule that causes them; the others are committed.
 * J5. Nobody waits for a database that is away: when no lane came free for a second, what gathered is refused.
 */

/** The second is for when the first is not enough: spread over both at all times, batches are half as large and holds a fifth dearer. */
const LANES = 2;
/** Appends take 2 to 5 ms. One that takes longer waits for a disk or a lock, and others need not wait behind it. */
const LATE_FLUSH_MS = 10;
/** Timers count in whole milliseconds and fire up to one too early by the monotonic clock. */
const TIMER_RESOLUTION_MS = 1;
/** Schedules that are enough for a statement of their own: twice as many would cost each of them no less. */
const CROWD = 256;
/** A statement of 2 000 holds takes 33 ms; more would only lengthen everybody's wait. */
const EVENTS_PER_APPEND = 2_000;
const SETTLEMENTS_PER_STATEMENT = 100;
const ATTEMPTS = 3;
/** From here on a caller is better served by a 503 than by waiting on. */
const LATE_ANSWER_MS = 1_500;
/** How long what has gathered waits for a lane, be it that none is connected or that all of them wait for an answer. */
const NO_LANE_LIMIT_MS = 1_000;
/** Between two looks at whether what is under way has ended, at a stop. */
const DRAIN_POLL_MS = 5;

/** Division by zero: the assertion inside the statements. */
const COUNTS_DIFFER = '22012';
/** One key in two parts of one statement: PostgreSQL does not let an upsert meet its own row. */
const KEY_TWICE = '21000';

interface Taken<B> {
  readonly subject: JournalSubject;
  readonly batch: B;
}

type Kind = 'append' | 'settlement';

interface WaitingBeat {
  readonly run: (lane: Lane) => Promise<void>;
  /** Gives the beat up. */
  readonly giveUp: (error: Error) => void;
}

export interface JournalObserver {
  /** A statement was answered: how many schedules and events or settlements it carried, and how long it took. */
  flushed(kind: Kind, schedules: number, entries: number, durationMs: number): void;
  /** The answer of a statement is missing. */
  doubted(schedules: number): void;
  /** A schedule was found to be another's. */
  fenced(): void;
}

export interface JournalDependencies {
  readonly databaseUrl: string;
  /** For finding out about doubtful statements; never the pool that requests use. */
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly databaseClock: ObservedDatabaseClock;
  readonly node: () => string;
  readonly newId: () => string;
  readonly log: Log;
  readonly observer: JournalObserver;
}

export interface LaneJournal extends Journal, Heartbeat {
  /** Whether any lane is connected. */
  readonly isConnected: boolean;
  start(): Promise<void>;
  /** Ends the lanes; what is under way is answered first, for as long as the lanes answer. */
  close(): Promise<void>;
}

const BEAT = `UPDATE nodes SET beat = beat + 1 WHERE node = $1 AND dead_at IS NULL
RETURNING floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`;

/** The journal over its own connections. */
export function createJournal(deps: JournalDependencies): LaneJournal {
  const { clock, log, observer } = deps;
  const doubt = createDoubtResolution(deps);
  const ready: Record<Kind, Set<JournalSubject>> = { append: new Set(), settlement: new Set() };
  const lanes: Lane[] = Array.from({ length: LANES }, () => createLane({ ...deps, onFree: requestPump }));
  const beats: (WaitingBeat | null)[] = lanes.map(() => null);
  let nextBeatLane = 0;
  let lastKind: Kind = 'settlement';
  let isPumpRequested = false;
  let cancelShedding: (() => void) | null = null;
  let underWay = 0;
  /** Batches that got their outcome while others of their statement wait for theirs. */
  const concluded = new WeakSet<object>();
  /** `startedAt` is that of the youngest. */
  const inFlight = { append: { count: 0, startedAt: 0 }, settlement: { count: 0, startedAt: 0 } };

  function requestPump(): void {
    if (isPumpRequested) return;
    isPumpRequested = true;
    setImmediate(pump);
  }

  function pump(): void {
    isPumpRequested = false;
    const isAnyFree = lanes.some((lane) => lane.isFree);
    for (const [index, lane] of lanes.entries()) {
      const beat = beats[index];
      if (beat != null && lane.isFree) {
        beats[index] = null;
        void beat.run(lane);
      }
      // What is ready may turn out to be nothing; then the lane takes what else there is.
      for (let kind = nextKind(); kind !== null && lane.isFree; kind = nextKind()) {
        lastKind = kind;
        if (kind === 'append') void flushAppends(lane);
        else void flushSettlements(lane);
      }
    }
    watchForAbsence(isAnyFree);
  }

  function nextKind(): Kind | null {
    const other: Kind = lastKind === 'append' ? 'settlement' : 'append';
    if (isWorthAFlush(other)) return other;
    return isWorthAFlush(lastKind) ? lastKind : null;
  }

  function isWorthAFlush(kind: Kind): boolean {
    const waiting = ready[kind].size;
    const { count, startedAt } = inFlight[kind];
    if (waiting === 0 || count === 0) return waiting > 0;
    return waiting >= CROWD || clock.monotonicMs() - startedAt >= LATE_FLUSH_MS;
  }

  function watchForAbsence(isAnyFree: boolean): void {
    const isAnythingLeft = ready.append.size + ready.settlement.size > 0;
    if (isAnyFree || !isAnythingLeft) {
      cancelShedding?.();
      cancelShedding = null;
    }
    if (!isAnythingLeft) return;
    cancelShedding ??= clock.after(NO_LANE_LIMIT_MS, () => {
      cancelShedding = null;
      if (lanes.some((lane) => lane.isFree)) requestPump();
      else shed();
    });
  }

  function shed(): void {
    const error = new Error('no lane to the database came free');
    const appends: JournalSubject[] = [];
    const settlements: JournalSubject[] = [];
    while (ready.append.size > 0) for (const { subject } of takeAppends()) appends.push(subject);
    while (ready.settlement.size > 0) for (const { subject } of takeSettlements()) settlements.push(subject);
    for (const subject of appends) subject.concludeAppend({ type: 'unavailable', error });
    for (const subject of settlements) subject.concludeSettlements({ type: 'unavailable', error });
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
    const users = new Set<string>();
    const again: JournalSubject[] = [];
    for (const subject of ready.settlement) {
      const room = SETTLEMENTS_PER_STATEMENT - users.size;
      if (room <= 0) break;
      ready.settlement.delete(subject);
      const batch = subject.takeSettlements(room, users, batchId);
      if (batch === null) {
        // Its payers are all in this statement already; where nothing waits, the next call finds that out.
        if (users.size > 0) again.push(subject);
        continue;
      }
      for (const { userId } of batch.settlements) users.add(userId);
      taken.push({ subject, batch });
    }
    for (const subject of again) ready.settlement.add(subject);
    return taken;
  }

  async function flushAppends(lane: Lane): Promise<void> {
    const taken = takeAppends();
    if (taken.length === 0) return;
    await keepBusy('append', taken, () => runAppends(lane, taken));
  }

  async function flushSettlements(lane: Lane): Promise<void> {
    const taken = takeSettlements();
    if (taken.length === 0) return;
    await keepBusy('settlement', taken, () => runSettlements(lane, taken));
  }

  async function keepBusy(kind: Kind, taken: readonly Taken<object>[], run: () => Promise<void>): Promise<void> {
    underWay += 1;
    inFlight[kind] = { count: inFlight[kind].count + 1, startedAt: clock.monotonicMs() };
    const cancelHelp = clock.after(LATE_FLUSH_MS + TIMER_RESOLUTION_MS, requestPump);
    const cancel = clock.after(LATE_ANSWER_MS, () => {
      for (const { subject, batch } of taken) if (!concluded.has(batch)) subject.stall();
    });
    try {
      await run();
    } catch (error) {
      log.error({ err: error }, 'the journal failed; its node cannot go on');
      throw error;
    } finally {
      cancel();
      cancelHelp();
      underWay -= 1;
      inFlight[kind] = { ...inFlight[kind], count: inFlight[kind].count - 1 };
      requestPump();
    }
  }

  async function send(lane: Lane, statement: LaneStatement): Promise<LaneResult> {
    for (let attempt = 1; ; attempt += 1) {
      const result = await lane.run(statement);
      if (result.type !== 'error' || !isRetryable(result.error) || attempt === ATTEMPTS || !lane.isFree) return result;
    }
  }

  async function runAppends(lane: Lane, taken: readonly Taken<AppendBatch>[]): Promise<void> {
    const owner = deps.node();
    const result = await send(lane, appendStatement(taken.map(({ batch }) => batch)));
    switch (result.type) {
      case 'done': {
        observer.flushed('append', taken.length, countEvents(taken), result.receivedAt - result.sentAt);
        const done = readAppended(result.rows);
        for (const { subject, batch } of taken) {
          if (done.has(batch.scheduleId)) {
            subject.concludeAppend({ type: 'committed', epoch: batch.epoch, isOwner: true });
          } else {
            observer.fenced();
            subject.concludeAppend({ type: 'fenced' });
          }
        }
        return;
      }
      case 'error':
        await afterError(lane, taken, result.error, runAppends, (subject, outcome) => subject.concludeAppend(outcome));
        return;
      case 'doubt': {
        const fates = await findFates(taken, owner, (batch) => batch.firstSeq);
        for (const { subject, batch } of taken) {
          const fate = fates?.get(batch.scheduleId);
          if (fate === undefined) subject.concludeAppend({ type: 'unavailable', error: result.error });
          // A part that only records keys moves no number: whether it was done cannot be seen there, and doing it again is safe.
          else if (fate.isCommitted && batch.lastSeq >= batch.firstSeq) {
            subject.concludeAppend({ type: 'committed', epoch: fate.epoch, isOwner: fate.isOwner });
          } else if (fate.isOwner) subject.concludeAppend({ type: 'not-committed', epoch: fate.epoch });
          else subject.concludeAppend({ type: 'fenced' });
        }
        return;
      }
    }
  }

  async function runSettlements(lane: Lane, taken: readonly Taken<SettlementBatch>[]): Promise<void> {
    const owner = deps.node();
    const result = await send(lane, settlementStatement(taken.map(({ batch }) => batch)));
    switch (result.type) {
      case 'done': {
        observer.flushed('settlement', taken.length, countSettlements(taken), result.receivedAt - result.sentAt);
        const results = readSettlementRows(result.rows as Parameters<typeof readSettlementRows>[0]);
        for (const { subject, batch } of taken) {
          const own = results.get(batch.scheduleId);
          if (own === undefined) observer.fenced();
          subject.concludeSettlements(
            own === undefined
              ? { type: 'fenced' }
              : { type: 'committed', epoch: batch.epoch, isOwner: true, results: own },
          );
        }
        return;
      }
      case 'error':
        await afterError(lane, taken, result.error, runSettlements, (subject, outcome) =>
          subject.concludeSettlements(outcome),
        );
        return;
      case 'doubt':
        await concludeDoubtfulSettlements(taken, owner, result.error);
        return;
    }
  }

  async function concludeDoubtfulSettlements(
    taken: readonly Taken<SettlementBatch>[],
    owner: string,
    error: Error,
  ): Promise<void> {
    const fates = await findFates(taken, owner, (batch) => batch.baseSeq + 1);
    const settled =
      fates === null ? null : await doubt.readSettlements(taken.flatMap(({ batch }) => batch.settlements.slice()));
    for (const { subject, batch } of taken) {
      const fate = fates?.get(batch.scheduleId);
      let outcome: SettlementOutcome;
      if (fate === undefined || settled === null) outcome = { type: 'unavailable', error };
      else if (fate.isCommitted) {
        const results = batch.settlements.map(
          ({ paymentId }) => settled.get(paymentId) ?? { paymentId, firstSeq: null, balance: 0, tokenCompleted: false },
        );
        outcome = { type: 'committed', epoch: fate.epoch, isOwner: fate.isOwner, results };
      } else if (fate.isOwner) outcome = { type: 'not-committed', epoch: fate.epoch };
      else outcome = { type: 'fenced' };
      subject.concludeSettlements(outcome);
    }
  }

  /** J3: freezes the schedules and asks what became of their parts; null when the journal closes before it is known. */
  async function findFates<B extends { scheduleId: number; epoch: number; batchId: string }>(
    taken: readonly Taken<B>[],
    owner: string,
    firstSeq: (batch: B) => number,
  ): ReturnType<typeof doubt.resolve> {
    observer.doubted(taken.length);
    log.warn({ schedules: taken.length }, 'the answer to a statement is missing; finding out what became of it');
    for (const { subject } of taken) subject.doubt();
    const parts = taken.map(
      ({ batch }): DoubtfulPart => ({
        scheduleId: batch.scheduleId,
        epoch: batch.epoch,
        firstSeq: firstSeq(batch),
        batchId: batch.batchId,
      }),
    );
    return await doubt.resolve(parts, owner);
  }

  /** J4. */
  async function afterError<B extends object>(
    lane: Lane,
    taken: readonly Taken<B>[],
    error: Error,
    runAgain: (lane: Lane, taken: readonly Taken<B>[]) => Promise<void>,
    conclude: (subject: JournalSubject, outcome: Extract<NothingDone, { type: 'refused' | 'unavailable' }>) => void,
  ): Promise<void> {
    const state = sqlState(error) ?? '';
    const isDataError = state.startsWith('22') || state.startsWith('23') || state === KEY_TWICE;
    const [first] = taken;
    if (isDataError && taken.length > 1) {
      const half = Math.ceil(taken.length / 2);
      for (const part of [taken.slice(0, half), taken.slice(half)]) {
        await runAgain(lane, part);
        for (const { batch } of part) concluded.add(batch);
      }
      return;
    }
    if (isDataError && first !== undefined) {
      log.debug({ err: error }, 'the database refused the part of one schedule');
      conclude(first.subject, { type: 'refused', error, isKeyTaken: state === COUNTS_DIFFER || state === KEY_TWICE });
      return;
    }
    log.error({ err: error }, 'the database refused a statement');
    for (const { subject } of taken) conclude(subject, { type: 'unavailable', error });
  }

  return {
    get isConnected() {
      return lanes.some((lane) => lane.isConnected);
    },
    requestAppend(subject) {
      ready.append.add(subject);
      requestPump();
    },
    requestSettlement(subject) {
      ready.settlement.add(subject);
      requestPump();
    },
    beat(node) {
      const index = nextBeatLane;
      nextBeatLane = (nextBeatLane + 1) % lanes.length;
      return new Promise((resolve, reject) => {
        beats[index]?.giveUp(new Error('the lane did not come free for a beat'));
        beats[index] = {
          giveUp: reject,
          run: async (lane) => {
            const result = await lane.run({ name: 'beat', text: BEAT, values: [node] });
            if (result.type === 'done') resolve({ isAlive: result.rows.length === 1, sentAt: result.sentAt });
            else reject(result.error);
          },
        };
        requestPump();
      });
    },
    async start() {
      await Promise.all(lanes.map((lane) => lane.start()));
    },
    async close() {
      doubt.close();
      while (underWay > 0 && lanes.some((lane) => lane.isConnected)) {
        await new Promise<void>((resolve) => {
          clock.after(DRAIN_POLL_MS, resolve);
        });
      }
      cancelShedding?.();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

function countEvents(taken: readonly Taken<AppendBatch>[]): number {
  return taken.reduce((sum, { batch }) => sum + batch.events.length, 0);
}

function countSettlements(taken: readonly Taken<SettlementBatch>[]): number {
  return taken.reduce((sum, { batch }) => sum + batch.settlements.length, 0);
}
