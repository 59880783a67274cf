import type { IdempotencyClaim } from './idempotency.ts';
import type { Payment } from './payment.ts';
import type { Reservation } from './reservation.ts';
import type { ChargeReceipt } from './wallet.ts';

/** A payment with the balance, in won, that its user's wallet had when the request was granted. */
export type SettledPayment = Payment & { readonly remainingBalance: number };

interface GrantValues {
  /** At least one of the seats is newly on hold. Reservations are in the order of the request. */
  SeatsHeld: readonly Reservation[];
  /** The caller held all of the seats already; nothing was done. */
  SeatsAlreadyHeld: readonly Reservation[];
  HoldReleased: Reservation;
  /** The caller's holds of the schedule, in order of seat number. At least one of them was extended. */
  HoldsExtended: readonly Reservation[];
  PaymentCompleted: SettledPayment;
  PaymentRefunded: SettledPayment;
  /** An earlier request had paid or refunded it; nothing was done. */
  PaymentFound: SettledPayment;
  BalanceCharged: ChargeReceipt;
}

export type GrantOf<T extends keyof GrantValues> = {
  [K in T]: { readonly type: K; readonly value: GrantValues[K] };
}[T];

/**
 * What a request was granted. It is plain data: it is recorded under the request's idempotency key, and a repeated request is
 * answered from the record.
 */
export type Grant = GrantOf<keyof GrantValues>;

/** A grant under a key, recorded in the transaction of its effect. */
export interface RecordedGrant<G = Grant> {
  readonly fingerprint: string;
  readonly grant: G;
}

export interface GrantRecords<G> {
  /**
   * The grant recorded under a user's key in the last 24 hours, or null. Throws a Fault `STORE_UNAVAILABLE` with effect
   * `none`.
   */
  find(userId: string, key: string): Promise<RecordedGrant<G> | null>;
}

/** Look-ups of one event-loop turn share a statement. */
export interface IdempotencyRecords extends GrantRecords<Grant> {
  /**
   * Records the grant of a request that had no transaction to record it in. False when the key has a grant already.
   * Throws a Fault `STORE_UNAVAILABLE` with effect `none`: only the record is missing.
   */
  record(userId: string, claim: IdempotencyClaim, grant: Grant): Promise<boolean>;
}
