import type pg from 'pg';
import type { AppendBatch, JournalSubject, PartRefusal, SettlementBatch } from '../../actors/journal-port.ts';
import type { TokenEnds } from '../../domain/queue-token.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Backend } from './backend.ts';
import {
  CHECK_VIOLATION,
  COUNTS_DIFFER,
  isInvalidValue,
  isOfOnePart,
  isRetryable,
  isRowLocked,
  isTableLocked,
  isUnavailable,
  sqlState,
} from '../database-errors.ts';
import { createDoubtResolution } from './doubt-resolution.ts';
import { APPENDS, createSettlementWork, type FlushKind, type Work } from './flush-work.ts';
import { createLockedSchedules } from './locked-schedules.ts';
import type { Lane, LaneResult, LaneStatement } from './lane.ts';
import type { LockedWallets } from './locked-wallets.ts';
import { halvesOf } from './statement.ts';

/*
 * The run of a flush: its statement, and what the answer means to each schedule that has a part in it. Knows neither when a
 * flush is due nor what goes into it.
 *
 * FLUSH-1. Every batch gets exactly one outcome, and a run ends when all have theirs.
 * FLUSH-2. A statement whose answer is missing is never sent again; its outcome is looked up.
 * FLUSH-3. An error response means that nothing was done. Deadlocks and timeouts are sent again, a bounded number of times. A
 *     statement that is refused for a part of it is halved down to the schedule that causes it; the others are committed.
 * FLUSH-4. After a statement that waited for a row in vain, the schedules with locked rows are left out and the others are sent again.
 *     Until their rows are found free they are refused without waiting.
 */

/** How often a statement is sent that the database refused for the moment. */
const ATTEMPTS = 3;
/** One key in two parts of one statement: PostgreSQL does not let an upsert meet its own row. */
const KEY_TWICE = '21000';
/** Class "integrity constraint violation": unique indexes and foreign keys, and checks, which know no other row. */
const INTEGRITY = '23';

/** A schedule's part of a statement. */
export interface Taken<B> {
  readonly subject: JournalSubject;
  readonly batch: B;
}

export interface FlushObserver {
  /** A statement was answered: how many schedules and events or settlements it carried, and how long it took. */
  flushed(kind: FlushKind, schedules: number, entries: number, durationMs: number): void;
  /** The database refused a statement, and neither its data nor a lock is to blame: a full disk, a standby. */
  refused(): void;
  /** The answer of a statement is missing. */
  doubted(schedules: number): void;
  /** A schedule was found to be another's. */
  fenced(): void;
}

export interface FlushRunsDependencies {
  /** For finding out about doubtful statements; never the pool that requests use. */
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly node: () => string;
  readonly log: Log;
  readonly observer: FlushObserver;
  readonly tokenEnds?: TokenEnds;
}

export interface FlushRun<B> {
  /** Sends the batches in one statement on a lane that is free, and concludes each. Rejects for bugs only. */
  run(lane: Lane, taken: readonly Taken<B>[]): Promise<void>;
  /** Concludes batches that were not sent. */
  refuse(taken: readonly Taken<B>[], error: Error): void;
}

export interface FlushRuns {
  readonly append: FlushRun<AppendBatch>;
  readonly settlement: FlushRun<SettlementBatch>;
  /** Tells the schedules of a run that have no outcome yet that it is late. */
  stall(taken: readonly Taken<object>[]): void;
  /** Ends a lost connection's backend, so that its locks are free. Never rejects. */
  dismiss(backend: Backend | null): Promise<void>;
  /** Gives up finding out about statements that are in doubt. */
  close(): void;
}

