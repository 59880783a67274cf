import type { Command, Elsewhere, Reply } from './command.ts';

/** A command in a schedule's mailbox, from its arrival to its answer. */
export interface PendingCommand {
  readonly command: Command;
  readonly resolve: (reply: Reply | Elsewhere) => void;
  /** For bugs only. */
  readonly reject: (error: Error) => void;
  /** Takes the command, undone and unanswered, to the owner elsewhere; null: it is not known who that is. */
  readonly handOn: (pending: PendingCommand, owner: string | null) => void;
  answered: boolean;
  /** How often it was decided; bounds what a schedule that keeps moving can cost. */
  attempts: number;
}

/** Answers it, unless that was done already. */
export function answerPending(pending: PendingCommand, reply: Reply): void {
  if (pending.answered) return;
  pending.answered = true;
  pending.resolve(reply);
}
