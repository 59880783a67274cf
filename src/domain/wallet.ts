import type { Decision } from './errors.ts';
import type { IdempotencyClaim } from './idempotency.ts';
import type { Page, PageRequest } from './page.ts';

export type WalletEntryType = 'CHARGE' | 'PAYMENT' | 'REFUND';

/** A wallet holds at most this many won. */
export const BALANCE_LIMIT_WON = 1_000_000_000_000;
/** One charge is at most this many won. */
export const CHARGE_LIMIT_WON = 10_000_000;

export interface Balance {
  readonly userId: string;
  /** Won; the `balanceAfter` of the newest entry, 0 without one. */
  readonly balance: number;
  readonly updatedAt: string;
}

export interface WalletEntry {
  /** Number of the entry in its wallet, from 1 without gaps. */
  readonly entryId: number;
  readonly type: WalletEntryType;
  /** Won, signed: the change of the balance. */
  readonly amount: number;
  readonly balanceAfter: number;
  readonly paymentId: string | null;
  readonly description: string;
  readonly createdAt: string;
}

export interface ChargeReceipt {
  readonly entryId: number;
  readonly previousBalance: number;
  readonly currentBalance: number;
  readonly createdAt: string;
}

/** `key-taken`: another request recorded the claim meanwhile; look it up and answer from the record. */
export type ChargeReply = Decision<ChargeReceipt> | { readonly ok: 'key-taken' };

export interface Wallets {
  /** Null when the user does not exist. */
  balance(userId: string): Promise<Balance | null>;
  /**
   * Adds `amount` won, an entry, and the claim with its grant, in one transaction; charges that arrive
   * together share it. Rejects with USER_NOT_FOUND and BALANCE_LIMIT. Throws a Fault whose effect says whether the charge may
   * have happened.
   */
  charge(userId: string, amount: number, claim: IdempotencyClaim | null): Promise<ChargeReply>;
  /** Newest first; the cursor is the last entry's number. */
  history(userId: string, page: PageRequest): Promise<Page<WalletEntry>>;
}
