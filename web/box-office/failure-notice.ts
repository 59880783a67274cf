import { ApiProblem, NetworkFailure } from '../../src/client/failures.ts';
import type { Notice } from '../state/notice.ts';

/** The notice for a failed request. A bug of the page is rethrown, so that it shows in the console. */
export function noticeOf(error: unknown): Notice {
  if (error instanceof ApiProblem) {
    const { code, detail, members } = error;
    return { kind: 'problem', code, detail, members };
  }
  if (error instanceof NetworkFailure) return { kind: 'unreachable' };
  throw error;
}

/** Whether a retry may soon succeed: requests that repeat by themselves need not show such a failure. */
export function isPassing(error: unknown): boolean {
  const isBusy = error instanceof ApiProblem && (error.status >= 500 || error.status === 429);
  return isBusy || error instanceof NetworkFailure;
}

/** Whether the request may have taken effect although it failed. */
export function isUndecided(error: unknown): boolean {
  return (error instanceof ApiProblem || error instanceof NetworkFailure) && error.outcome === 'unknown';
}

/** Whether the service rejected the request with one of these codes. */
export function isProblem(error: unknown, ...codes: readonly string[]): error is ApiProblem {
  return error instanceof ApiProblem && codes.includes(error.code);
}
