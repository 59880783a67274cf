import type { DatabaseClock } from '../runtime/clock.ts';
import { INVALID_VALUE } from '../domain/errors.ts';
import type { SeatHead, SeatPublisher } from '../domain/seat-broadcast.ts';
import { CommandDecisions } from './command-decisions.ts';
import type { Reply } from './command.ts';
import { composeAppend } from './compose-append.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { EndedTokens } from './ended-tokens.ts';
import type { EndCause, SaleStep } from './flush.ts';
import type {
  AppendBatch,
  AppendOutcome,
  Journal,
  JournalSubject,
  NothingDone,
  PartRefusal,
  SettlementBatch,
  SettlementOutcome,
} from './journal-port.ts';
import { Mailbox } from './mailbox.ts';
import { answerPending, type PendingCommand } from './pending-command.ts';
import type { ScheduleFacts } from './reservation-view.ts';
import type { SeatEvent } from './seat-event.ts';
import type { ScheduleState } from './schedule-machine.ts';
import { seatUpdatesOf } from './seat-updates.ts';
import { SettlementDesk } from './settlement-desk.ts';
import type { SeatLayout } from './seating/seat-layout.ts';
import { TentativeSeats } from './tentative-seats.ts';

/*
 * One concert schedule at its owner: the output gate and the latch around the machine that decides. The mailbox keeps the
 * commands that wait. The machine alone knows the schedule's state (see schedule-machine.ts). In that state
 * - serving: commands are decided, and batches are taken.
 * - sealed: batches are taken until nothing is under way; commands wait for the next owner.
 * - doubtful: no batch is taken; commands wait for the outcome.
 * - stalled: no batch is taken; every command that waited has its answer, and new ones are rejected with STORE_UNAVAILABLE.
 * - broken: commands wait until the schedule is loaded again.
 * - lost: commands are routed again at once; those whose batch is in flight, after its outcome.
 *
 * ACTOR-1. A decision is tentative until its flush is durable, and nothing that rests on it leaves before: no grant, no
 *     refusal because of it, no map.
 * ACTOR-2. At most one batch of the schedule, append or settlement, is with the journal (the latch).
 * ACTOR-3. A refusal carries the number of the last change that it stands on; where all of them are durable, the confirmed tail.
 * ACTOR-4. What writes nothing is answered under the read lease only.
 * ACTOR-5. After an outcome in which nothing was done, the tentative state is dropped and its commands are decided again, in
 *     their order; one that was already answered is not.
 * ACTOR-6. Decisions stand in the log in the order in which they were made: no settlement overtakes the flush that gathers.
 * ACTOR-7. A command whose batch is with the journal is handed on, or said not to be done, only once nothing of it was done.
 * ACTOR-8. What becomes durable is told to watchers whole, before any answer that rests on it.
 * ACTOR-9. A sealed schedule decides nothing more: what is under way ends, and later commands wait for the next owner.
 */

/** Events of one flush of one schedule; the journal's statement takes as many. */
const FLUSH_EVENT_LIMIT = 2_000;
/** How often a command is decided before its schedule counts as unreachable. */
const ATTEMPT_LIMIT = 5;
/** Between two attempts to end holds on a database that is away or has no room. */
const EXPIRY_RETRY_PAUSE_MS = 1_000;

export interface ScheduleActorSettings {
  readonly holdTtlMs: number;
  readonly seatsPerUser: number;
}

export interface ScheduleActorDependencies {
  readonly facts: ScheduleFacts;
  readonly confirmed: ConfirmedSeats;
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
  readonly ended: (cause: EndCause, count: number) => void;
  /** The sale came on durably. */
  readonly cameOn: (step: SaleStep, count: number) => void;
  /** The schedule is this actor's no longer; the commands are still to be answered. */
  readonly lost: (actor: ScheduleActor, waiting: readonly PendingCommand[]) => void;
  readonly bug: (actor: ScheduleActor, error: unknown) => void;
}

export class ScheduleActor implements JournalSubject {
  readonly scheduleId: number;
  readonly #deps: ScheduleActorDependencies;
  readonly #confirmed: ConfirmedSeats;
  readonly #tentative: TentativeSeats;
  readonly #desk: SettlementDesk;
  readonly #decisions: CommandDecisions;
  readonly #mailbox = new Mailbox();
  #lastKind: 'append' | 'settlement' = 'settlement';
  /** What the head row says; an alarm that finds it out of date has it written again. */
  #storedExpiry: number | null | undefined;
  /** Resolved once nothing is under way any more; null while no one waits for that. */
  #drained: PromiseWithResolvers<void> | null = null;

