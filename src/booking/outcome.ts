import type { Reply } from '../actors/command.ts';
import type { RejectionCode, RejectionMembers } from '../domain/errors.ts';
import type { Grant } from '../domain/grant.ts';

export interface Granted<G = Grant> {
  readonly outcome: 'granted';
  readonly value: G;
}

export type Refused = Extract<Reply, { readonly outcome: 'refused' }>;

/** Infrastructure failed. It is a value and not a throw, because an overloaded owner says so thousands of times a second. */
export type Failed = Extract<Reply, { readonly outcome: 'failed' }>;

/** Another request recorded the idempotency key meanwhile; the record has the answer. */
export type KeyTaken = Extract<Reply, { readonly outcome: 'key-taken' }>;

/** The outcome of a use case; an owner's reply is one where it has no other grant. */
export type Outcome<G = Grant> = Granted<G> | Refused | Failed | KeyTaken;

/** A grant from the record of the request's key, or from the request that was first with the key. */
export interface Replayed<G = Grant> {
  readonly outcome: 'replayed';
  readonly value: G;
}

export const KEY_TAKEN: KeyTaken = { outcome: 'key-taken' };

export function granted(value: Grant): Granted {
  return { outcome: 'granted', value };
}

export function refused(code: RejectionCode, members: RejectionMembers = {}): Refused {
  return { outcome: 'refused', rejection: { code, members } };
}
