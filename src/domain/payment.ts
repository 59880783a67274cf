import type { Page, PageRequest } from './page.ts';
import type { Reservation } from './reservation.ts';

export type PaymentStatus = 'COMPLETED' | 'REFUNDED';

/** A payment as every answer shows it; `reservations` are in the order of payment. */
export interface Payment {
  readonly paymentId: string;
  readonly status: PaymentStatus;
  readonly concertId: number;
  readonly scheduleId: number;
  /** Won. */
  readonly amount: number;
  readonly reservations: readonly Reservation[];
  readonly paidAt: string;
  readonly refundedAt: string | null;
}

export interface PaymentRecords {
  /** The user's payment, or null; another user's payment counts as unknown. */
  find(userId: string, paymentId: string): Promise<Payment | null>;
  /** Newest first; the cursor is the last payment's id. */
  list(userId: string, page: PageRequest): Promise<Page<Payment>>;
}
