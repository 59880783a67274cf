import type {
  Balance,
  ChargeReceipt,
  Page,
  Payment,
  PaymentReceipt,
  Reservation,
  ReservationStatus,
  User,
  WalletEntry,
} from './answers.ts';
import { ApiProblem } from './failures.ts';
import { type Listed, type PageOptions, queryOf } from './pages.ts';
import type { Call, Requests } from './requests.ts';

/** The reservations to pay, all of one schedule: by their ids (1 to 50), or the caller's live hold of one seat. */
export type Payable = readonly string[] | { readonly scheduleId: number; readonly seatNumber: number };

/** The calls that both kinds of token allow: wallet, reservations, payments. Every method rejects as `Requests.ask` does. */
export interface HolderClient {
  me(call?: Call): Promise<User>;
  balance(call?: Call): Promise<Balance>;
  /** Adds won, 1 to 10 000 000. Rejects with BALANCE_LIMIT when the wallet would exceed its limit. */
  charge(amount: number, call?: Call): Promise<ChargeReceipt>;
  walletHistory(page?: PageOptions): Promise<Page<WalletEntry>>;
  reservations(page?: PageOptions & { readonly status?: ReservationStatus }): Promise<Page<Reservation>>;
  /** Rejects with RESERVATION_NOT_FOUND, also for another user's reservation. */
  reservation(reservationId: string, call?: Call): Promise<Reservation>;
  /**
   * Releases a hold and returns the CANCELLED reservation. Rejects with RESERVATION_NOT_HELD and its `reservationStatus` when
   * the reservation is no longer held.
   */
  release(reservationId: string, call?: Call): Promise<Reservation>;
  /**
   * Pays, or returns the earlier payment of exactly these reservations. INSUFFICIENT_BALANCE, with `amount` and `balance`,
   * leaves the hold in place until it expires. Rejects with RESERVATION_EXPIRED, RESERVATION_CANCELLED or RESERVATION_NOT_HELD
   * when the hold has ended.
   */
  pay(what: Payable, call?: Call): Promise<PaymentReceipt>;
  payments(page?: PageOptions): Promise<Page<Payment>>;
  /** Rejects with PAYMENT_NOT_FOUND, also for another user's payment. */
  payment(paymentId: string, call?: Call): Promise<Payment>;
}

export function createHolderClient(requests: Requests, token: string): HolderClient {
  async function read<T>(operation: string, path: string, call?: Call): Promise<T> {
    return (await requests.ask<T>({ operation, method: 'GET', path, token, effect: 'idempotent' }, call)).body;
  }

  async function change<T>(operation: string, path: string, body: object, call?: Call): Promise<T> {
    return (await requests.ask<T>({ operation, method: 'POST', path, token, body, effect: 'keyed' }, call)).body;
  }

  return {
    me: (call) => read('me', '/me', call),
    balance: (call) => read('balance', '/me/balance', call),
    charge: (amount, call) => change('charge', '/me/balance/charge', { amount }, call),
    async walletHistory(page) {
      const path = `/me/balance/history${queryOf(page)}`;
      const { entries, nextCursor } = await read<Listed<'entries', WalletEntry>>('walletHistory', path, page);
      return { items: entries, nextCursor };
    },
    async reservations(page) {
      const path = `/me/reservations${queryOf(page)}`;
      const listed = await read<Listed<'reservations', Reservation>>('reservations', path, page);
      return { items: listed.reservations, nextCursor: listed.nextCursor };
    },
    reservation: (reservationId, call) =>
      read('reservation', `/reservations/${encodeURIComponent(reservationId)}`, call),
    async release(reservationId, call) {
      const path = `/reservations/${encodeURIComponent(reservationId)}`;
      const request = { operation: 'release', method: 'DELETE', path, token, effect: 'idempotent' } as const;
      try {
        return (await requests.ask<Reservation>(request, call)).body;
      } catch (error) {
        // An earlier attempt, or another call, released the hold already: the caller has what it wants.
        if (!isReleasedAlready(error)) throw error;
        return read('reservation', path, call);
      }
    },
    pay: (what, call) => change('pay', '/payments', 'scheduleId' in what ? what : { reservationIds: what }, call),
    async payments(page) {
      const path = `/me/payments${queryOf(page)}`;
      const { payments, nextCursor } = await read<Listed<'payments', Payment>>('payments', path, page);
      return { items: payments, nextCursor };
    },
    payment: (paymentId, call) => read('payment', `/payments/${encodeURIComponent(paymentId)}`, call),
  };
}

function isReleasedAlready(error: unknown): boolean {
  return (
    error instanceof ApiProblem &&
    error.code === 'RESERVATION_NOT_HELD' &&
    error.members['reservationStatus'] === ('CANCELLED' satisfies ReservationStatus)
  );
}
