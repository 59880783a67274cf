/**
 * The closed set of ways in which the service says no.
 *
 * A *rejection* is the caller's doing and travels as a value, never as a throw, on the paths that a rush goes through.
 * A *fault* is the infrastructure's doing and says whether the request may have taken effect.
 * A *refusal* is a rejection that only the store could make, so it is thrown. Anything else that is thrown is a bug.
 */
export const REJECTION_CODES = [
  'VALIDATION_FAILED',
  'INSUFFICIENT_BALANCE',
  'SCHEDULE_AMBIGUOUS',
  'PAYMENT_SPANS_SCHEDULES',
  'UNAUTHENTICATED',
  'QUEUE_TOKEN_EXPIRED',
  'QUEUE_TOKEN_CANCELLED',
  'QUEUE_TOKEN_COMPLETED',
  'QUEUE_NOT_ACTIVE',
  'QUEUE_WRONG_CONCERT',
  'FORBIDDEN',
  'CONCERT_NOT_FOUND',
  'SCHEDULE_NOT_FOUND',
  'SEAT_NOT_FOUND',
  'RESERVATION_NOT_FOUND',
  'PAYMENT_NOT_FOUND',
  'USER_NOT_FOUND',
  'QUEUE_TOKEN_NOT_FOUND',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'UPGRADE_REQUIRED',
  'EMAIL_TAKEN',
  'BOOKING_NOT_OPEN',
  'BOOKING_CLOSED',
  'RESERVATION_NOT_OPEN',
  'SEAT_LIMIT_REACHED',
  'SEAT_TAKEN',
  'RESERVATION_NOT_HELD',
  'RESERVATION_CANCELLED',
  'RESERVATION_EXPIRED',
  'REFUND_CLOSED',
  'BALANCE_LIMIT',
  'QUEUE_NOT_YOUR_TURN',
  'IDEMPOTENCY_IN_PROGRESS',
  'IDEMPOTENCY_KEY_REUSED',
  'BODY_TOO_LARGE',
  'URI_TOO_LONG',
  'UNSUPPORTED_MEDIA_TYPE',
  'HEADERS_TOO_LARGE',
  'RATE_LIMITED',
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];

/** The codes of faults; every one of them is answered with 503. */
export const FAULT_CODES = ['OVERLOADED', 'STORE_UNAVAILABLE', 'OWNER_UNAVAILABLE', 'QUEUE_UNAVAILABLE'] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/** Members that a rejection adds to its problem document, by their JSON names. */
export type RejectionMembers = Readonly<Record<string, unknown>>;

export interface Rejection {
  readonly code: RejectionCode;
  readonly members: RejectionMembers;
}

/** The store refused a value that passed every check. It does not say which one. */
export const INVALID_VALUE: Rejection = { code: 'VALIDATION_FAILED', members: { errors: [] } };

/** `none`: nothing was done. `unknown`: it may have been; the caller asks again with the same idempotency key. */
export type FaultEffect = 'none' | 'unknown';

/** Infrastructure failed. Thrown (or carried in a reply) by ports; answered with 503 and `Retry-After`. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly effect: FaultEffect;
  /** A part of what was asked for caused it; without that part the rest may succeed. Of a fault without effect only. */
  readonly isOfOnePart: boolean;

  constructor(code: FaultCode, effect: FaultEffect, options: { cause?: unknown; isOfOnePart?: boolean } = {}) {
    super(code, options);
    this.name = 'Fault';
    this.code = code;
    this.effect = effect;
    this.isOfOnePart = options.isOfOnePart ?? false;
  }
}

/** Thrown by ports where the store refuses what the caller sent. Nothing was done; answered with the rejection. */
export class Refusal extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection, options: { cause?: unknown } = {}) {
    super(rejection.code, options);
    this.name = 'Refusal';
    this.rejection = rejection;
  }
}

/** A result that is either a value or a rejection; the form in which decisions leave a port without a throw. */
export type Decision<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

/** An accepted decision. */
export function accept<T>(value: T): Decision<T> {
  return { ok: true, value };
}

/** A refused decision; `members` are added to the problem document as they are. */
export function reject(code: RejectionCode, members: RejectionMembers = {}): Decision<never> {
  return { ok: false, rejection: { code, members } };
}