  constructor(deps: ScheduleActorDependencies) {
    this.scheduleId = deps.facts.scheduleId;
    this.#deps = deps;
    this.#confirmed = deps.confirmed;
    this.#desk = new SettlementDesk(deps.facts);
    this.#tentative = new TentativeSeats(deps.confirmed, deps.settings.seatsPerUser, (error) => deps.bug(this, error));
    const { facts, confirmed, databaseClock, newId, layout, settings, endedTokens } = deps;
    this.#decisions = new CommandDecisions({
      facts,
      confirmed,
      databaseClock,
      newId,
      layout,
      tentative: this.#tentative,
      desk: this.#desk,
      endedTokens,
      holdTtlMs: settings.holdTtlMs,
      isStoredExpiryStale: () => this.#isStoredExpiryStale,
    });
    this.#armExpiry();
  }

  get state(): ScheduleState {
    return this.#tentative.state;
  }

  /** Nobody waits, nothing is under way, and no hold needs its timer. */
  get isIdle(): boolean {
    return (
      this.#mailbox.waiting === 0 &&
      !this.#isLatched &&
      this.#tentative.gathered === null &&
      this.#tentative.nextExpiry === null
    );
  }

  /** Commands that wait for their answer. */
  get waiting(): number {
    return this.#mailbox.waiting;
  }

  /** Where the schedule stands durably. */
  get head(): SeatHead {
    return { scheduleId: this.scheduleId, epoch: this.#confirmed.epoch, seq: this.#confirmed.seq };
  }

  /** Seats by their durable status. */
  count(): { readonly held: number; readonly confirmed: number; readonly total: number } {
    const { held, confirmed, seats } = this.#confirmed;
    return { held, confirmed, total: seats.length };
  }

  /** Takes a command in. Its promise is settled once, whatever happens to the schedule meanwhile. */
  submit(pending: PendingCommand): void {
    const { state } = this;
    if (state === 'lost') {
      this.#deps.lost(this, [pending]);
      return;
    }
    if (state === 'stalled' || this.#isFlushFull || !this.#mailbox.takeIn()) {
      const code = state === 'stalled' ? 'STORE_UNAVAILABLE' : 'OVERLOADED';
      answerPending(pending, { outcome: 'failed', code, effect: 'none' });
      return;
    }
    this.#admit(pending);
  }

  /** Ends what is due. A schedule that cannot decide now has its timer set again when it goes on. */
  expireDue(cause: EndCause): number {
    if (this.state !== 'serving' || this.#tentative.nextExpiry === null) return 0;
    const ended = this.#tentative.expire(this.#deps.databaseClock.lowerMs(), cause);
    if (ended > 0 || cause === 'timer') this.#armExpiry();
    if (ended > 0) this.#announce();
    return ended;
  }

  takeAppend(batchId: string): AppendBatch | null {
    if (this.#isLatched || !this.#mayWrite) return null;
    const flush = this.#tentative.take();
    if (flush === null) return null;
    this.#lastKind = 'append';
    return composeAppend(flush, this.#deps.facts, this.#confirmed, batchId);
  }

  concludeAppend(outcome: AppendOutcome): void {
    const flush = this.#tentative.inFlight;
    if (flush === null) return;
    if (outcome.type !== 'committed') {
      this.#concludeNothing(outcome);
      return;
    }
    this.#resume();
    this.#confirmed.take(flush.seats, flush.changes);
    this.#confirmed.enterEpoch(outcome.epoch);
    this.#publish(flush.events);
    this.#storedExpiry = flush.nextExpiryAt;
    this.#tentative.land();
    for (const cause of ['timer', 'alarm', 'demand'] as const) {
      if (flush.endedBy[cause] > 0) this.#deps.ended(cause, flush.endedBy[cause]);
    }
    if (flush.holds > 0) this.#deps.cameOn('holds', flush.holds);
    for (const step of flush.steps) this.#mailbox.answer(step.pending, step.answer());
    if (!outcome.isOwner) this.lose();
    else this.#proceed();
  }

  takeSettlements(limit: number, takenUsers: ReadonlySet<string>, batchId: string): SettlementBatch | null {
    if (this.#isLatched || !this.#mayWrite) return null;
    this.#lastKind = 'settlement';
    const { gathered } = this.#tentative;
    const now = this.#deps.databaseClock.upperMs();
    const batch = this.#desk.take(limit, takenUsers, gathered, this.#confirmed, batchId, now);
    // Gathered changes do not wait for wallets that are not available now.
    if (batch === null && gathered !== null) this.#deps.journal.requestAppend(this);
    return batch;
  }

  concludeSettlements(outcome: SettlementOutcome): void {
    if (outcome.type !== 'committed') {
      this.#concludeNothing(outcome);
      return;
    }
    this.#resume();
    const { events, changes, declined, answers, done } = this.#desk.conclude(outcome.results);
    this.#confirmed.fold(events, changes);
    this.#confirmed.enterEpoch(outcome.epoch);
    this.#publish(events);
    for (const step of ['payments', 'refunds'] as const) if (done[step] > 0) this.#deps.cameOn(step, done[step]);
    // A declined settlement wrote nothing, so the lease covers its answer like every refusal.
    for (const { pending, reply } of answers) {
      this.#mailbox.answer(pending, reply.outcome === 'refused' ? this.#underLease(reply) : reply);
    }
    if (this.#mayWrite) {
      this.#tentative.settle(events, changes);
      this.#tentative.decline(declined);
      this.#armExpiry();
    }
    if (!outcome.isOwner) this.lose();
    else this.#proceed();
  }

  doubt(): void {
    this.#leaveKeysUnknown();
    this.#tentative.doubt();
  }

  stall(): void {
    this.#tentative.stall();
    for (const pending of [...this.#sent(), ...this.#gathered(), ...this.#desk.open()]) {
      this.#mailbox.fail(pending, 'STORE_UNAVAILABLE', 'unknown');
    }
    for (const pending of this.#mailbox.undecided()) this.#mailbox.fail(pending, 'STORE_UNAVAILABLE', 'none');
  }

  /**
   * Decides nothing from now on. Resolves once nothing is under way, or the schedule is lost; then `lose` hands on the commands
   * that wait. No call unseals a schedule; it is loaded again.
   */
  seal(): Promise<void> {
    this.#drained ??= Promise.withResolvers<void>();
    this.#tentative.seal();
    this.#noteDrained();
    return this.#drained.promise;
  }

  /** Stops deciding and hands the commands that wait to `lost`; those of the batch in flight follow if it had no effect. */
  lose(): void {
    if (this.state !== 'lost') this.#leave([]);
  }

  /** Whether batches are taken, and tentative seats follow what becomes durable. */
  get #mayWrite(): boolean {
    const { state } = this;
    return state === 'serving' || state === 'sealed';
  }

  get #isLatched(): boolean {
    return this.#tentative.inFlight !== null || this.#desk.isBusy;
  }

  get #isFlushFull(): boolean {
    return (this.#tentative.gathered?.events.length ?? 0) >= FLUSH_EVENT_LIMIT;
  }

  #admit(pending: PendingCommand): void {
    if (pending.answered) return;
    if (this.state !== 'serving' || this.#mailbox.isTrying) {
      this.#mailbox.defer(pending);
      return;
    }
    pending.attempts += 1;
    if (pending.attempts > ATTEMPT_LIMIT) {
      this.#mailbox.fail(pending, 'OWNER_UNAVAILABLE', 'none');
      return;
    }
    this.#decide(pending);
    this.#announce();
  }

  #decide(pending: PendingCommand): void {
    const { command } = pending;
    this.expireDue(command.type === 'WakeSchedule' ? command.cause : 'demand');
    const verdict = this.#decisions.decide(pending);
    // What a machine says after a throw is no decision.
    if (this.state === 'broken') {
      this.#failAsBug(pending);
      return;
    }
    switch (verdict.type) {
      case 'again':
        this.#mailbox.putBehindSettlement(pending);
        return;
      case 'settling':
        return;
      case 'reply': {
        const { flush, reply, isReadOnly } = verdict;
        const answer = isReadOnly ? () => this.#underLease(reply()) : reply;
        if (flush === null) this.#mailbox.answer(pending, answer());
        else flush.steps.push({ pending, answer });
        if (!isReadOnly) this.#armExpiry();
        return;
      }
    }
  }

  get #isStoredExpiryStale(): boolean {
    const stored = this.#storedExpiry;
    const isOver = stored === undefined || (stored !== null && stored <= this.#deps.databaseClock.lowerMs());
    return isOver && !this.#isLatched;
  }

  /** Tells watchers what has become durable. Nothing is built where nobody watches: this is the path of every hold. */
  #publish(events: readonly SeatEvent[]): void {
    const { publisher } = this.#deps;
    if (events.length === 0 || !publisher.isWatched(this.scheduleId)) return;
    const { epoch, seq } = this.#confirmed;
    publisher.publish(seatUpdatesOf(this.scheduleId, epoch, seq, events));
  }

  #underLease(reply: Reply): Reply {
    return this.#deps.isLeaseValid() ? reply : { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' };
  }

  #failAsBug(pending: PendingCommand): void {
    const error = new Error(`schedule ${this.scheduleId} could not decide ${pending.command.type}`);
    this.#mailbox.reject(pending, error);
  }

  /** Tells the journal what there is to write; append and settlement take turns where both wait. */
  #announce(): void {
    const { gathered } = this.#tentative;
    const hasAppend = gathered !== null;
    const hasSettlement = this.#desk.mayTake(gathered);
    if ((!hasAppend && !hasSettlement) || this.#isLatched || !this.#mayWrite) return;
    if (hasAppend && (!hasSettlement || this.#lastKind === 'settlement')) this.#deps.journal.requestAppend(this);
    else if (hasSettlement) this.#deps.journal.requestSettlement(this);
  }

  #armExpiry(notBefore = Number.NEGATIVE_INFINITY): void {
    const next = this.#tentative.nextExpiry;
    if (next !== null) this.#deps.expiresAt(this, Math.max(next, notBefore));
  }

  /** A late batch was committed: unless it was in doubt, the schedule goes on with all that it has decided. */
  #resume(): void {
    if (this.state !== 'stalled') return;
    this.#tentative.resume();
    this.#armExpiry();
  }

  /** Goes on after a batch that was committed. */
  #proceed(): void {
    this.#thaw();
    this.#mailbox.passTrial();
    this.#tryNextAlone();
    this.#admitDeferred();
    for (const pending of this.#mailbox.takeBehindSettlement()) {
      pending.attempts -= 1;
      this.#admit(pending);
    }
    this.#announce();
    this.#noteDrained();
  }

  /** Goes on after a batch that came to nothing. */
  #goOn(): void {
    this.#tryNextAlone();
    this.#admitDeferred();
    this.#announce();
    this.#noteDrained();
  }

  /** A doubtful batch turned out to be committed: what was decided on top of it is decided again. */
  #thaw(): void {
    if (this.state !== 'doubtful' && this.state !== 'stalled') return;
    const waiting = this.#collectUndecided();
    this.#restore();
    for (const pending of waiting) this.#admit(pending);
  }

  #concludeNothing(outcome: NothingDone): void {
    const sent = this.#sent();
    if (outcome.type === 'unavailable' && outcome.effect === 'unknown') {
      for (const pending of sent) this.#mailbox.fail(pending, 'STORE_UNAVAILABLE', 'unknown');
    }
    if (this.state === 'lost' || outcome.type === 'fenced') {
      this.#leave(sent);
      return;
    }
    switch (outcome.type) {
      case 'not-committed':
        this.#confirmed.enterEpoch(outcome.epoch);
        this.#decideAgain((pending) => this.#admit(pending));
        return;
      case 'unavailable':
        this.#decideAgain((pending) => this.#mailbox.fail(pending, 'STORE_UNAVAILABLE', 'none'), EXPIRY_RETRY_PAUSE_MS);
        return;
      case 'refused':
        this.#afterRefusal(outcome);
        return;
    }
  }

  /**
   * A batch that only records keys moves no head and leaves no log row, so no one can find out whether it was committed once its
   * answer is missing.
   */
  #leaveKeysUnknown(): void {
    const flush = this.#tentative.inFlight;
    if (flush === null || flush.events.length > 0) return;
    for (const { pending } of flush.keys) this.#mailbox.fail(pending, 'STORE_UNAVAILABLE', 'unknown');
  }

  #decideAgain(next: (pending: PendingCommand) => void, expiryPauseMs = 0): void {
    const waiting = this.#collectUndecided();
    this.#mailbox.endTrial();
    this.#restore(expiryPauseMs);
    for (const pending of waiting) next(pending);
    this.#goOn();
  }

  /** Goes on from what is durable. */
  #restore(expiryPauseMs = 0): void {
    this.#tentative.restore(this.#confirmed);
    this.#armExpiry(this.#deps.databaseClock.lowerMs() + expiryPauseMs);
  }

  /** Hands on `sent`, and everybody whose command is not with the journal. */
  #leave(sent: readonly PendingCommand[]): void {
    const waiting = [...sent, ...this.#gathered(), ...this.#desk.clearOpen(), ...this.#mailbox.takeUndecided()];
    this.#tentative.lose();
    this.#deps.lost(this, this.#mailbox.release(waiting));
    this.#noteDrained();
  }

  #afterRefusal({ error, reason }: Extract<NothingDone, { type: 'refused' }>): void {
    const tried = this.#mailbox.endTrial();
    const waiting = this.#collectUndecided();
    this.#restore(reason === 'rule' ? EXPIRY_RETRY_PAUSE_MS : 0);
    const culprit = tried ?? (waiting.length === 1 ? waiting[0] : undefined);
    this.#mailbox.putAlone(waiting.filter((pending) => pending !== culprit));
    if (culprit !== undefined) this.#concludeCulprit(culprit, error, reason);
    else if (waiting.length === 0 && reason !== 'rule') this.#deps.bug(this, error);
    this.#goOn();
  }

  /** Answers the command for which the database refused a flush. The schedule is loaded again where its rows are others than it believed. */
  #concludeCulprit(pending: PendingCommand, error: Error, reason: PartRefusal): void {
    const { command } = pending;
    if (reason === 'key-taken' && 'claim' in command && command.claim !== null) {
      this.#mailbox.answer(pending, { outcome: 'key-taken' });
    } else if (reason === 'invalid-value') {
      this.#mailbox.answer(pending, { outcome: 'refused', rejection: INVALID_VALUE });
    } else {
      this.#mailbox.fail(pending, 'STORE_UNAVAILABLE', 'none');
      if (reason !== 'rule') this.#deps.bug(this, error);
    }
  }

  #tryNextAlone(): void {
    while (this.state === 'serving') {
      const pending = this.#mailbox.takeAlone();
      if (pending === null) return;
      this.#decide(pending);
      if (!pending.answered && (this.#tentative.gathered !== null || this.#desk.hasOpen)) {
        this.#mailbox.beginTrial(pending);
      }
    }
  }

  #admitDeferred(): void {
    if (this.state !== 'serving' || this.#mailbox.isTrying) return;
    for (const pending of this.#mailbox.takeDeferred()) this.#admit(pending);
  }

  /** A sealed schedule has drained after its last batch; one in doubt is not sealed again before the outcome. */
  #noteDrained(): void {
    if (this.#drained === null) return;
    const isQuiet =
      this.state === 'sealed' && !this.#isLatched && this.#tentative.gathered === null && !this.#desk.hasOpen;
    if (isQuiet || this.state === 'lost') this.#drained.resolve();
  }

  /** Commands whose batch is with the journal. */
  #sent(): PendingCommand[] {
    const steps = this.#tentative.inFlight?.steps ?? [];
    return [...steps.map(({ pending }) => pending), ...this.#desk.taken()];
  }

  /** Commands that were decided since the last batch, and whose flush gathers. */
  #gathered(): PendingCommand[] {
    const steps = this.#tentative.gathered?.steps ?? [];
    return steps.map(({ pending }) => pending);
  }

  /** Commands whose decision is dropped with the tentative state, in the order in which they were decided. */
  #collectUndecided(): PendingCommand[] {
    const sent = this.#sent();
    this.#desk.clearTaken();
    const waiting = [...sent, ...this.#gathered(), ...this.#desk.clearOpen(), ...this.#mailbox.takeBehindSettlement()];
    return waiting.filter((pending) => !pending.answered);
  }
}
