/**
 * The closed set of the service's failures.
 *
 * A *rejection* is the caller's doing. On the paths of a rush it travels as a value and is never thrown.
 * A *fault* is the infrastructure's doing and says whether the request may have taken effect.
 * A *refusal* is a rejection that only the store can detect, so it is thrown. Any other thrown error is a bug.
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
  'ROLE_REQUIRED',
  'CONCERT_NOT_FOUND',
  'SCHEDULE_NOT_FOUND',
  'SEAT_NOT_FOUND',
  'RESERVATION_NOT_FOUND',
  'PAYMENT_NOT_FOUND',
  'USER_NOT_FOUND',
  'QUEUE_TOKEN_NOT_FOUND',
  'KEY_NOT_FOUND',
  'SEAT_PLAN_NOT_FOUND',
  'CANCELLATION_NOT_FOUND',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'UPGRADE_REQUIRED',
  'EMAIL_TAKEN',
  'HAS_RESERVATIONS',
  'SEATS_NOT_IN_PLAN',
  'VERSION_STALE',
  'VERSION_REQUIRED',
  'BOOKING_NOT_OPEN',
  'BOOKING_CLOSED',
  'RESERVATION_NOT_OPEN',
  'SCHEDULE_CANCELLED',
  'CONCERT_CANCELLED',
  'SEAT_LIMIT_REACHED',
  'SEAT_TAKEN',
  'NO_BLOCK',
  'LEAVES_SINGLE_SEAT',
  'SEAT_ACCESSIBLE_ONLY',
  'RESERVATION_NOT_HELD',
  'EXTENSION_LIMIT_REACHED',
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
  'EXPORT_LIMIT_REACHED',
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];

/** The codes of faults; each is answered with 503. */
export const FAULT_CODES = ['OVERLOADED', 'STORE_UNAVAILABLE', 'OWNER_UNAVAILABLE', 'QUEUE_UNAVAILABLE'] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/** Members that a rejection adds to its problem document, by their JSON names. */
export type RejectionMembers = Readonly<Record<string, unknown>>;

export interface Rejection {
  readonly code: RejectionCode;
  readonly members: RejectionMembers;
}

/** The store refused a value that passed every check, without naming it. */
export const INVALID_VALUE: Rejection = { code: 'VALIDATION_FAILED', members: { errors: [] } };

/** `none`: the request had no effect. `unknown`: it may have had one; the caller repeats it with the same idempotency key. */
export type FaultEffect = 'none' | 'unknown';

/** An infrastructure failure. Ports throw it or carry it in a reply; it is answered with 503 and `Retry-After`. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly effect: FaultEffect;
  /** One part of the request caused the fault; without it the rest may succeed. Only for faults with effect `none`. */
  readonly isOfOnePart: boolean;

  constructor(code: FaultCode, effect: FaultEffect, options: { cause?: unknown; isOfOnePart?: boolean } = {}) {
    super(code, options);
    this.name = 'Fault';
    this.code = code;
    this.effect = effect;
    this.isOfOnePart = options.isOfOnePart ?? false;
  }
}

/** Thrown by a port when the store refuses the caller's values. It had no effect; it is answered with the rejection. */
export class Refusal extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection, options: { cause?: unknown } = {}) {
    super(rejection.code, options);
    this.name = 'Refusal';
    this.rejection = rejection;
  }
}

/** A value or a rejection. Decisions leave a port in this form, without a throw. */
export type Decision<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

/** An accepted decision. */
export function accept<T>(value: T): Decision<T> {
  return { ok: true, value };
}

/** A rejected decision; `members` are added to the problem document as they are. */
export function reject(code: RejectionCode, members: RejectionMembers = {}): Decision<never> {
  return { ok: false, rejection: { code, members } };
}
