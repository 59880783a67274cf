import type { Command, Grants, Reply } from '../actors/command.ts';
import type { FaultCode, FaultEffect, Rejection, RejectionCode, RejectionMembers } from '../domain/errors.ts';

export interface Done<T> {
  readonly kind: 'done';
  readonly status: 200 | 201;
  readonly body: T;
}

export interface Refused {
  readonly kind: 'refused';
  readonly rejection: Rejection;
}

/** Infrastructure failed; a value and not a throw, because an overloaded owner says so thousands of times a second. */
export interface Failed {
  readonly kind: 'failed';
  readonly code: FaultCode;
  readonly effect: FaultEffect;
}

/** What a use case came to. */
export type Outcome<T> = Done<T> | Refused | Failed;

/** The idempotency key was recorded by another request meanwhile; the record has the answer. */
export const KEY_TAKEN = { kind: 'key-taken' } as const;
export type KeyTaken = typeof KEY_TAKEN;

/** An answer from an idempotency record, or from the request that was first with the key. */
export interface Replayed {
  readonly kind: 'replayed';
  readonly status: number;
  readonly body: unknown;
}

export function done<T>(status: 200 | 201, body: T): Done<T> {
  return { kind: 'done', status, body };
}

export function refused(code: RejectionCode, members: RejectionMembers = {}): Refused {
  return { kind: 'refused', rejection: { code, members } };
}

/** An owner's reply as an outcome, what it granted put into words by `toOutcome`. */
export function outcomeOf<C extends Command, T>(
  reply: Reply<C>,
  toOutcome: (value: Grants[C['type']]) => Outcome<T>,
): Outcome<T> | KeyTaken {
  switch (reply.outcome) {
    case 'granted':
      return toOutcome(reply.value);
    case 'refused':
      return { kind: 'refused', rejection: reply.rejection };
    case 'failed':
      return { kind: 'failed', code: reply.code, effect: reply.effect };
    case 'key-taken':
      return KEY_TAKEN;
  }
}

/** The same for commands that carry no key. */
export function unkeyedOutcomeOf<C extends Command, T>(
  reply: Reply<C>,
  toOutcome: (value: Grants[C['type']]) => Outcome<T>,
): Outcome<T> {
  const outcome = outcomeOf(reply, toOutcome);
  if (outcome.kind === 'key-taken') throw new Error('a command without a key met a taken key');
  return outcome;
}
