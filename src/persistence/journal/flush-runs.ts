import type pg from 'pg';
import type {
  AppendBatch,
  JournalSubject,
  NothingDone,
  PartRefusal,
  SettlementBatch,
  SettlementOutcome,
  SettlementResult,
} from '../../actors/journal-port.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Backend } from './backend.ts';
import { appendStatement, readAppended } from './append-statement.ts';
import {
  COUNTS_DIFFER,
  isInvalidValue,
  isOfOnePart,
  isRetryable,
  isRowLocked,
  isTableLocked,
  isUnavailable,
  sqlState,
} from '../database-errors.ts';
import { createDoubtResolution, type DoubtfulPart } from './doubt-resolution.ts';
import type { Lane, LaneResult, LaneStatement } from './lane.ts';
import type { LockedWallets } from './locked-wallets.ts';
import { readSettlementRows, settlementStatement } from './settlement-statement.ts';

/*
 * The run of a flush: its statement, and what the answer means to each schedule that has a part in it. Knows neither when a
 * flush is due nor what goes into it.
 *
 * FLUSH-1. Every batch gets exactly one outcome, and a run ends when all have theirs.
 * FLUSH-2. A statement whose answer is missing is never sent again; what became of it is found out.
 * FLUSH-3. An error response means that nothing was done. Deadlocks and timeouts are sent again, a bounded number of times. A
 *     statement that is refused for a part of it, or for a row that stays locked, is halved down to the schedule that
 *     causes it; the others are committed.
 */

/** How often a statement is sent that the database refused for the moment. */
const ATTEMPTS = 3;
/** One key in two parts of one statement: PostgreSQL does not let an upsert meet its own row. */
const KEY_TWICE = '21000';
/** Class "integrity constraint violation": unique indexes and foreign keys, and checks, which know no other row. */
const INTEGRITY = '23';
const CHECK_VIOLATION = '23514';

/** A schedule's part of a statement. */
export interface Taken<B> {
  readonly subject: JournalSubject;
  readonly batch: B;
}

export type FlushKind = 'append' | 'settlement';

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
}

export interface FlushRuns {
  /** Appends the batches in one statement on a lane that is free, and concludes each. Rejects for bugs only. */
  append(lane: Lane, taken: readonly Taken<AppendBatch>[]): Promise<void>;
  /** The same for settlements. */
  settle(lane: Lane, taken: readonly Taken<SettlementBatch>[]): Promise<void>;
  /** Tells those of a run that have no outcome yet that it is late. */
  stall(taken: readonly Taken<object>[]): void;
  /** Ends a lost connection's backend, so that its locks are free. Never rejects. */
  dismiss(backend: Backend | null): Promise<void>;
  /** Gives up finding out about what is in doubt. */
  close(): void;
}

