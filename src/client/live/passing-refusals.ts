import type { FaultCode, RejectionCode } from '../../errors.ts';

/** Refusals of a subscription that are over by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'OVERLOADED',
  'STORE_UNAVAILABLE',
  'OWNER_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
] satisfies (FaultCode | RejectionCode)[]);

/** Refusals that another token may not meet. */
const OF_TOKEN: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'QUEUE_TOKEN_EXPIRED',
  'QUEUE_TOKEN_CANCELLED',
  'QUEUE_TOKEN_COMPLETED',
] satisfies RejectionCode[]);

export function isPassing(code: string): boolean {
  return PASSING.has(code);
}

export function isOfToken(code: string): boolean {
  return OF_TOKEN.has(code);
}
