import type { FaultCode, FaultEffect, RejectionCode } from '../domain/errors.ts';

/** The codes that this version of the service sends; a later version may send more. */
export type ProblemCode = RejectionCode | FaultCode | 'INTERNAL_ERROR' | (string & {});

/** The members that every problem document has. */
const DOCUMENT_MEMBERS: ReadonlySet<string> = new Set(['type', 'title', 'status', 'code', 'detail', 'instance']);

/** The service rejected the request or failed. Decide by `code`; show `detail`, which is in the requested language. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  /** Stable. `HTTP_<status>` when a proxy sent the answer and it is no problem document. */
  readonly code: ProblemCode;
  readonly title: string;
  readonly detail: string;
  /** The members that this code adds, for instance `seatNumbers` of SEAT_TAKEN. */
  readonly members: Readonly<Record<string, unknown>>;
  /** From `Retry-After`; null without that header. */
  readonly retryAfterMs: number | null;
  /**
   * For answers that are no decision (5xx, 408, 429, IDEMPOTENCY_IN_PROGRESS): whether any attempt of the request may have
   * taken effect. After `unknown`, repeat the request with the same key. Null for rejections, which have no effect.
   */
  readonly outcome: FaultEffect | null;
  /** The request's id in the service's log; null when the answer has none. */
  readonly requestId: string | null;

  constructor(answer: ProblemAnswer) {
    super(`${answer.status} ${answer.code}${answer.detail === '' ? '' : `: ${answer.detail}`}`);
    this.status = answer.status;
    this.code = answer.code;
    this.title = answer.title;
    this.detail = answer.detail;
    this.members = answer.members;
    this.retryAfterMs = answer.retryAfterMs;
    this.outcome = answer.outcome;
    this.requestId = answer.requestId;
  }
}

export type ProblemAnswer = Pick<
  ApiProblem,
  'status' | 'code' | 'title' | 'detail' | 'members' | 'retryAfterMs' | 'outcome' | 'requestId'
>;

/** No attempt got a readable answer; `cause` is the error of the last attempt. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure';
  /** Whether the request may have taken effect. After `unknown`, repeat it with the same key. */
  readonly outcome: FaultEffect;

  constructor(what: string, outcome: FaultEffect, cause: unknown) {
    super(what, { cause });
    this.outcome = outcome;
  }
}

/** Reads the answer to a rejected or failed request, from the service or from a proxy. */
export function readProblem(
  status: number,
  headers: { get(name: string): string | null },
  body: unknown,
  nowMs: number,
): ProblemAnswer {
  const document = isObject(body) ? body : {};
  const text = (member: string): string => {
    const value = document[member];
    return typeof value === 'string' ? value : '';
  };
  const code = text('code') || `HTTP_${status}`;
  return {
    status,
    code,
    title: text('title'),
    detail: text('detail'),
    members: Object.fromEntries(Object.entries(document).filter(([name]) => !DOCUMENT_MEMBERS.has(name))),
    retryAfterMs: readRetryAfter(headers.get('retry-after'), nowMs),
    outcome: outcomeOf(status, code, document['outcome']),
    requestId: headers.get('x-request-id') ?? (text('instance').replace(/^urn:uuid:/, '') || null),
  };
}

function outcomeOf(status: number, code: ProblemCode, reported: unknown): FaultEffect | null {
  if (status >= 500) return reported === 'none' ? 'none' : 'unknown';
  if (status === 408 || status === 429) return 'none';
  return code === 'IDEMPOTENCY_IN_PROGRESS' ? 'unknown' : null;
}

/** Reads seconds or a date, as RFC 9110 10.2.3 defines them. */
function readRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
