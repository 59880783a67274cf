import type { FaultCode, FaultEffect } from '../domain/errors.ts';
import type { Reply } from './command.ts';
import { answerPending, type Decided, type PendingCommand, type Stage } from './pending-command.ts';

/*
 * The commands of one schedule that wait for their answers, each in one stage. It decides nothing and knows no batch.
 *
 * LEDGER-1. A command is answered once, and then is in the ledger no longer; or it is released, to be answered elsewhere.
 * LEDGER-2. The ledger is bounded: beyond its limit, commands are rejected, not buffered.
 * LEDGER-3. Commands keep their order of arrival through all stages.
 * LEDGER-4. One command at a time is tried alone.
 */

/** Commands that wait for one schedule. At 2 000 events a flush and a few ms each, more would be late anyway. */
const LEDGER_LIMIT = 4_000;

export class CommandLedger {
  /** In order of arrival. */
  readonly #waiting = new Set<PendingCommand>();
  readonly #counts: Record<Stage, number> = {
    deferred: 0,
    'behind-batch': 0,
    alone: 0,
    gathered: 0,
    'to-settle': 0,
    sent: 0,
  };
  #trial: PendingCommand | null = null;

  get size(): number {
    return this.#waiting.size;
  }

  get hasRoom(): boolean {
    return this.#waiting.size < LEDGER_LIMIT;
  }

  /** The command that is tried alone now. */
  get trial(): PendingCommand | null {
    return this.#trial;
  }

  /** Whether a command is tried alone, or is about to be. */
  get isTrying(): boolean {
    return this.#trial !== null || this.#counts.alone > 0;
  }

  /** Takes the command in, or moves it to another stage; one that was answered stays out. */
  put(pending: PendingCommand, stage: Stage, decided: Decided | null = null): void {
    if (pending.answered) return;
    if (pending.stage === null) this.#waiting.add(pending);
    else this.#counts[pending.stage] -= 1;
    this.#counts[stage] += 1;
    pending.stage = stage;
    pending.decided = decided;
  }

  /** The commands in these stages. */
  in(...stages: readonly Stage[]): PendingCommand[] {
    const found: PendingCommand[] = [];
    if (stages.every((stage) => this.#counts[stage] === 0)) return found;
    for (const pending of this.#waiting) {
      if (pending.stage !== null && stages.includes(pending.stage)) found.push(pending);
    }
    return found;
  }

  /** The batch of these commands is with the journal; how many there are. */
  send(gathered: readonly PendingCommand[]): number {
    for (const pending of gathered) this.put(pending, 'sent', pending.decided);
    return gathered.length;
  }

  /** Has all commands that were decided, or were to be decided again, decided from the beginning. Returns them. */
  undo(): readonly PendingCommand[] {
    const undone = this.in('behind-batch', 'gathered', 'to-settle', 'sent');
    for (const pending of undone) this.put(pending, 'deferred');
    this.#trial = null;
    return undone;
  }

  beginTrial(pending: PendingCommand): void {
    this.#trial = pending;
  }

  /** The batch of a trial was committed. A command that has no answer yet is tried on. */
  passTrial(): void {
    if (this.#trial?.answered === true) this.#trial = null;
  }

  /** Answers it, unless that was done already. */
  answer(pending: PendingCommand, reply: Reply): void {
    this.#remove(pending);
    answerPending(pending, reply);
  }

  fail(pending: PendingCommand, code: FaultCode, effect: FaultEffect): void {
    this.answer(pending, { outcome: 'failed', code, effect });
  }

  /** Answers it with a bug, unless it was answered already. */
  reject(pending: PendingCommand, error: Error): void {
    if (pending.answered) return;
    this.#remove(pending);
    pending.answered = true;
    pending.reject(error);
  }

  /** Lets go of the commands, to be answered elsewhere. */
  release(commands: readonly PendingCommand[]): void {
    for (const pending of commands) this.#remove(pending);
  }

  #remove(pending: PendingCommand): void {
    if (pending.stage === null) return;
    this.#counts[pending.stage] -= 1;
    pending.stage = null;
    pending.decided = null;
    this.#waiting.delete(pending);
  }
}
