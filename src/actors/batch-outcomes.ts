import type { CommandGate } from './command-gate.ts';
import type { BatchLatch } from './batch-latch.ts';
import type { CommandLedger } from './command-ledger.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { NothingDone } from './journal-port.ts';
import type { PendingCommand } from './pending-command.ts';
import type { SettlementDesk } from './settlement-desk.ts';
import type { TentativeSeats } from './tentative-seats.ts';
import { concludeUndone } from './undone-batch.ts';

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
    const { confirmed, tentative, ledger, latch, bug } = this.#deps;
    if (outcome.type === 'unavailable' && outcome.effect === 'unknown') this.failSent();
    if (tentative.state === 'lost' || outcome.type === 'fenced') {
      this.leave(ledger.in('sent'));
      return;
    }
    if (outcome.type === 'not-committed') confirmed.enterEpoch(outcome.epoch);
    const restore = (pauseMs: number): void => this.#restore(pauseMs);
    concludeUndone({ ledger, restore, bug }, outcome, latch.hasCommands);
    this.#goOn();
  }

  /** Rejects the commands of a batch whose outcome is not known. Those that wrote nothing had no effect. */
  failSent(): void {
    const { ledger } = this.#deps;
    for (const pending of ledger.in('sent')) {
      ledger.fail(pending, 'STORE_UNAVAILABLE', pending.decided?.isReadOnly === true ? 'none' : 'unknown');
    }
  }

  /** Hands on all commands that are not with the journal, and `sent`. */
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
