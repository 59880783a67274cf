import type { FaultCode, FaultEffect } from '../domain/errors.ts';
import type { Reply } from './command.ts';
import { answerPending, type PendingCommand } from './pending-command.ts';

/*
 * The commands of one schedule that wait: all of them for their answer, some of them still for being decided.
 *
 * It decides nothing and knows no flush. A command that was decided stands in its flush or with the settlement desk, and is
 * here only counted.
 *
 * MAILBOX-1. Every command that it took in is answered exactly once, or released to be answered elsewhere.
 * MAILBOX-2. It is bounded: past its limit, commands are refused, not buffered.
 * MAILBOX-3. A command that is still to be decided waits in one place only, and each place keeps the order in which it came there.
 * MAILBOX-4. While commands are tried alone, nobody else has a turn, and there is one trial at a time.
 */

/** Commands that one schedule keeps waiting. At 2 000 events a flush and a few ms each, more would be late anyway. */
const MAILBOX_LIMIT = 4_000;

export class Mailbox {
  #waiting = 0;
  /** Commands on seats whose settlement is being decided. */
  #behindSettlement: PendingCommand[] = [];
  /** Commands that arrived while nothing may be decided. */
  #deferred: PendingCommand[] = [];
  /** After a refused batch its commands are tried one flush at a time, so that one bad row stops nobody else. */
  #alone: PendingCommand[] = [];
  #trying: PendingCommand | null = null;

  /** Commands that wait for their answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a command is tried alone, or is about to be. */
  get isTrying(): boolean {
    return this.#trying !== null || this.#alone.length > 0;
  }

  /** Takes in one more command that is to be answered from here; false where there is no room for it. */
  takeIn(): boolean {
    if (this.#waiting >= MAILBOX_LIMIT) return false;
    this.#waiting += 1;
    return true;
  }

  /** Answers it, unless that was done already. */
  answer(pending: PendingCommand, reply: Reply): void {
    if (pending.answered) return;
    this.#waiting -= 1;
    answerPending(pending, reply);
  }

  fail(pending: PendingCommand, code: FaultCode, effect: FaultEffect): void {
    this.answer(pending, { outcome: 'failed', code, effect });
  }

  /** Answers it with a bug, unless it was answered already. */
  reject(pending: PendingCommand, error: Error): void {
    if (pending.answered) return;
    this.#waiting -= 1;
    pending.answered = true;
    pending.reject(error);
  }

  /** Lets go of those that have no answer yet, and returns them. */
  release(commands: readonly PendingCommand[]): readonly PendingCommand[] {
    const unanswered = commands.filter((pending) => !pending.answered);
    this.#waiting -= unanswered.length;
    return unanswered;
  }

  defer(pending: PendingCommand): void {
    this.#deferred.push(pending);
  }

  takeDeferred(): readonly PendingCommand[] {
    const waiting = this.#deferred;
    this.#deferred = [];
    return waiting;
  }

  putBehindSettlement(pending: PendingCommand): void {
    this.#behindSettlement.push(pending);
  }

  takeBehindSettlement(): readonly PendingCommand[] {
    const waiting = this.#behindSettlement;
    this.#behindSettlement = [];
    return waiting;
  }

  /** Has them tried alone, before those who wait for that already. */
  putAlone(commands: readonly PendingCommand[]): void {
    this.#alone.unshift(...commands);
  }

  /** Takes out the next command that is to be decided alone; null while one is tried, and when there is none. */
  takeAlone(): PendingCommand | null {
    if (this.#trying !== null) return null;
    let pending = this.#alone.shift();
    while (pending?.answered === true) pending = this.#alone.shift();
    return pending ?? null;
  }

  /** The command was decided alone, and what it came to is to be made durable. */
  beginTrial(pending: PendingCommand): void {
    this.#trying = pending;
  }

  /** The batch of a trial was committed; a command that is still to be answered is tried on. */
  passTrial(): void {
    if (this.#trying?.answered === true) this.#trying = null;
  }

  /** Ends the trial, if there is one, and says whose it was. */
  endTrial(): PendingCommand | null {
    const tried = this.#trying;
    this.#trying = null;
    return tried;
  }

  /** The commands that are still to be decided. */
  undecided(): readonly PendingCommand[] {
    return [...this.#behindSettlement, ...this.#alone, ...this.#deferred];
  }

  /** Takes out whoever is still to be decided. */
  takeUndecided(): readonly PendingCommand[] {
    const waiting = this.undecided();
    this.#behindSettlement = [];
    this.#alone = [];
    this.#deferred = [];
    return waiting;
  }
}
