import type { Grant } from '../../domain/grant.ts';

/*
 * Rows that a version before migration 0008 recorded: an answer, as status and body, in place of a grant. They are valid for 24 h;
 * after that this file and the column `status` can go.
 */

/** The columns that hold what was granted. `type` is null in an old row; `status` is null in every other. */
export interface KeptGrant {
  readonly type: Grant['type'] | null;
  readonly status: number | null;
  readonly body: unknown;
  /** Of a settlement: the number of its first change. */
  readonly first_seq: number | null;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The grant that an old answer was the answer to. The same answer follows from it, to the byte. */
export function readOldAnswer({
  status,
  body,
  first_seq: firstSeq,
}: KeptGrant): Pick<Grant, 'type'> & { value: unknown } {
  const members = isObject(body) ? body : {};
  const isNew = status === 201;
  if ('entryId' in members) return { type: 'BalanceCharged', value: body };
  if ('amount' in members) {
    const ownType = isNew ? 'PaymentCompleted' : 'PaymentRefunded';
    return { type: firstSeq === null ? 'PaymentFound' : ownType, value: body };
  }
  return { type: isNew ? 'SeatsHeld' : 'SeatsAlreadyHeld', value: members['reservations'] ?? [body] };
}
