import type { Command, Elsewhere, Reply } from './command.ts';

/** Where a command of a schedule's ledger waits. */
export type Stage =
  /** To be decided once the schedule serves and no command is tried alone. */
  | 'deferred'
  /** To be decided again after a batch: what it depends on is not durable yet. */
  | 'behind-batch'
  /** To be tried in a batch of its own: the database refused one that it was in. */
  | 'alone'
  /** Decided. Its reply waits for the flush that gathers. */
  | 'gathered'
  /** Taken up. Its settlement waits for the wallet. */
  | 'to-settle'
  /** Its batch is with the journal. */
  | 'sent';

/** A decision whose reply may go out once its batch is durable. */
export interface Decided {
  readonly reply: () => Reply;
  /** It wrote nothing, so its reply goes out under the read lease only. */
  readonly isReadOnly: boolean;
}

/** A command from its arrival to its answer. */
export interface PendingCommand {
  readonly command: Command;
  readonly resolve: (reply: Reply | Elsewhere) => void;
  /** For bugs only. */
  readonly reject: (error: Error) => void;
  /** Forwards the command, undone and unanswered, to the owner elsewhere; null: it is not known which node that is. */
  readonly handOn: (pending: PendingCommand, owner: string | null) => void;
  answered: boolean;
  /** How often it was decided; bounds what a schedule that keeps moving can cost. */
  attempts: number;
  /** Kept by the ledger of its schedule; null outside of one. */
  stage: Stage | null;
  decided: Decided | null;
}

export function createPendingCommand(
  request: Pick<PendingCommand, 'command' | 'resolve' | 'reject' | 'handOn'>,
): PendingCommand {
  const { command, resolve, reject, handOn } = request;
  return { command, resolve, reject, handOn, answered: false, attempts: 0, stage: null, decided: null };
}

/** Answers it, unless that was done already. */
export function answerPending(pending: PendingCommand, reply: Reply): void {
  if (pending.answered) return;
  pending.answered = true;
  pending.resolve(reply);
}
