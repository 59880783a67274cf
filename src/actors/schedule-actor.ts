import type { DatabaseClock } from '../clock.ts';
import type { FaultCode, FaultEffect, Rejection } from '../errors.ts';
import type {
  CancelHolds,
  Command,
  Grants,
  HoldSeats,
  PayReservations,
  ReadSeatMap,
  RefundPayment,
  ReleaseHold,
  Reply,
  WakeSchedule,
} from './command.ts';
import { composeAppend } from './compose-append.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { Change, EndCause, Flush, PendingCommand } from './flush.ts';
import type {
  AppendBatch,
  AppendOutcome,
  Journal,
  JournalSubject,
  NothingDone,
  SettlementBatch,
  SettlementOutcome,
} from './journal-port.ts';
import { type ScheduleFacts, viewReservation } from './reservation-view.ts';
import { SettlementDesk } from './settlement-desk.ts';
import { type Standing, TentativeSeats } from './tentative-seats.ts';

/*
 * One concert schedule at its owner: the mailbox, the output gate and the latch around the machine that decides.
 *
 * A1. A decision is tentative until its flush is durable, and nothing that rests on it leaves before: no grant, no
 *     refusal because of it, no map.
 * A2. At most one batch of the schedule, append or settlement, is with the journal (the latch).
 * A3. A refusal carries the number of the last change that it stands on; where all of them are durable, the confirmed tail.
 * A4. What writes nothing is answered under the read lease only.
 * A5. After an outcome in which nothing was done, the tentative state is dropped and its commands are decided again, in
 *     their order; one that was already answered is not.
 * A6. Every command is answered exactly once. The mailbox is bounded: past it, commands are refused, not buffered.
 * A7. Decisions stand in the log in the order in which they were made: no settlement overtakes the flush that gathers.
 * A8. A command whose batch is with the journal is handed on, or said not to be done, only once nothing of it was done.
 */

/** Commands that one schedule keeps waiting. At 2 000 events a flush and a few ms each, more would be late anyway. */
const MAILBOX_LIMIT = 4_000;
/** Events of one flush of one schedule; the journal's statement takes as many. */
const FLUSH_EVENT_LIMIT = 2_000;
/** How often a command is decided before its schedule counts as unreachable. */
const ATTEMPT_LIMIT = 5;
/** Between two attempts to end holds on a database that is away or has no room. */
const EXPIRY_RETRY_PAUSE_MS = 1_000;
/** Ids are in order of time, and lists go by them: one that was made long before its reservation would be listed as old. */
const SPARE_ID_LIFE_MS = 100;

export interface ScheduleActorSettings {
  readonly holdTtlMs: number;
  readonly seatsPerUser: number;
}

export interface ScheduleActorDependencies {
  readonly facts: ScheduleFacts;
  readonly confirmed: ConfirmedSeats;
  readonly settings: ScheduleActorSettings;
  readonly databaseClock: DatabaseClock;
  readonly journal: Journal;
  readonly newId: () => string;
  readonly isLeaseValid: () => boolean;
  /** The schedule has a hold that ends at this instant, or may have. */
  readonly expiresAt: (actor: ScheduleActor, at: number) => void;
  /** Holds ended durably. */
  readonly ended: (cause: EndCause, count: number) => void;
  /** The schedule is this actor's no longer; the commands are still to be answered. */
  readonly lost: (actor: ScheduleActor, waiting: readonly PendingCommand[]) => void;
  readonly bug: (actor: ScheduleActor, error: unknown) => void;
}

type Decide<C extends Command> = (command: C, pending: PendingCommand) => void;

