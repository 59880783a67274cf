import type { DatabaseClock } from '../runtime/clock.ts';
import type { SeatHead, SeatPublisher } from '../domain/seat-broadcast.ts';
import { BatchLatch } from './batch-latch.ts';
import { BatchOutcomes } from './batch-outcomes.ts';
import { CommandDecisions } from './command-decisions.ts';
import { CommandGate } from './command-gate.ts';
import { CommandLedger } from './command-ledger.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { EndedTokens } from './ended-tokens.ts';
import type { EndCause, SaleStep } from './flush.ts';
import type {
  AppendBatch,
  AppendOutcome,
  Journal,
  JournalSubject,
  SettlementBatch,
  SettlementOutcome,
} from './journal-port.ts';
import { answerPending, type PendingCommand } from './pending-command.ts';
import type { RecentHold } from './recent-holds.ts';
import type { ScheduleFacts } from './reservation-view.ts';
import type { ScheduleState } from './schedule-machine.ts';
import { SettlementDesk } from './settlement-desk.ts';
import type { SeatLayout } from './seating/seat-layout.ts';
import { TentativeSeats } from './tentative-seats.ts';

/*
 * One concert schedule at its owner: the latch around the machine that decides. The gate decides commands, the ledger keeps
 * those that wait, and the machine alone knows the schedule's state (see schedule-machine.ts). In that state
 * - serving: commands are decided, and batches are taken.
 * - sealed: batches are taken until nothing is under way; commands wait for the next owner.
 * - doubtful: no batch is taken; commands wait for the outcome.
 * - stalled: no batch is taken; every command that waited has its answer, and new ones are rejected with STORE_UNAVAILABLE.
 * - broken: commands wait until the schedule is loaded again.
 * - lost: commands are routed again at once; those whose batch is in flight, after its outcome.
 *
 * ACTOR-1. A decision is tentative until its flush is durable, and nothing that depends on it leaves before: no grant, no
 *     refusal because of it, no map.
 * ACTOR-2. At most one batch of the schedule, append or settlement, is with the journal (the latch).
 * ACTOR-3. A refusal carries the number of the last change that it depends on; where all of them are durable, the confirmed tail.
 * ACTOR-4. An answer that writes nothing goes out under the read lease only.
 * ACTOR-5. After an outcome in which nothing was done, the tentative state is dropped and its commands are decided again, in
 *     their order of arrival; a command that was already answered is not.
 * ACTOR-6. The log has the decisions in the order in which they were made: no settlement overtakes the flush that gathers.
 * ACTOR-7. A command in an in-flight batch is forwarded or rejected only after the batch is known to have had no effect.
 * ACTOR-8. Watchers get each durable batch whole, before any answer that depends on it leaves.
 * ACTOR-9. A sealed schedule decides nothing more: what is under way ends, and later commands wait for the next owner.
 * ACTOR-10. Changes that had gathered when an answer was late or missing are not written: their commands are rejected with
 *     effect `none`, or decided again.
 */

/** Events of one flush of one schedule; the journal's statement takes as many. */
const FLUSH_EVENT_LIMIT = 2_000;

export interface ScheduleActorSettings {
  readonly holdTtlMs: number;
  /** How long a user may hold a seat with all extensions; at least `holdTtlMs`. */
  readonly holdTotalMs: number;
  readonly seatsPerUser: number;
}

export interface ScheduleActorDependencies {
  readonly facts: ScheduleFacts;
  readonly confirmed: ConfirmedSeats;
  /** Holds that ended shortly before the schedule was loaded, in the order of their ends. */
  readonly recentHolds: readonly RecentHold[];
  readonly settings: ScheduleActorSettings;
  readonly endedTokens: EndedTokens;
  readonly databaseClock: DatabaseClock;
  readonly journal: Journal;
  readonly publisher: SeatPublisher;
  readonly newId: () => string;
  readonly layout: () => SeatLayout;
  readonly isLeaseValid: () => boolean;
  /** The schedule has a hold that ends at this instant, or may have. */
  readonly expiresAt: (actor: ScheduleActor, at: number) => void;
  /** Holds ended durably. */
  readonly onEnded: (cause: EndCause, count: number) => void;
  /** The sale made durable progress. */
  readonly onProgress: (step: SaleStep, count: number) => void;
  /** The schedule is this actor's no longer; the commands are still to be answered. */
  readonly lost: (actor: ScheduleActor, waiting: readonly PendingCommand[]) => void;
  readonly bug: (actor: ScheduleActor, error: unknown) => void;
}

export class ScheduleActor implements JournalSubject {
  readonly scheduleId: number;
  readonly #deps: ScheduleActorDependencies;
  readonly #tentative: TentativeSeats;
  readonly #ledger = new CommandLedger();
  readonly #gate: CommandGate;
  readonly #latch: BatchLatch;
  readonly #outcomes: BatchOutcomes;

