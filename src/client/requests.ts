/**
 * Sends requests, and repeats them where that is safe.
 *
 * Every attempt of a call carries the same idempotency key, so the effect happens once although an answer may be lost. A
 * request that takes no key and is not idempotent is repeated only after the service said that it had no effect.
 */
import { ApiProblem, NetworkFailure, type ProblemAnswer, readProblem } from './failures.ts';
import { type ClientClock, type FetchPort, pause } from './platform.ts';
import type { ServerTime } from './server-time.ts';

/** The limits of a call. */
export interface RequestLimits {
  /** The service answers within ten seconds; an attempt without an answer by then has failed. */
  readonly answerMs: number;
  /** From the call to the end of its last attempt, unless the call says otherwise. */
  readonly deadlineMs: number;
  /** The first wait is at most this long; each further one at most twice the one before. */
  readonly firstRetryMs: number;
  /** A restart ends within seconds: no wait is longer unless the service asks for it. */
  readonly longestRetryMs: number;
}

export const DEFAULT_LIMITS: RequestLimits = {
  answerMs: 10_000,
  deadlineMs: 30_000,
  firstRetryMs: 250,
  longestRetryMs: 3_000,
};

/** Options of a single call. */
export interface Call {
  /** Aborts the call, which rejects with the signal's reason. A request that was sent may still take effect. */
  readonly signal?: AbortSignal;
  /** How long to retry, in milliseconds. */
  readonly deadlineMs?: number;
  /** Replaces a new key, for calls that take one: resumes a call whose outcome stayed unknown. */
  readonly idempotencyKey?: string;
}

export interface ApiRequest {
  /** The called method, for observers. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** The path below `/api/v1`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
  /** CSV in place of a JSON body. */
  readonly table?: string;
  /** Sent as `If-Match`. */
  readonly version?: number;
  /** `keyed`: carries an idempotency key. `idempotent`: repeating it changes nothing. `once`: neither. */
  readonly effect: 'keyed' | 'idempotent' | 'once';
  /** The answer is the same for all callers, and has an entity tag. */
  readonly isShared?: boolean;
}

export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** An attempt that has ended, for statistics. */
export interface Attempt {
  readonly operation: string;
  /** From 1. */
  readonly attempt: number;
  readonly durationMs: number;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** The problem's code; null for 2xx, and without an answer. */
  readonly code: string | null;
  /** The error in place of an answer. */
  readonly error: unknown;
  /** Null after the last attempt. */
  readonly retryInMs: number | null;
}

export interface Requests {
  /**
   * Returns the 2xx answer. Rejects with an ApiProblem when the service rejects the request or is still unavailable at the
   * deadline; with a NetworkFailure when no answer comes; with the signal's reason when that aborts.
   */
  ask<T>(request: ApiRequest, call?: Call): Promise<ApiAnswer<T>>;
}

export interface RequestSettings {
  readonly baseUrl: string;
  readonly fetch: FetchPort;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly newKey: () => string;
  readonly language: (() => 'ko' | 'en') | undefined;
  readonly limits: RequestLimits;
  readonly serverTime: ServerTime;
  readonly onAttempt: ((attempt: Attempt) => void) | undefined;
}

type Outcome =
  | { readonly type: 'answer'; readonly status: number; readonly body: unknown; readonly tookMs: number | undefined }
  | { readonly type: 'problem'; readonly answer: ProblemAnswer; readonly tookMs: number | undefined }
  | { readonly type: 'silence'; readonly error: unknown };

