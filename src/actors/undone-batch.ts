import { INVALID_VALUE } from '../domain/errors.ts';
import type { CommandLedger } from './command-ledger.ts';
import type { NothingDone, PartRefusal } from './journal-port.ts';
import type { PendingCommand } from './pending-command.ts';

/** Between two attempts to end holds on a database that is away or has no room. */
const EXPIRY_RETRY_PAUSE_MS = 1_000;

export interface UndoneBatchDependencies {
  readonly ledger: CommandLedger;
  /** Drops what is tentative and goes on from what is durable. No hold is ended within `expiryPauseMs`. */
  readonly restore: (expiryPauseMs: number) => void;
  /** The rows of the schedule are not those that its actor believes: it is to be loaded again. */
  readonly bug: (error: Error) => void;
}

/** Outcomes that leave the schedule with its owner. */
type Undone = Extract<NothingDone, { readonly type: 'not-committed' | 'unavailable' | 'refused' }>;

/**
 * The commands of a batch that had no effect: decides again, fails or tries alone. `hasCommands`: the batch was taken for
 * commands, answered meanwhile or not, and not only for holds whose time was over.
 */
export function concludeUndone(deps: UndoneBatchDependencies, outcome: Undone, hasCommands: boolean): void {
  const { ledger, restore } = deps;
  const tried = ledger.trial;
  const undone = ledger.undo();
  switch (outcome.type) {
    case 'not-committed':
      restore(0);
      return;
    case 'unavailable':
      restore(EXPIRY_RETRY_PAUSE_MS);
      for (const pending of undone) ledger.fail(pending, 'STORE_UNAVAILABLE', 'none');
      return;
    case 'refused': {
      const { error, reason } = outcome;
      restore(reason === 'rule' ? EXPIRY_RETRY_PAUSE_MS : 0);
      const culprit = tried ?? (undone.length === 1 ? undone[0] : undefined);
      for (const pending of undone) if (pending !== culprit) ledger.put(pending, 'alone');
      if (culprit !== undefined) answerCulprit(deps, culprit, error, reason);
      // The culprit among commands that were answered meanwhile is not known. A taken key or an invalid value was its own.
      else if (undone.length === 0 && (reason === 'conflict' || (reason !== 'rule' && !hasCommands))) deps.bug(error);
      return;
    }
  }
}

/** Answers the command for which the database refused a batch. */
function answerCulprit(
  { ledger, bug }: UndoneBatchDependencies,
  pending: PendingCommand,
  error: Error,
  reason: PartRefusal,
): void {
  const { command } = pending;
  if (reason === 'key-taken' && 'claim' in command && command.claim !== null) {
    ledger.answer(pending, { outcome: 'key-taken' });
  } else if (reason === 'invalid-value') {
    ledger.answer(pending, { outcome: 'refused', rejection: INVALID_VALUE });
  } else {
    ledger.fail(pending, 'STORE_UNAVAILABLE', 'none');
    if (reason !== 'rule') bug(error);
  }
}
