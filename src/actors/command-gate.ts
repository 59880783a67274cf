import type { CommandDecisions } from './command-decisions.ts';
import type { CommandLedger } from './command-ledger.ts';
import type { Reply } from './command.ts';
import type { EndCause } from './flush.ts';
import type { Decided, PendingCommand } from './pending-command.ts';
import type { SettlementDesk } from './settlement-desk.ts';
import type { TentativeSeats } from './tentative-seats.ts';

/** How often a command is decided before its schedule counts as unreachable. */
const ATTEMPT_LIMIT = 5;

export interface CommandGateDependencies {
  readonly scheduleId: number;
  readonly ledger: CommandLedger;
  readonly tentative: TentativeSeats;
  readonly desk: SettlementDesk;
  readonly decisions: CommandDecisions;
  readonly isLeaseValid: () => boolean;
  readonly expireDue: (cause: EndCause) => void;
  /** The command may have made a hold that ends before all others. */
  readonly onWritten: () => void;
  /** There may be something to write. */
  readonly onDecided: () => void;
}

/** Decides the commands of one schedule, and keeps each reply back until nothing that it depends on is tentative. */
export class CommandGate {
  readonly #deps: CommandGateDependencies;

  constructor(deps: CommandGateDependencies) {
    this.#deps = deps;
  }

  /** Decides a command, or defers it while the schedule does not serve or another command is tried alone. */
  admit(pending: PendingCommand): void {
    const { ledger, tentative, onDecided } = this.#deps;
    if (tentative.state !== 'serving' || ledger.isTrying) {
      ledger.put(pending, 'deferred');
      return;
    }
    pending.attempts += 1;
    if (pending.attempts > ATTEMPT_LIMIT) {
      ledger.fail(pending, 'OWNER_UNAVAILABLE', 'none');
      return;
    }
    this.#decide(pending);
    onDecided();
  }

  /** Goes on after a batch: with the next command that is to be tried alone, or else with all that were deferred. */
  resume(): void {
    const { ledger, tentative, desk } = this.#deps;
    for (const pending of ledger.in('alone')) {
      if (ledger.trial !== null || tentative.state !== 'serving') return;
      this.#decide(pending);
      const isToBeWritten = tentative.gathered !== null || desk.hasOpen;
      if (isToBeWritten && (pending.stage === 'gathered' || pending.stage === 'to-settle')) ledger.beginTrial(pending);
    }
    if (tentative.state !== 'serving' || ledger.isTrying) return;
    for (const pending of ledger.in('deferred')) if (pending.stage === 'deferred') this.admit(pending);
  }

  /** What writes nothing depends on the lease, because the fence does not protect it. */
  underLease(reply: Reply): Reply {
    return this.#deps.isLeaseValid() ? reply : { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' };
  }

  replyOf({ reply, isReadOnly }: Decided): Reply {
    return isReadOnly ? this.underLease(reply()) : reply();
  }

  #decide(pending: PendingCommand): void {
    const { scheduleId, ledger, tentative, decisions, expireDue, onWritten } = this.#deps;
    const { command } = pending;
    expireDue(command.type === 'WakeSchedule' ? command.cause : 'demand');
    const verdict = decisions.decide(pending);
    // After a throw the machine's answers are no decisions.
    if (tentative.state === 'broken') {
      ledger.reject(pending, new Error(`schedule ${scheduleId} could not decide ${command.type}`));
      return;
    }
    switch (verdict.type) {
      case 'again':
        ledger.put(pending, 'behind-batch');
        return;
      case 'settling':
        ledger.put(pending, 'to-settle');
        return;
      case 'reply': {
        const { flush, isReadOnly } = verdict;
        if (flush === null) ledger.answer(pending, this.replyOf(verdict));
        else ledger.put(pending, flush === tentative.inFlight ? 'sent' : 'gathered', verdict);
        if (!isReadOnly) onWritten();
        return;
      }
    }
  }
}
