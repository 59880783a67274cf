import { FAULT_CODES, REJECTION_CODES } from '../../domain/errors.ts';
import type { PeerAnswer } from './peer-port.ts';

const rejectionCodes: ReadonlySet<unknown> = new Set(REJECTION_CODES);
const faultCodes: ReadonlySet<unknown> = new Set(FAULT_CODES);

/** What an answer may have, whatever its outcome. */
interface Envelope {
  readonly outcome?: unknown;
  readonly value?: unknown;
  readonly rejection?: unknown;
  readonly code?: unknown;
  readonly effect?: unknown;
  readonly owner?: unknown;
}

/**
 * Whether a peer's value is an answer: its outcome and what belongs to that. A grant is accepted as the owner sends
 * it, because the owner runs the same version.
 */
export function isAnswer(value: unknown): value is PeerAnswer {
  if (!isObject(value)) return false;
  const answer: Envelope = value;
  switch (answer.outcome) {
    case 'granted':
      return isObject(answer.value);
    case 'refused':
      return isRejection(answer.rejection);
    case 'failed':
      return faultCodes.has(answer.code) && (answer.effect === 'none' || answer.effect === 'unknown');
    case 'key-taken':
      return true;
    case 'elsewhere':
      return answer.owner === null || typeof answer.owner === 'string';
    default:
      return false;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRejection(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { code, members }: { readonly code?: unknown; readonly members?: unknown } = value;
  return rejectionCodes.has(code) && isObject(members);
}