/** Runs flushes on whichever lane they are given; several at a time, of different schedules. */
export function createFlushRuns(deps: FlushRunsDependencies & { readonly wallets: LockedWallets }): FlushRuns {
  const { log, observer, wallets } = deps;
  const doubt = createDoubtResolution(deps);
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

  async function runAppends(lane: Lane, taken: readonly Taken<AppendBatch>[]): Promise<void> {
    const owner = deps.node();
    const result = await send(lane, appendStatement(taken.map(({ batch }) => batch)), taken.length);
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
        const fates = await findFates(taken, owner, result.backend, (batch) => batch.firstSeq);
        for (const { subject, batch } of taken) {
          const fate = fates?.get(batch.scheduleId);
          if (fate === undefined)
            subject.concludeAppend({ type: 'unavailable', effect: 'unknown', error: result.error });
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
    const result = await send(lane, settlementStatement(taken.map(({ batch }) => batch)), taken.length);
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
              : { type: 'committed', epoch: batch.epoch, isOwner: true, results: noteWallets(batch, own) },
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
        await concludeDoubtfulSettlements(taken, owner, result);
        return;
    }
  }

  /** A settlement whose wallet stays locked is given up. */
  function noteWallets(
    { settlements }: SettlementBatch,
    results: readonly SettlementResult[],
  ): readonly SettlementResult[] {
    const users = new Map(settlements.map(({ paymentId, userId }) => [paymentId, userId]));
    return results.map((result) => {
      const { paymentId, fate } = result;
      const userId = users.get(paymentId) ?? '';
      if (fate !== 'untried') wallets.noteUnlocked(userId);
      else if (!wallets.noteLocked(userId)) return { paymentId, fate: 'given-up' };
      return result;
    });
  }

  async function concludeDoubtfulSettlements(
    taken: readonly Taken<SettlementBatch>[],
    owner: string,
    { error, backend }: Extract<LaneResult, { type: 'doubt' }>,
  ): Promise<void> {
    const fates = await findFates(taken, owner, backend, (batch) => batch.baseSeq + 1);
    const settled =
      fates === null ? null : await doubt.readSettlements(taken.flatMap(({ batch }) => batch.settlements.slice()));
    for (const { subject, batch } of taken) {
      const fate = fates?.get(batch.scheduleId);
      let outcome: SettlementOutcome;
      if (fate === undefined || settled === null) outcome = { type: 'unavailable', effect: 'unknown', error };
      else if (fate.isCommitted) {
        const results = batch.settlements.map(
          ({ paymentId }): SettlementResult => settled.get(paymentId) ?? { paymentId, fate: 'untried' },
        );
        outcome = { type: 'committed', epoch: fate.epoch, isOwner: fate.isOwner, results };
      } else if (fate.isOwner) outcome = { type: 'not-committed', epoch: fate.epoch };
      else outcome = { type: 'fenced' };
      subject.concludeSettlements(outcome);
    }
  }

  /** FLUSH-2: freezes the schedules and asks what became of their parts; null when the runs are closed before it is known. */
  async function findFates<B extends { scheduleId: number; epoch: number; batchId: string }>(
    taken: readonly Taken<B>[],
    owner: string,
    backend: Backend | null,
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
    return await doubt.resolve(parts, owner, backend);
  }

  /** FLUSH-3. */
  async function afterError<B extends object>(
    lane: Lane,
    taken: readonly Taken<B>[],
    error: Error,
    runAgain: (lane: Lane, taken: readonly Taken<B>[]) => Promise<void>,
    conclude: (subject: JournalSubject, outcome: Extract<NothingDone, { type: 'refused' | 'unavailable' }>) => void,
  ): Promise<void> {
    const [first] = taken;
    const isPartial = isOfOnePart(error);
    if ((isPartial || isRowLocked(error)) && taken.length > 1) {
      const half = Math.ceil(taken.length / 2);
      for (const part of [taken.slice(0, half), taken.slice(half)]) {
        await runAgain(lane, part);
        for (const { batch } of part) concluded.add(batch);
      }
      return;
    }
    if (isPartial && first !== undefined) {
      const reason = reasonOf(error);
      const { scheduleId } = first.subject;
      if (reason !== 'key-taken') log.warn({ err: error, scheduleId }, 'the database refused the part of one schedule');
      conclude(first.subject, { type: 'refused', error, reason });
      return;
    }
    log.error({ err: error }, 'the database refused a statement');
    if (isUnavailable(error)) observer.refused();
    for (const { subject } of taken) conclude(subject, { type: 'unavailable', effect: 'none', error });
  }

  return {
    append: runAppends,
    settle: runSettlements,
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

function countEvents(taken: readonly Taken<AppendBatch>[]): number {
  return taken.reduce((sum, { batch }) => sum + batch.events.length, 0);
}

function countSettlements(taken: readonly Taken<SettlementBatch>[]): number {
  return taken.reduce((sum, { batch }) => sum + batch.settlements.length, 0);
}
