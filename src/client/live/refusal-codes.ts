import type { FaultCode, RejectionCode } from '../../domain/errors.ts';

/** Something that the service depends on is unavailable. */
const FAULTS: ReadonlySet<string> = new Set([
  'OVERLOADED',
  'STORE_UNAVAILABLE',
  'OWNER_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
] satisfies FaultCode[]);

/** Refusals that another token may avoid. */
const OF_TOKEN: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'QUEUE_TOKEN_EXPIRED',
  'QUEUE_TOKEN_CANCELLED',
  'QUEUE_TOKEN_COMPLETED',
] satisfies RejectionCode[]);

const LIMITED = 'RATE_LIMITED' satisfies RejectionCode;

export function isFault(code: string): boolean {
  return FAULTS.has(code);
}

/** Whether a later retry may succeed. */
export function isPassing(code: string): boolean {
  return isFault(code) || code === LIMITED;
}

export function isOfToken(code: string): boolean {
  return OF_TOKEN.has(code);
}