export class ScheduleActor implements JournalSubject {
  readonly scheduleId: number;
  readonly #deps: ScheduleActorDependencies;
  readonly #confirmed: ConfirmedSeats;
  readonly #tentative: TentativeSeats;
  readonly #desk: SettlementDesk;
  /** Commands on seats whose settlement is being decided. */
  #behindSettlement: PendingCommand[] = [];
  /** Commands that arrived while nothing may be decided. */
  #deferred: PendingCommand[] = [];
  /** After a refused batch its commands are tried one flush at a time, so that one bad row stops nobody else. */
  #alone: PendingCommand[] = [];
  #trying: PendingCommand | null = null;
  #mode: 'serving' | 'frozen' | 'lost' = 'serving';
  #isStalled = false;
  /** Whether the answer to the batch that is with the journal is missing. */
  #isInDoubt = false;
  #isBroken = false;
  #lastKind: 'append' | 'settlement' = 'settlement';
  /** What the head row says; an alarm that finds it out of date has it written again. */
  #storedExpiry: number | null | undefined;
  #waiting = 0;
  #spare: string[] = [];
  #spareSince = 0;

  constructor(deps: ScheduleActorDependencies) {
    this.scheduleId = deps.facts.scheduleId;
    this.#deps = deps;
    this.#confirmed = deps.confirmed;
    this.#desk = new SettlementDesk(deps.facts);
    this.#tentative = new TentativeSeats(deps.confirmed, deps.settings.seatsPerUser, (error) => {
      this.#isBroken = true;
      deps.bug(this, error);
    });
    this.#armExpiry();
  }

  /** Nobody waits, nothing is under way, and no hold needs its timer. */
  get isIdle(): boolean {
    return (
      this.#waiting === 0 &&
      !this.#isLatched &&
      this.#tentative.gathered === null &&
      this.#tentative.nextExpiry === null
    );
  }

  /** Commands that wait for their answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Seats by their durable status. */
  count(): { readonly held: number; readonly confirmed: number; readonly total: number } {
    let held = 0;
    let confirmed = 0;
    for (const seat of this.#confirmed.seats) {
      if (seat.status === 'HELD') held += 1;
      if (seat.status === 'CONFIRMED') confirmed += 1;
    }
    return { held, confirmed, total: this.#confirmed.seats.length };
  }

  /** Takes a command in. Its promise is settled once, whatever happens to the schedule meanwhile. */
  submit(pending: PendingCommand): void {
    if (this.#mode === 'lost') {
      this.#deps.lost(this, [pending]);
      return;
    }
    if (this.#waiting >= MAILBOX_LIMIT || this.#isStalled || this.#isFlushFull) {
      pending.answered = true;
      pending.resolve({
        outcome: 'failed',
        code: this.#isStalled ? 'STORE_UNAVAILABLE' : 'OVERLOADED',
        effect: 'none',
      });
      return;
    }
    this.#waiting += 1;
    this.#admit(pending);
  }

  /** Ends what is due. A schedule that cannot decide now has its timer set again when it goes on. */
  expireDue(cause: EndCause): number {
    if (this.#mode !== 'serving' || this.#isBroken) return 0;
    if (this.#tentative.nextExpiry === null) return 0;
    const ended = this.#tentative.expire(this.#deps.databaseClock.lowerMs(), cause);
    if (ended > 0 || cause === 'timer') this.#armExpiry();
    if (ended > 0) this.#announce();
    return ended;
  }

  takeAppend(batchId: string): AppendBatch | null {
    if (this.#isLatched || this.#mode !== 'serving') return null;
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
    this.#endDoubt();
    this.#confirmed.apply(flush.events, flush.changes);
    this.#confirmed.enterEpoch(outcome.epoch);
    this.#storedExpiry = flush.nextExpiryAt;
    this.#tentative.land();
    for (const cause of ['timer', 'alarm', 'demand'] as const) {
      if (flush.endedBy[cause] > 0) this.#deps.ended(cause, flush.endedBy[cause]);
    }
    for (const step of flush.steps) this.#answer(step.pending, step.answer());
    if (!outcome.isOwner) this.lose();
    else this.#proceed();
  }

  takeSettlements(limit: number, takenUsers: ReadonlySet<string>, batchId: string): SettlementBatch | null {
    if (this.#isLatched || this.#mode !== 'serving') return null;
    this.#lastKind = 'settlement';
    const now = this.#deps.databaseClock.upperMs();
    return this.#desk.take(limit, takenUsers, this.#tentative.gathered, this.#confirmed, batchId, now);
  }

  concludeSettlements(outcome: SettlementOutcome): void {
    if (outcome.type !== 'committed') {
      this.#concludeNothing(outcome);
      return;
    }
    this.#endDoubt();
    const { events, changes, declined, answers } = this.#desk.conclude(outcome.results);
    this.#confirmed.apply(events, changes);
    this.#confirmed.enterEpoch(outcome.epoch);
    // What was declined wrote nothing, so it is answered under the lease like every refusal.
    for (const { pending, reply } of answers) {
      this.#answer(pending, reply.outcome === 'refused' ? this.#underLease(reply) : reply);
    }
    if (this.#mode === 'serving') {
      this.#tentative.settle(events, changes);
      this.#tentative.decline(declined);
      this.#armExpiry();
    }
    if (!outcome.isOwner) this.lose();
    else this.#proceed();
  }

  doubt(): void {
    this.#isInDoubt = true;
    if (this.#mode !== 'serving') return;
    this.#mode = 'frozen';
    this.#tentative.freeze();
  }

  stall(): void {
    this.#isStalled = true;
    const unsent = new Set([...this.#deferred, ...this.#alone, ...this.#behindSettlement]);
    for (const pending of this.#everybody()) {
      const effect = unsent.has(pending) ? 'none' : 'unknown';
      this.#fail(pending, 'STORE_UNAVAILABLE', effect);
    }
  }

  /** Stops deciding; whoever waits is handed to `lost`, those whose batch is with the journal when it came to nothing. */
  lose(): void {
    if (this.#mode !== 'lost') this.#leave([]);
  }

  get #isLatched(): boolean {
    return this.#tentative.inFlight !== null || this.#desk.isBusy;
  }

  get #isFlushFull(): boolean {
    return (this.#tentative.gathered?.events.length ?? 0) >= FLUSH_EVENT_LIMIT;
  }

  #admit(pending: PendingCommand): void {
    if (pending.answered) return;
    if (this.#mode !== 'serving' || this.#trying !== null || this.#alone.length > 0) {
      this.#deferred.push(pending);
      return;
    }
    pending.attempts += 1;
    if (pending.attempts > ATTEMPT_LIMIT) {
      this.#fail(pending, 'OWNER_UNAVAILABLE', 'none');
      return;
    }
    this.#decide(pending);
    if (this.#isBroken) this.#failAsBug(pending);
    else this.#announce();
  }

  #decide(pending: PendingCommand): void {
    const { command } = pending;
    this.expireDue(command.type === 'WakeSchedule' ? command.cause : 'demand');
    switch (command.type) {
      case 'HoldSeats':
        return this.#holdSeats(command, pending);
      case 'ReleaseHold':
        return this.#releaseHold(command, pending);
      case 'CancelHolds':
        return this.#cancelHolds(command, pending);
      case 'PayReservations':
        return this.#payReservations(command, pending);
      case 'RefundPayment':
        return this.#refundPayment(command, pending);
      case 'ReadSeatMap':
        return this.#readSeatMap(command, pending);
      case 'WakeSchedule':
        return this.#wakeSchedule(command, pending);
    }
  }

  readonly #holdSeats: Decide<HoldSeats> = (command, pending) => {
    const { userId, seatNumbers, claim } = command;
    const now = this.#deps.databaseClock.upperMs();
    const lower = this.#deps.databaseClock.lowerMs();
    const isUndecided = this.#tentative.isAnyBeingSettled(
      seatNumbers,
      (seat) =>
        // A refund may free its seat below the number of the change that a refusal waits for.
        seat.live?.userId === userId ||
        seat.status === 'REFUNDING' ||
        (seat.status === 'PAYING' && seat.live.expiresAt <= lower),
    );
    if (isUndecided) {
      this.#behindSettlement.push(pending);
      return;
    }
    const decision = this.#tentative.hold({
      type: 'HOLD',
      userId,
      seatNumbers,
      reservationIds: this.#spareIds(seatNumbers.length, now),
      at: now,
      expiresAt: now + this.#deps.settings.holdTtlMs,
    });
    if (decision.type === 'refused') {
      const { code, seatNumbers: taken } = decision.refusal;
      const members = (change: Change | null) =>
        code === 'SEAT_TAKEN'
          ? {
              seatNumbers: taken,
              epoch: change?.epoch ?? this.#confirmed.epoch,
              seq: change?.seq ?? this.#confirmed.seq,
            }
          : {};
      this.#afterChange(decision.basis, pending, () =>
        this.#underLease({ outcome: 'refused', rejection: { code, members: members(decision.basis) } }),
      );
      return;
    }
    if (decision.isNew) this.#spare = [];
    const status = decision.isNew ? 201 : 200;
    const view = () =>
      decision.standings.map(({ seat, live, change }) => viewReservation(this.#deps.facts, seat, live, 'HELD', change));
    if (decision.isNew) this.#armExpiry();
    if (claim !== null) {
      this.#tentative.gather().keys.push({
        pending,
        userId,
        key: claim.key,
        fingerprint: claim.fingerprint,
        status,
        body: () => {
          const reservations = view();
          return JSON.stringify(command.form === 'one' ? reservations[0] : { reservations });
        },
      });
    }
    const answer = () => granted<HoldSeats>({ status, reservations: view() });
    if (decision.isNew || claim !== null) this.#afterFlush(this.#tentative.gather(), pending, answer);
    else this.#afterChange(this.#tentative.basisOf(seatNumbers), pending, () => this.#underLease(answer()));
  };

  readonly #releaseHold: Decide<ReleaseHold> = (command, pending) => {
    const { userId, reservationId } = command;
    const standing = this.#tentative.find(reservationId);
    if (standing !== null && standing.seat.status === 'PAYING') {
      this.#behindSettlement.push(pending);
      return;
    }
    const released = this.#tentative.release(userId, reservationId, this.#deps.databaseClock.upperMs());
    if (released !== null) {
      const { seat, live, change } = released;
      this.#afterFlush(this.#tentative.gather(), pending, () =>
        granted<ReleaseHold>(viewReservation(this.#deps.facts, seat, live, 'CANCELLED', change)),
      );
      return;
    }
    this.#refuseEnded([reservationId], pending);
  };

  readonly #cancelHolds: Decide<CancelHolds> = (command, pending) => {
    const cancelled = this.#tentative.cancelHolds(command.userId, this.#deps.databaseClock.upperMs());
    const answer = () => granted<CancelHolds>({ cancelled });
    // That there is nothing to cancel may rest on an end that is not durable yet.
    const tail = this.#tentative.gathered ?? this.#tentative.inFlight;
    if (cancelled > 0) this.#afterFlush(this.#tentative.gather(), pending, answer);
    else if (tail !== null) this.#afterFlush(tail, pending, () => this.#underLease(answer()));
    else this.#answer(pending, this.#underLease(answer()));
  };

  readonly #payReservations: Decide<PayReservations> = (command, pending) => {
    const { userId, reservationIds, paymentId } = command;
    const standings = reservationIds.map((id) => this.#tentative.find(id));
    const own = standings.filter((standing) => standing !== null && standing.live.userId === userId);
    if (own.some((standing) => standing?.seat.status === 'PAYING' || standing?.seat.status === 'REFUNDING')) {
      this.#behindSettlement.push(pending);
      return;
    }
    const earlier = this.#paidExactly(own, reservationIds.length);
    if (earlier !== null) {
      this.#answer(pending, this.#underLease(granted<PayReservations>({ alreadyPaid: earlier })));
      return;
    }
    const held = own.filter((standing) => standing !== null && standing.seat.status === 'HELD');
    if (held.length < reservationIds.length) {
      this.#refuseEnded(reservationIds, pending);
      return;
    }
    const notDurable = held.find((standing) => standing?.change.flush != null);
    if (notDurable?.change.flush != null) {
      // The wallet may only pay for what a crash cannot take back: the command is decided again once its hold is durable.
      this.#behindSettlement.push(pending);
      return;
    }
    if (!this.#tentative.takeUpPayment(userId, reservationIds)) {
      this.#refuseEnded(reservationIds, pending);
      return;
    }
    this.#desk.add(
      pending,
      'PAYMENT',
      paymentId,
      userId,
      held.filter((standing) => standing !== null),
      this.#tentative.gathered,
    );
  };

  readonly #refundPayment: Decide<RefundPayment> = (command, pending) => {
    const standings = this.#tentative.findPaid(command.paymentId);
    if (this.#desk.isDeciding(command.paymentId)) {
      this.#behindSettlement.push(pending);
      return;
    }
    if (!this.#tentative.takeUpRefund(command.userId, command.paymentId)) {
      this.#answer(pending, this.#underLease(granted<RefundPayment>({ alreadyRefunded: true })));
      return;
    }
    const { gathered } = this.#tentative;
    this.#desk.add(pending, 'REFUND', command.paymentId, command.userId, standings, gathered);
  };

  readonly #readSeatMap: Decide<ReadSeatMap> = (_command, pending) => {
    this.#afterChange(this.#tentative.pendingExpiry, pending, () =>
      this.#underLease(granted<ReadSeatMap>(this.#confirmed.map())),
    );
  };

  readonly #wakeSchedule: Decide<WakeSchedule> = (command, pending) => {
    const stored = this.#storedExpiry;
    const isStale = stored === undefined || (stored !== null && stored <= this.#deps.databaseClock.lowerMs());
    const flush =
      this.#tentative.gathered ??
      (command.cause === 'alarm' && isStale && !this.#isLatched ? this.#tentative.gather() : null);
    const ended = flush?.events.filter((event) => event.type === 'EXPIRED').length ?? 0;
    const answer = () => granted<WakeSchedule>({ ended });
    if (flush !== null) this.#afterFlush(flush, pending, answer);
    else this.#afterChange(this.#tentative.pendingExpiry, pending, () => this.#underLease(answer()));
  };

  /** The earlier payment that paid for exactly these standings, or null. */
  #paidExactly(own: readonly (Standing | null)[], asked: number): string | null {
    const paymentId = own[0]?.live.paymentId ?? null;
    if (paymentId === null || own.length < asked) return null;
    if (own.some((standing) => standing?.live.paymentId !== paymentId)) return null;
    return this.#tentative.findPaid(paymentId).length === asked ? paymentId : null;
  }

  /** Says why these reservations are not the caller's holds, once that is durable. */
  #refuseEnded(reservationIds: readonly string[], pending: PendingCommand): void {
    const ends = reservationIds.map((id) => this.#tentative.endOf(id));
    const last = this.#tentative.latest(ends.map((end) => end?.change));
    const statuses = new Set(ends.map((end) => end?.status ?? null));
    const [status] = statuses.size === 1 ? statuses : [null];
    const live = reservationIds.length === 1 ? this.#tentative.find(reservationIds[0] ?? '') : null;
    const rejection = explainEnd(pending.command.type === 'PayReservations', status ?? null, live);
    this.#afterChange(last, pending, () => this.#underLease({ outcome: 'refused', rejection }));
  }

  /** Fresh ids; those that a refusal leaves unused serve the next commands, because making one costs as much as refusing. */
  #spareIds(count: number, now: number): readonly string[] {
    if (now - this.#spareSince > SPARE_ID_LIFE_MS) {
      this.#spare = [];
      this.#spareSince = now;
    }
    while (this.#spare.length < count) this.#spare.push(this.#deps.newId());
    return this.#spare;
  }

  #underLease(reply: Reply): Reply {
    return this.#deps.isLeaseValid() ? reply : { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' };
  }

  #afterChange(basis: Change | null, pending: PendingCommand, answer: () => Reply): void {
    if (basis?.flush == null) this.#answer(pending, answer());
    else this.#afterFlush(basis.flush, pending, answer);
  }

  #afterFlush(flush: Flush, pending: PendingCommand, answer: () => Reply): void {
    flush.steps.push({ pending, answer });
  }

  #answer(pending: PendingCommand, reply: Reply): void {
    if (pending.answered) return;
    pending.answered = true;
    this.#waiting -= 1;
    pending.resolve(reply);
  }

  #fail(pending: PendingCommand, code: FaultCode, effect: FaultEffect): void {
    this.#answer(pending, { outcome: 'failed', code, effect });
  }

  #failAsBug(pending: PendingCommand, cause?: unknown): void {
    if (pending.answered) return;
    pending.answered = true;
    this.#waiting -= 1;
    pending.reject(new Error(`schedule ${this.scheduleId} could not decide ${pending.command.type}`, { cause }));
  }

  /** Tells the journal what there is to write; append and settlement take turns where both wait. */
  #announce(): void {
    if (this.#isLatched || this.#mode !== 'serving') return;
    const { gathered } = this.#tentative;
    const hasAppend = gathered !== null;
    const hasSettlement = this.#desk.mayTake(gathered);
    if (hasAppend && (!hasSettlement || this.#lastKind === 'settlement')) this.#deps.journal.requestAppend(this);
    else if (hasSettlement) this.#deps.journal.requestSettlement(this);
  }

  #armExpiry(notBefore = Number.NEGATIVE_INFINITY): void {
    const next = this.#tentative.nextExpiry;
    if (next !== null) this.#deps.expiresAt(this, Math.max(next, notBefore));
  }

  #endDoubt(): void {
    this.#isStalled = false;
    this.#isInDoubt = false;
  }

  /** Goes on after a batch that was committed. */
  #proceed(): void {
    this.#thaw();
    if (this.#trying?.answered === true) this.#trying = null;
    this.#tryNextAlone();
    this.#admitDeferred();
    const waiting = this.#behindSettlement;
    if (waiting.length > 0) {
      this.#behindSettlement = [];
      for (const pending of waiting) {
        pending.attempts -= 1;
        this.#admit(pending);
      }
    }
    this.#announce();
  }

  /** A doubtful batch turned out to be committed: what was decided on top of it is decided again. */
  #thaw(): void {
    if (this.#mode !== 'frozen') return;
    const waiting = this.#collectUndecided();
    this.#restore();
    for (const pending of waiting) this.#admit(pending);
  }

  #concludeNothing(outcome: NothingDone): void {
    const isKnown = outcome.type !== 'unavailable' || !this.#isInDoubt;
    const sent = new Set(this.#sent());
    this.#endDoubt();
    if (!isKnown) for (const pending of sent) this.#fail(pending, 'STORE_UNAVAILABLE', 'unknown');
    if (this.#mode === 'lost' || outcome.type === 'fenced') {
      this.#leave([...sent]);
      return;
    }
    switch (outcome.type) {
      case 'not-committed':
        this.#confirmed.enterEpoch(outcome.epoch);
        this.#decideAgain((pending) => this.#admit(pending));
        return;
      case 'unavailable':
        this.#decideAgain((pending) => this.#fail(pending, 'STORE_UNAVAILABLE', 'none'), EXPIRY_RETRY_PAUSE_MS);
        return;
      case 'refused':
        this.#afterRefusal(outcome);
        return;
    }
  }

  #decideAgain(next: (pending: PendingCommand) => void, expiryPauseMs = 0): void {
    const waiting = this.#collectUndecided();
    this.#trying = null;
    this.#restore(expiryPauseMs);
    for (const pending of waiting) next(pending);
    this.#tryNextAlone();
    this.#admitDeferred();
    this.#announce();
  }

  /** Goes on from what is durable. */
  #restore(expiryPauseMs = 0): void {
    this.#mode = 'serving';
    this.#tentative.restore(this.#confirmed);
    this.#armExpiry(this.#deps.databaseClock.lowerMs() + expiryPauseMs);
  }

  /** Hands on `sent`, and everybody whose command is not with the journal. */
  #leave(sent: readonly PendingCommand[]): void {
    const gathered = this.#tentative.gathered?.steps.map(({ pending }) => pending) ?? [];
    const unsent = [
      ...gathered,
      ...this.#desk.clearOpen(),
      ...this.#behindSettlement,
      ...this.#alone,
      ...this.#deferred,
    ];
    this.#behindSettlement = [];
    this.#alone = [];
    this.#deferred = [];
    if (this.#mode !== 'lost') this.#tentative.lose();
    this.#mode = 'lost';
    const waiting = [...sent, ...unsent].filter((pending) => !pending.answered);
    this.#waiting -= waiting.length;
    this.#deps.lost(this, waiting);
  }

  #afterRefusal({ error, isKeyTaken }: Extract<NothingDone, { type: 'refused' }>): void {
    const tried = this.#trying;
    this.#trying = null;
    const waiting = this.#collectUndecided();
    this.#restore();
    const culprit = tried ?? (waiting.length === 1 ? waiting[0] : undefined);
    this.#alone.unshift(...waiting.filter((pending) => pending !== culprit));
    if (culprit !== undefined) this.#concludeCulprit(culprit, error, isKeyTaken);
    else if (waiting.length === 0) this.#deps.bug(this, error);
    this.#tryNextAlone();
    this.#admitDeferred();
    this.#announce();
  }

  /** A claim that another request recorded meanwhile is the one data error that a caller can cause. */
  #concludeCulprit(pending: PendingCommand, error: Error, isKeyTaken: boolean): void {
    const { command } = pending;
    if (isKeyTaken && 'claim' in command && command.claim !== null) {
      this.#answer(pending, { outcome: 'key-taken' });
      return;
    }
    this.#failAsBug(pending, error);
    this.#deps.bug(this, error);
  }

  #tryNextAlone(): void {
    while (this.#trying === null && this.#mode === 'serving') {
      const pending = this.#alone.shift();
      if (pending === undefined) return;
      if (pending.answered) continue;
      this.#decide(pending);
      if (this.#isBroken) this.#failAsBug(pending);
      else if (!pending.answered && (this.#tentative.gathered !== null || this.#desk.hasOpen)) this.#trying = pending;
    }
  }

  #admitDeferred(): void {
    if (this.#trying !== null || this.#alone.length > 0 || this.#mode !== 'serving' || this.#deferred.length === 0)
      return;
    const waiting = this.#deferred;
    this.#deferred = [];
    for (const pending of waiting) this.#admit(pending);
  }

  /** Commands whose batch is with the journal. */
  #sent(): PendingCommand[] {
    const steps = this.#tentative.inFlight?.steps ?? [];
    return [...steps.map(({ pending }) => pending), ...this.#desk.taken()];
  }

  /** Commands whose decision is dropped with the tentative state, in the order in which they were decided. */
  #collectUndecided(): PendingCommand[] {
    const gathered = this.#tentative.gathered?.steps ?? [];
    const sent = this.#sent();
    this.#desk.clearTaken();
    const waiting = [
      ...sent,
      ...gathered.map(({ pending }) => pending),
      ...this.#desk.clearOpen(),
      ...this.#behindSettlement,
    ];
    this.#behindSettlement = [];
    return waiting.filter((pending) => !pending.answered);
  }

  #everybody(): PendingCommand[] {
    const gathered = this.#tentative.gathered?.steps ?? [];
    return [
      ...this.#sent(),
      ...gathered.map(({ pending }) => pending),
      ...this.#desk.open(),
      ...this.#behindSettlement,
      ...this.#alone,
      ...this.#deferred,
    ];
  }
}

function granted<C extends Command>(value: Grants[C['type']]): Reply<C> {
  return { outcome: 'granted', value };
}

function explainEnd(isPayment: boolean, status: 'EXPIRED' | 'CANCELLED' | null, live: Standing | null): Rejection {
  if (isPayment && status === 'EXPIRED') return { code: 'RESERVATION_EXPIRED', members: {} };
  if (isPayment && status === 'CANCELLED') return { code: 'RESERVATION_CANCELLED', members: {} };
  const known = status ?? (live !== null && live.seat.status === 'CONFIRMED' ? 'CONFIRMED' : null);
  return { code: 'RESERVATION_NOT_HELD', members: known === null ? {} : { status: known } };
}
