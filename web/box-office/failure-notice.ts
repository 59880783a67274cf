import { ApiProblem, NetworkFailure } from '../../src/client/failures.ts';
import type { Notice } from '../state/notice.ts';

/** What a failed request is to the fan. A bug of the page's own is thrown on, to be seen in the console. */
export function noticeOf(error: unknown): Notice {
  if (error instanceof ApiProblem) {
    const { code, detail, members } = error;
    return { kind: 'problem', code, detail, members };
  }
  if (error instanceof NetworkFailure) return { kind: 'unreachable' };
  throw error;
}

/** Whether it is not there now and may be in a moment: what asks again by itself need not tell the fan. */
export function isPassing(error: unknown): boolean {
  const isBusy = error instanceof ApiProblem && (error.status >= 500 || error.status === 429);
  return isBusy || error instanceof NetworkFailure;
}

/** Whether what was asked for may have been done all the same. */
export function isUndecided(error: unknown): boolean {
  return (error instanceof ApiProblem || error instanceof NetworkFailure) && error.outcome === 'unknown';
}

/** Whether the service refused with one of these codes. */
export function isProblem(error: unknown, ...codes: readonly string[]): error is ApiProblem {
  return error instanceof ApiProblem && codes.includes(error.code);
}