/** Runs flushes on whichever lane they are given; several at a time, of different schedules. */
export function createFlushRuns(deps: FlushRunsDependencies & { readonly wallets: LockedWallets }): FlushRuns {
  const { log, observer, wallets } = deps;
  const doubt = createDoubtResolution(deps);
  const locks = createLockedSchedules({ log });
  /** Batches that got their outcome while others of their statement wait for theirs. */
  const concluded = new WeakSet<object>();

  async function send(lane: Lane, statement: LaneStatement, schedules: number): Promise<LaneResult> {
    for (let attempt = 1; ; attempt += 1) {
      const result = await lane.run(statement);
      if (result.type !== 'error' || attempt === ATTEMPTS || !lane.isFree) return result;
      // Another second behind a locked table would take the lane from beats, and callers would learn nothing in time.
      if (!isRetryable(result.error) || isTableLocked(result.error)) return result;
      // The other schedules need not wait for the row again.
      if (isRowLocked(result.error) && schedules > 1) return result;
    }
  }

  function createRun<B extends { scheduleId: number; epoch: number; batchId: string }, Done extends object>(
    work: Work<B, Done>,
  ): FlushRun<B> {
    async function run(lane: Lane, all: readonly Taken<B>[]): Promise<void> {
      const suspected = all.filter(({ subject }) => locks.isSuspect(subject.scheduleId));
      // Without an `await` where none is needed: a free lane must be in use in the turn in which it was chosen.
      const taken = suspected.length === 0 ? all : await leaveOutLocked(lane, all, suspected);
      if (taken.length === 0) return;
      const owner = deps.node();
      const batches = taken.map(({ batch }) => batch);
      const result = await send(lane, work.statementOf(batches), taken.length);
      switch (result.type) {
        case 'done': {
          const entries = batches.reduce((sum, batch) => sum + work.countEntries(batch), 0);
          observer.flushed(work.kind, taken.length, entries, result.receivedAt - result.sentAt);
          const done = work.readDone(result.rows, batches);
          for (const { subject, batch } of taken) {
            const own = done.get(batch.scheduleId);
            if (own === undefined) observer.fenced();
            const committed = { type: 'committed', epoch: batch.epoch, isOwner: true } as const;
            work.conclude(subject, own === undefined ? { type: 'fenced' } : { ...committed, ...own });
          }
          return;
        }
        case 'error':
          return afterError(lane, taken, result.error);
        case 'doubt':
          return afterDoubt(taken, owner, result);
      }
    }

    /** FLUSH-2. */
    async function afterDoubt(
      taken: readonly Taken<B>[],
      owner: string,
      { error, backend }: Extract<LaneResult, { type: 'doubt' }>,
    ): Promise<void> {
      observer.doubted(taken.length);
      log.warn({ schedules: taken.length }, 'the answer to a statement is missing; looking up its outcome');
      for (const { subject } of taken) subject.doubt();
      const batches = taken.map(({ batch }) => batch);
      const parts = batches.map((batch) => ({
        scheduleId: batch.scheduleId,
        epoch: batch.epoch,
        firstSeq: work.firstSeqOf(batch),
        batchId: batch.batchId,
      }));
      const fates = await doubt.resolve(parts, owner, backend);
      const done = fates === null ? null : await work.findDone(batches);
      for (const { subject, batch } of taken) {
        const fate = fates?.get(batch.scheduleId);
        const own = done?.get(batch.scheduleId);
        if (fate === undefined || done === null) {
          work.conclude(subject, { type: 'unavailable', effect: 'unknown', error });
        } else if (fate.isCommitted && own !== undefined) {
          work.conclude(subject, { type: 'committed', epoch: fate.epoch, isOwner: fate.isOwner, ...own });
        } else {
          work.conclude(subject, fate.isOwner ? { type: 'not-committed', epoch: fate.epoch } : { type: 'fenced' });
        }
      }
    }

    /** FLUSH-4. */
    async function leaveOutLocked(lane: Lane, all: readonly Taken<B>[], suspected: readonly Taken<B>[]) {
      const locked = await locks.stillLocked(
        lane,
        suspected.map(({ batch }) => work.rowsOf(batch)),
      );
      const leftOut = all.filter(({ subject }) => locked.has(subject.scheduleId));
      for (const { batch } of leftOut) concluded.add(batch);
      refuse(leftOut, new Error('another transaction has locked rows of the schedule'));
      return all.filter(({ subject }) => !locked.has(subject.scheduleId));
    }

    /** The statements in place of one that was refused: FLUSH-4 for a locked row, else halves. */
    async function divide(lane: Lane, taken: readonly Taken<B>[], error: Error) {
      if (!isRowLocked(error)) return halvesOf(taken);
      const locked = await locks.find(
        lane,
        taken.map(({ batch }) => work.rowsOf(batch)),
      );
      if (locked.size === 0) return halvesOf(taken);
      const others = taken.filter(({ subject }) => !locked.has(subject.scheduleId));
      return [others, taken.filter(({ subject }) => locked.has(subject.scheduleId))];
    }

    /** FLUSH-3. */
    async function afterError(lane: Lane, taken: readonly Taken<B>[], error: Error): Promise<void> {
      const isPartial = isOfOnePart(error);
      if ((isPartial || isRowLocked(error)) && taken.length > 1) {
        for (const part of await divide(lane, taken, error)) {
          await run(lane, part);
          for (const { batch } of part) concluded.add(batch);
        }
        return;
      }
      if (isPartial) {
        const reason = reasonOf(error);
        for (const { subject } of taken) {
          const { scheduleId } = subject;
          if (reason !== 'key-taken')
            log.warn({ err: error, scheduleId }, 'the database refused the part of one schedule');
          work.conclude(subject, { type: 'refused', error, reason });
        }
        return;
      }
      log.error({ err: error }, 'the database refused a statement');
      if (isUnavailable(error)) observer.refused();
      refuse(taken, error);
    }

    function refuse(taken: readonly Taken<B>[], error: Error): void {
      for (const { subject } of taken) work.conclude(subject, { type: 'unavailable', effect: 'none', error });
    }

    return { run, refuse };
  }

  return {
    append: createRun(APPENDS),
    settlement: createRun(createSettlementWork(doubt, wallets, deps.tokenEnds ?? 'last-hold')),
    stall(taken) {
      for (const { subject, batch } of taken) if (!concluded.has(batch)) subject.stall();
    },
    dismiss: (backend) => doubt.dismiss(backend),
    close: () => doubt.close(),
  };
}

function reasonOf(error: unknown): PartRefusal {
  const state = sqlState(error) ?? '';
  if (state === COUNTS_DIFFER || state === KEY_TWICE) return 'key-taken';
  if (isInvalidValue(error)) return 'invalid-value';
  return state.startsWith(INTEGRITY) && state !== CHECK_VIOLATION ? 'conflict' : 'rule';
}