/** The attempt got no answer in time. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export function createRequests(settings: RequestSettings): Requests {
  const { baseUrl, fetch, clock, random, newKey, language, limits, serverTime, onAttempt } = settings;

  async function attempt(request: ApiRequest, key: string | null, call: Call, withinMs: number): Promise<Outcome> {
    const controller = new AbortController();
    const abort = (): void => controller.abort(call.signal?.reason);
    call.signal?.addEventListener('abort', abort, { once: true });
    const cancel = clock.after(withinMs, () =>
      controller.abort(new NoAnswer(`no answer within ${Math.ceil(withinMs)} ms`)),
    );
    try {
      const response = await fetch(`${baseUrl}/api/v1${request.path}`, {
        method: request.method,
        headers: headersOf(request, key),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        ...(request.table === undefined ? {} : { body: request.table }),
        signal: controller.signal,
        credentials: 'omit',
        // The platform revalidates the copy that it has, if it keeps copies.
        cache: request.isShared === true ? 'no-cache' : 'no-store',
      });
      const text = await response.text();
      const { status, headers, durationMs: tookMs } = response;
      serverTime.noteDate(headers.get('date'));
      if (status >= 200 && status < 300) {
        return { type: 'answer', status, body: text === '' ? null : JSON.parse(text), tookMs };
      }
      return { type: 'problem', answer: readProblem(status, headers, parseOrNull(text), clock.epochMs()), tookMs };
    } catch (error) {
      // A proxy cut the answer or sent no JSON: treat it as no answer.
      return { type: 'silence', error: controller.signal.aborted ? controller.signal.reason : error };
    } finally {
      cancel();
      call.signal?.removeEventListener('abort', abort);
    }
  }

  function headersOf(request: ApiRequest, key: string | null): Record<string, string> {
    return {
      accept: 'application/json, application/problem+json',
      ...(language === undefined ? {} : { 'accept-language': language() }),
      ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.table === undefined ? {} : { 'content-type': 'text/csv; charset=utf-8' }),
      ...(key === null ? {} : { 'idempotency-key': key }),
      ...(request.version === undefined ? {} : { 'if-match': `"${request.version}"` }),
    };
  }

  /**
   * Full jitter: callers that failed together do not come back together. The jitter is added to the wait that the service asks
   * for.
   */
  function waitBefore(nextAttempt: number, retryAfterMs: number): number {
    const most = Math.min(limits.longestRetryMs, limits.firstRetryMs * 2 ** (nextAttempt - 2));
    return retryAfterMs + random() * most;
  }

  return {
    async ask<T>(request: ApiRequest, call: Call = {}) {
      const endMs = clock.monotonicMs() + (call.deadlineMs ?? limits.deadlineMs);
      const key = request.effect === 'keyed' ? (call.idempotencyKey ?? newKey()) : null;
      let mayBeDone = false;
      for (let number = 1; ; number += 1) {
        call.signal?.throwIfAborted();
        const startMs = clock.monotonicMs();
        const outcome = await attempt(request, key, call, Math.min(limits.answerMs, endMs - startMs));
        const nowMs = clock.monotonicMs();
        mayBeDone ||= isUnknown(outcome);
        const waitMs = mayRepeat(request, outcome) ? waitBefore(number + 1, retryAfterOf(outcome)) : null;
        const retryInMs = waitMs === null || nowMs + waitMs >= endMs || call.signal?.aborted === true ? null : waitMs;
        onAttempt?.({
          operation: request.operation,
          attempt: number,
          durationMs: (outcome.type === 'silence' ? undefined : outcome.tookMs) ?? nowMs - startMs,
          status:
            outcome.type === 'answer' ? outcome.status : outcome.type === 'problem' ? outcome.answer.status : null,
          code: outcome.type === 'problem' ? outcome.answer.code : null,
          error: outcome.type === 'silence' ? outcome.error : null,
          retryInMs,
        });
        if (outcome.type === 'answer') {
          // The only place that trusts the contract; the service's own tests check its shapes.
          return { status: outcome.status, body: outcome.body as T };
        }
        call.signal?.throwIfAborted();
        if (retryInMs === null) throw failureOf(request, outcome, mayBeDone, number);
        await pause(clock, retryInMs, call.signal);
      }
    },
  };
}

function isUnknown(outcome: Outcome): boolean {
  return outcome.type === 'silence' || (outcome.type === 'problem' && outcome.answer.outcome === 'unknown');
}

function mayRepeat(request: ApiRequest, outcome: Outcome): boolean {
  switch (outcome.type) {
    case 'answer':
      return false;
    case 'silence':
      return request.effect !== 'once';
    case 'problem':
      switch (outcome.answer.status) {
        case 408:
        case 429:
          return true;
        case 409:
          return outcome.answer.code === 'IDEMPOTENCY_IN_PROGRESS';
        // A proxy sends 502 and 504; whether the service got the request is unknown then.
        case 502:
        case 503:
        case 504:
          return request.effect !== 'once' || outcome.answer.outcome === 'none';
        default:
          return false;
      }
  }
}

function retryAfterOf(outcome: Outcome): number {
  return outcome.type === 'problem' ? (outcome.answer.retryAfterMs ?? 0) : 0;
}

function failureOf(
  request: ApiRequest,
  outcome: Exclude<Outcome, { type: 'answer' }>,
  mayBeDone: boolean,
  attempts: number,
): ApiProblem | NetworkFailure {
  const changesNothing = request.method === 'GET';
  if (outcome.type === 'silence') {
    const what = `${request.operation}: no answer${attempts > 1 ? ` in ${attempts} attempts` : ''}`;
    return new NetworkFailure(what, changesNothing ? 'none' : 'unknown', outcome.error);
  }
  const { answer } = outcome;
  if (answer.outcome === null) return new ApiProblem(answer);
  return new ApiProblem({ ...answer, outcome: mayBeDone && !changesNothing ? 'unknown' : 'none' });
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
