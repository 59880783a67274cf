import type { Payment, PaymentRecords, PaymentStatus } from '../../domain/payment.ts';
import { RESERVATION_COLUMNS, type ReservationRow, reservationOf } from './reservation-row.ts';
import { type Connections, readRows } from '../journal/statement.ts';

/** One item of a payment: its reservation with the payment's own columns. */
export interface PaidItemRow extends ReservationRow {
  paid_by: string;
  payment_status: PaymentStatus;
  payment_schedule_id: number;
  payment_concert_id: number;
  amount: number;
  paid_at: Date;
  refunded_at: Date | null;
}

/** The items of the payments that `chosen` selects, newest payment first, each in the order in which it was paid. */
export function paidItems(chosen: string): string {
  return `
    SELECT p.payment_id AS paid_by, p.status AS payment_status, p.schedule_id AS payment_schedule_id,
      p.concert_id AS payment_concert_id, p.amount, p.paid_at, p.refunded_at, ${RESERVATION_COLUMNS}
    FROM (${chosen}) p
    JOIN payment_items i USING (payment_id)
    JOIN reservations r ON r.reservation_id = i.reservation_id
    JOIN schedules s ON s.schedule_id = r.schedule_id
    ORDER BY p.payment_id DESC, i.item_no`;
}

const ONE = paidItems('SELECT * FROM payments WHERE user_id = $1 AND payment_id = $2');

const PAGE = paidItems(`
  SELECT * FROM payments WHERE user_id = $1 AND ($2::uuid IS NULL OR payment_id < $2)
  ORDER BY payment_id DESC LIMIT $3`);

export function paymentsOf(rows: readonly PaidItemRow[]): Payment[] {
  const itemsByPayment = Map.groupBy(rows, (row) => row.paid_by);
  return [...itemsByPayment.values()].flatMap((items) => {
    const [first] = items;
    if (first === undefined) return [];
    return {
      paymentId: first.paid_by,
      status: first.payment_status,
      concertId: first.payment_concert_id,
      scheduleId: first.payment_schedule_id,
      amount: first.amount,
      reservations: items.map(reservationOf),
      paidAt: first.paid_at.toISOString(),
      refundedAt: first.refunded_at === null ? null : first.refunded_at.toISOString(),
    };
  });
}

/** Durable payments. Every method throws a Fault `STORE_UNAVAILABLE` with effect `none` when the database does not answer. */
export function createPaymentRecords({ pool }: { pool: Connections }): PaymentRecords {
  async function select(text: string, values: readonly unknown[]): Promise<Payment[]> {
    return paymentsOf(await readRows<PaidItemRow>(pool, { text, values }));
  }

  return {
    async find(userId, paymentId) {
      const [payment] = await select(ONE, [userId, paymentId]);
      return payment ?? null;
    },

    async list(userId, { limit, after }) {
      const payments = await select(PAGE, [userId, after, limit + 1]);
      const items = payments.slice(0, limit);
      return { items, nextCursor: payments.length > limit ? (items.at(-1)?.paymentId ?? null) : null };
    },
  };
}
