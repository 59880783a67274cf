import type { Page, PageRequest } from './page.ts';
import type { Payment } from './payment.ts';
import type { QueueTokenStatus } from './queue-token.ts';
import type { Reservation } from './reservation.ts';
import type { User } from './user.ts';

/** A queue token as the box office sees it: without the token itself. Instants are ISO 8601 UTC. */
export interface BuyerToken {
  readonly concertId: number;
  /** Its number in the line of its concert. */
  readonly number: number;
  readonly status: QueueTokenStatus;
  readonly issuedAt: string;
  readonly activatedAt: string | null;
  readonly activeUntil: string | null;
  readonly endedAt: string | null;
}

/** A reservation and the instant at which it ended; null while it is live. */
export interface BuyerHold extends Reservation {
  readonly endedAt: string | null;
}

/**
 * Buyers and their activity, for organisers. `concertIds` limits what is found to these concerts; null: all. Lists are newest
 * first. Every method throws a Fault `STORE_UNAVAILABLE` with effect `none` when the database does not answer.
 */
export interface BuyerRecords {
  /** Ignores letter case. Null where there is no such user, or none who queued or bought in these concerts. */
  findByEmail(email: string, concertIds: readonly number[] | null): Promise<User | null>;
  /** As `findByEmail`, by id. */
  find(userId: string, concertIds: readonly number[] | null): Promise<User | null>;
  /** Tokens that ended over seven days ago are not kept. */
  listTokens(userId: string, concertIds: readonly number[] | null, page: PageRequest): Promise<Page<BuyerToken>>;
  listHolds(userId: string, concertIds: readonly number[] | null, page: PageRequest): Promise<Page<BuyerHold>>;
  /** The payment of any user, with its payer; null when there is none in these concerts. */
  findPayment(
    paymentId: string,
    concertIds: readonly number[] | null,
  ): Promise<{ readonly userId: string; readonly payment: Payment } | null>;
  listPayments(userId: string, concertIds: readonly number[] | null, page: PageRequest): Promise<Page<Payment>>;
}
