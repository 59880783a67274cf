import type { DatabaseClock } from '../runtime/clock.ts';
import type { SeatPublisher } from '../domain/seat-broadcast.ts';
import type { CommandGate } from './command-gate.ts';
import type { CommandLedger } from './command-ledger.ts';
import { composeAppend } from './compose-append.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { EndCause, Flush, SaleStep } from './flush.ts';
import type { AppendBatch, Journal, JournalSubject, SettlementBatch, SettlementOutcome } from './journal-port.ts';
import type { ScheduleFacts } from './reservation-view.ts';
import type { SeatEvent } from './seat-event.ts';
import { seatUpdatesOf } from './seat-updates.ts';
import type { SettlementDesk } from './settlement-desk.ts';
import type { TentativeSeats } from './tentative-seats.ts';

export interface BatchLatchDependencies {
  readonly facts: ScheduleFacts;
  readonly confirmed: ConfirmedSeats;
  readonly tentative: TentativeSeats;
  readonly desk: SettlementDesk;
  readonly ledger: CommandLedger;
  readonly gate: CommandGate;
  readonly databaseClock: DatabaseClock;
  readonly journal: Journal;
  readonly publisher: SeatPublisher;
  /** Holds ended durably. */
  readonly onEnded: (cause: EndCause, count: number) => void;
  /** The sale made durable progress. */
  readonly onProgress: (step: SaleStep, count: number) => void;
}

/** The batches of one schedule, of which the journal has one at a time: what goes into each, and what its commit means. */
export class BatchLatch {
  readonly #deps: BatchLatchDependencies;
  readonly #subject: JournalSubject;
  #lastKind: 'append' | 'settlement' = 'settlement';
  #hasCommands = false;
  /** The head row's deadline; undefined before the first flush. */
  #storedExpiry: number | null | undefined;

  constructor(subject: JournalSubject, deps: BatchLatchDependencies) {
    this.#subject = subject;
    this.#deps = deps;
  }

  /** Whether a batch is with the journal. */
  get isClosed(): boolean {
    return this.#deps.tentative.inFlight !== null || this.#deps.desk.isBusy;
  }

  /** Whether the batch in flight was taken for commands, and not only for holds whose time was over. */
  get hasCommands(): boolean {
    return this.#hasCommands;
  }

  /** Whether the head row's deadline is over, so that it should be written again. */
  get isStoredExpiryStale(): boolean {
    const stored = this.#storedExpiry;
    const isOver = stored === undefined || (stored !== null && stored <= this.#deps.databaseClock.lowerMs());
    return isOver && !this.isClosed;
  }

  /** Asks the journal to take a batch, if there is one to take. Append and settlement take turns where both wait. */
  announce(): void {
    const { tentative, desk, journal } = this.#deps;
    const { gathered } = tentative;
    const hasAppend = gathered !== null;
    const hasSettlement = desk.mayTake(gathered);
    if ((!hasAppend && !hasSettlement) || this.isClosed || !tentative.mayWrite) return;
    if (hasAppend && (!hasSettlement || this.#lastKind === 'settlement')) journal.requestAppend(this.#subject);
    else if (hasSettlement) journal.requestSettlement(this.#subject);
  }

  takeAppend(batchId: string): AppendBatch | null {
    const { facts, confirmed, tentative, ledger } = this.#deps;
    if (this.isClosed || !tentative.mayWrite) return null;
    const flush = tentative.take();
    if (flush === null) return null;
    this.#lastKind = 'append';
    this.#hasCommands = ledger.send(ledger.in('gathered')) > 0;
    return composeAppend(flush, facts, confirmed, batchId);
  }

  takeSettlements(limit: number, takenUsers: ReadonlySet<string>, batchId: string): SettlementBatch | null {
    const { confirmed, tentative, desk, ledger, databaseClock, journal } = this.#deps;
    if (this.isClosed || !tentative.mayWrite) return null;
    this.#lastKind = 'settlement';
    const { gathered } = tentative;
    const batch = desk.take(limit, takenUsers, gathered, confirmed, batchId, databaseClock.upperMs());
    this.#hasCommands = ledger.send(desk.taken()) > 0;
    // Gathered changes do not wait for wallets that are not available now.
    if (batch === null && gathered !== null) journal.requestAppend(this.#subject);
    return batch;
  }

  commitAppend(flush: Flush, epoch: number): void {
    const { confirmed, tentative, ledger, gate, onEnded, onProgress } = this.#deps;
    confirmed.take(flush.seats, flush.changes);
    confirmed.enterEpoch(epoch);
    this.#publish(flush.events);
    this.#storedExpiry = flush.nextExpiryAt;
    tentative.land();
    for (const cause of ['timer', 'alarm', 'demand'] as const) {
      if (flush.endedBy[cause] > 0) onEnded(cause, flush.endedBy[cause]);
    }
    if (flush.holds > 0) onProgress('holds', flush.holds);
    for (const pending of ledger.in('sent')) {
      if (pending.decided !== null) ledger.answer(pending, gate.replyOf(pending.decided));
    }
  }

  commitSettlements({ epoch, results }: Extract<SettlementOutcome, { readonly type: 'committed' }>): void {
    const { confirmed, tentative, desk, ledger, gate, onProgress } = this.#deps;
    const { events, changes, declined, answers, done } = desk.conclude(results);
    confirmed.fold(events, changes);
    confirmed.enterEpoch(epoch);
    this.#publish(events);
    for (const step of ['payments', 'refunds'] as const) if (done[step] > 0) onProgress(step, done[step]);
    // A declined settlement wrote nothing, so the lease covers its answer like every refusal.
    for (const { pending, reply } of answers) {
      ledger.answer(pending, reply.outcome === 'refused' ? gate.underLease(reply) : reply);
    }
    // The wallets of the others were not available.
    for (const pending of ledger.in('sent')) ledger.put(pending, 'to-settle');
    if (!tentative.mayWrite) return;
    tentative.settle(events, changes);
    tentative.decline(declined);
  }

  /** Shows watchers what has become durable. Nothing is built where no one watches: this is the path of every hold. */
  #publish(events: readonly SeatEvent[]): void {
    const { publisher, facts, confirmed } = this.#deps;
    const { scheduleId } = facts;
    if (events.length === 0 || !publisher.isWatched(scheduleId)) return;
    publisher.publish(seatUpdatesOf(scheduleId, confirmed.epoch, confirmed.seq, events));
  }
}
