import { INVALID_VALUE } from '../domain/errors.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Command } from './command.ts';
import type { CommandGate } from './command-gate.ts';
import type { BatchLatch } from './batch-latch.ts';
import type { CommandLedger } from './command-ledger.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { NothingDone, PartRefusal } from './journal-port.ts';
import type { PendingCommand } from './pending-command.ts';
import type { SettlementDesk } from './settlement-desk.ts';
import type { TentativeSeats } from './tentative-seats.ts';

/** Between two attempts to end holds on a database that is away or has no room. */
const EXPIRY_RETRY_PAUSE_MS = 1_000;

export interface BatchOutcomesDependencies {
  readonly confirmed: ConfirmedSeats;
  readonly tentative: TentativeSeats;
  readonly desk: SettlementDesk;
  readonly ledger: CommandLedger;
  readonly gate: CommandGate;
  readonly latch: BatchLatch;
  /** Sets the timer for the next end of a hold, no hold being ended within `pauseMs`. */
  readonly armExpiry: (pauseMs: number) => void;
  /** The schedule is this actor's no longer; the commands are still to be answered. */
  readonly lost: (waiting: readonly PendingCommand[]) => void;
  /** The rows of the schedule are not those that its actor believes: it is to be loaded again. */
  readonly bug: (error: Error) => void;
}

/** How a schedule goes on after each outcome of a batch, and how it ends. */
export class BatchOutcomes {
  readonly #deps: BatchOutcomesDependencies;
  /** Resolved once nothing is under way any more; null while no one waits for that. */
  #drained: PromiseWithResolvers<void> | null = null;

  constructor(deps: BatchOutcomesDependencies) {
    this.#deps = deps;
  }

  /** Goes on after a batch that was committed. */
  proceed(isOwner: boolean): void {
    const { tentative, ledger } = this.#deps;
    const { state } = tentative;
    if (state === 'lost' || !isOwner) {
      this.leave();
      return;
    }
    if (state === 'doubtful' || state === 'stalled') {
      ledger.undo();
      this.#restore(0);
    } else {
      ledger.passTrial();
      for (const pending of ledger.in('behind-batch')) {
        // Waiting for a batch is no failed attempt.
        pending.attempts -= 1;
        ledger.put(pending, 'deferred');
      }
    }
    this.#goOn();
  }

  /** Goes on after a batch of which nothing was done, or whose outcome will never be known. */
  concludeNothing(outcome: NothingDone): void {
    const { confirmed, tentative, ledger } = this.#deps;
    if (outcome.type === 'unavailable' && outcome.effect === 'unknown') this.failSent();
    if (tentative.state === 'lost' || outcome.type === 'fenced') {
      this.leave(ledger.in('sent'));
      return;
    }
    const tried = ledger.trial;
    const undone = ledger.undo();
    switch (outcome.type) {
      case 'not-committed':
        confirmed.enterEpoch(outcome.epoch);
        this.#restore(0);
        break;
      case 'unavailable':
        this.#restore(EXPIRY_RETRY_PAUSE_MS);
        for (const pending of undone) ledger.fail(pending, 'STORE_UNAVAILABLE', 'none');
        break;
      case 'refused':
        this.#restore(outcome.reason === 'rule' ? EXPIRY_RETRY_PAUSE_MS : 0);
        this.#tryAlone(undone, tried, outcome);
        break;
    }
    this.#goOn();
  }

  /** Answers the command for which the database refused a batch. Where that is not known, each command is tried alone. */
  #tryAlone(
    undone: readonly PendingCommand[],
    tried: PendingCommand | null,
    { error, reason }: Extract<NothingDone, { readonly type: 'refused' }>,
  ): void {
    const { ledger, latch, bug } = this.#deps;
    const culprit = tried ?? (undone.length === 1 ? undone[0] : undefined);
    for (const pending of undone) if (pending !== culprit) ledger.put(pending, 'alone');
    if (culprit !== undefined) this.#answerCulprit(culprit, error, reason);
    // A batch of commands that were all answered meanwhile: a taken key or an invalid value was the command's own. Ends of holds
    // alone have neither, so there the rows contradict the owner.
    else if (undone.length === 0 && (reason === 'conflict' || (reason !== 'rule' && !latch.hasCommands))) bug(error);
  }

  #answerCulprit(pending: PendingCommand, error: Error, reason: PartRefusal): void {
    const { ledger, bug } = this.#deps;
    const { command } = pending;
    if (reason === 'key-taken' && claimOf(command) !== null) {
      ledger.answer(pending, { outcome: 'key-taken' });
    } else if (reason === 'invalid-value') {
      ledger.answer(pending, { outcome: 'refused', rejection: INVALID_VALUE });
    } else {
      ledger.fail(pending, 'STORE_UNAVAILABLE', 'none');
      if (reason !== 'rule') bug(error);
    }
  }

  /** Rejects the commands of a batch whose outcome is not known. Those that wrote nothing had no effect. */
  failSent(): void {
    const { ledger } = this.#deps;
    for (const pending of ledger.in('sent')) {
      ledger.fail(pending, 'STORE_UNAVAILABLE', pending.decided?.isReadOnly === true ? 'none' : 'unknown');
    }
  }

  /** Gives up the schedule with all commands that are not with the journal, and `sent`. */
  leave(sent: readonly PendingCommand[] = []): void {
    const { tentative, desk, ledger, lost } = this.#deps;
    const waiting = [...sent, ...ledger.in('deferred', 'behind-batch', 'alone', 'gathered', 'to-settle')];
    ledger.release(waiting);
    desk.clearOpen();
    tentative.lose();
    lost(waiting);
    this.#noteDrained();
  }

  /** Resolves once nothing is under way in a sealed schedule, or the schedule is lost. */
  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers<void>();
    this.#noteDrained();
    return this.#drained.promise;
  }

  #goOn(): void {
    this.#deps.gate.resume();
    this.#deps.latch.announce();
    this.#noteDrained();
  }

  /** Drops what is tentative and goes on from what is durable. */
  #restore(expiryPauseMs: number): void {
    const { confirmed, tentative, desk, armExpiry } = this.#deps;
    desk.clear();
    tentative.restore(confirmed);
    armExpiry(expiryPauseMs);
  }

  /** A sealed schedule has drained after its last batch; one in doubt is not sealed again before the outcome. */
  #noteDrained(): void {
    if (this.#drained === null) return;
    const { tentative, desk, latch } = this.#deps;
    const isQuiet = tentative.state === 'sealed' && !latch.isClosed && tentative.gathered === null && !desk.hasOpen;
    if (isQuiet || tentative.state === 'lost') this.#drained.resolve();
  }
}

/** The idempotency key under which the command records its answer, or null. */
function claimOf(command: Command): IdempotencyClaim | null {
  if ('act' in command && command.act !== null) return command.act.claim;
  return 'claim' in command ? command.claim : null;
}
