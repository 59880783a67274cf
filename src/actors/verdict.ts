import type { Rejection } from '../domain/errors.ts';
import type { Command, Grants, Reply } from './command.ts';
import type { Change, Flush } from './flush.ts';
import type { Decided } from './pending-command.ts';

/** The reply may go out once `flush` is durable, and at once if that is null. */
interface Replied extends Decided {
  readonly type: 'reply';
  readonly flush: Flush | null;
}

/** `again`: decide it again after the next batch. `settling`: the wallet decides it. */
export type Verdict = Replied | { readonly type: 'again' | 'settling' };

export const AGAIN: Verdict = { type: 'again' };
export const SETTLING: Verdict = { type: 'settling' };

export function granted<C extends Command>(value: Grants[C['type']]): Reply<C> {
  return { outcome: 'granted', value };
}

export function written(flush: Flush, reply: () => Reply): Verdict {
  return { type: 'reply', flush, reply, isReadOnly: false };
}

export function readOnly(basis: Change | null, reply: () => Reply): Verdict {
  return { type: 'reply', flush: basis?.flush ?? null, reply, isReadOnly: true };
}

export function refuse(rejection: Rejection): Verdict {
  return readOnly(null, () => ({ outcome: 'refused', rejection }));
}