  constructor(deps: ScheduleActorDependencies) {
    const { facts, confirmed, databaseClock, settings, isLeaseValid } = deps;
    const { scheduleId } = facts;
    const ledger = this.#ledger;
    const desk = new SettlementDesk(facts);
    const onBug = (error: unknown) => deps.bug(this, error);
    const tentative = new TentativeSeats(confirmed, settings.seatsPerUser, deps.recentHolds, onBug);
    const decisions = new CommandDecisions({
      ...deps,
      tentative,
      desk,
      holdTtlMs: settings.holdTtlMs,
      holdTotalMs: settings.holdTotalMs,
      isStoredExpiryStale: () => latch.isStoredExpiryStale,
    });
    const gate = new CommandGate({
      scheduleId,
      ledger,
      tentative,
      desk,
      decisions,
      isLeaseValid,
      expireDue: (cause) => this.expireDue(cause),
      onWritten: () => this.#armExpiry(),
      onDecided: () => latch.announce(),
    });
    const latch = new BatchLatch(this, { ...deps, tentative, desk, ledger, gate });
    this.scheduleId = scheduleId;
    this.#deps = deps;
    this.#tentative = tentative;
    this.#gate = gate;
    this.#latch = latch;
    this.#outcomes = new BatchOutcomes({
      confirmed,
      tentative,
      desk,
      ledger,
      gate,
      latch,
      armExpiry: (pauseMs) => this.#armExpiry(databaseClock.lowerMs() + pauseMs),
      lost: (waiting) => deps.lost(this, waiting),
      bug: (error) => deps.bug(this, error),
    });
    this.#armExpiry();
  }

  get state(): ScheduleState {
    return this.#tentative.state;
  }

  /** No command waits, nothing is under way, and no hold needs its timer. */
  get isIdle(): boolean {
    const { gathered, nextExpiry } = this.#tentative;
    return this.#ledger.size === 0 && !this.#latch.isClosed && gathered === null && nextExpiry === null;
  }

  /** Commands that wait for their answer. */
  get waiting(): number {
    return this.#ledger.size;
  }

  /** The durable position of the schedule. */
  get head(): SeatHead {
    const { epoch, seq, isCancelled } = this.#deps.confirmed;
    return { scheduleId: this.scheduleId, epoch, seq, ...(isCancelled ? { isCancelled } : {}) };
  }

  /** Seats by their durable status. */
  count(): { readonly held: number; readonly confirmed: number } {
    const { held, confirmed } = this.#deps.confirmed;
    return { held, confirmed };
  }

  /** Takes a command in. It is answered or given to `lost` once, whatever happens to the schedule meanwhile. */
  submit(pending: PendingCommand): void {
    const { command } = pending;
    // The fence rejects what was decided by the former times; it is decided again by the new ones.
    if (command.type === 'ReloadSchedule' && this.head.epoch < command.epoch) this.lose();
    const { state } = this;
    if (state === 'lost') {
      this.#deps.lost(this, [pending]);
      return;
    }
    const isFlushFull = (this.#tentative.gathered?.events.length ?? 0) >= FLUSH_EVENT_LIMIT;
    if (state === 'stalled' || isFlushFull || !this.#ledger.hasRoom) {
      const code = state === 'stalled' ? 'STORE_UNAVAILABLE' : 'OVERLOADED';
      answerPending(pending, { outcome: 'failed', code, effect: 'none' });
      return;
    }
    this.#gate.admit(pending);
  }

  /**
   * Ends the holds that are due; of a cancelled date that is all of them. A schedule that cannot decide now has its timer set
   * again when it goes on.
   */
  expireDue(cause: EndCause): number {
    if (this.state !== 'serving' || this.#tentative.nextExpiry === null) return 0;
    const { databaseClock, confirmed } = this.#deps;
    const ended = confirmed.isCancelled
      ? this.#tentative.cancelAllHolds(databaseClock.upperMs())
      : this.#tentative.expire(databaseClock.lowerMs(), cause);
    if (ended > 0 || cause === 'timer') this.#armExpiry();
    if (ended > 0) this.#latch.announce();
    return ended;
  }

  takeAppend(batchId: string): AppendBatch | null {
    return this.#latch.takeAppend(batchId);
  }

  concludeAppend(outcome: AppendOutcome): void {
    const flush = this.#tentative.inFlight;
    if (flush === null) return;
    if (outcome.type !== 'committed') {
      this.#outcomes.concludeNothing(outcome);
      return;
    }
    this.#latch.commitAppend(flush, outcome.epoch);
    this.#outcomes.proceed(outcome.isOwner);
  }

  takeSettlements(limit: number, takenUsers: ReadonlySet<string>, batchId: string): SettlementBatch | null {
    return this.#latch.takeSettlements(limit, takenUsers, batchId);
  }

  concludeSettlements(outcome: SettlementOutcome): void {
    if (outcome.type !== 'committed') {
      this.#outcomes.concludeNothing(outcome);
      return;
    }
    this.#latch.commitSettlements(outcome);
    this.#armExpiry();
    this.#outcomes.proceed(outcome.isOwner);
  }

  doubt(): void {
    this.#tentative.doubt();
  }

  /** Rejects every command that waits. */
  stall(): void {
    this.#tentative.stall();
    this.#outcomes.failSent();
    const others = this.#ledger.in('deferred', 'behind-batch', 'alone', 'gathered', 'to-settle');
    for (const pending of others) this.#ledger.fail(pending, 'STORE_UNAVAILABLE', 'none');
  }

  /**
   * Decides nothing from now on. Resolves once nothing is under way, or the schedule is lost; then `lose` gives up the commands
   * that wait. No call unseals a schedule; it is loaded again.
   */
  seal(): Promise<void> {
    this.#tentative.seal();
    return this.#outcomes.drain();
  }

  /** Stops deciding and hands the commands that wait to `lost`; those of the batch in flight follow if it had no effect. */
  lose(): void {
    if (this.state !== 'lost') this.#outcomes.leave();
  }

  #armExpiry(notBefore = Number.NEGATIVE_INFINITY): void {
    const next = this.#tentative.nextExpiry;
    if (next === null || !this.#tentative.mayWrite) return;
    const due = this.#deps.confirmed.isCancelled ? this.#deps.databaseClock.lowerMs() : next;
    this.#deps.expiresAt(this, Math.max(due, notBefore));
  }
}
