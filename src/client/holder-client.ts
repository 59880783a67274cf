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
import { createCalls, type ListOptions, type PageOptions } from './calls.ts';
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
  reservations(page?: ListOptions): Promise<Page<Reservation>>;
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
  const { read, change, list, send } = createCalls(requests, token);
  return {
    me: (call) => read('me', '/me', call),
    balance: (call) => read('balance', '/me/balance', call),
    charge: (amount, call) => change('charge', '/me/balance/charge', { amount }, call),
    walletHistory: (page) => list('walletHistory', '/me/balance/history', 'entries', page),
    reservations: (page) => list('reservations', '/me/reservations', 'reservations', page),
    reservation: (reservationId, call) =>
      read('reservation', `/reservations/${encodeURIComponent(reservationId)}`, call),
    async release(reservationId, call) {
      const path = `/reservations/${encodeURIComponent(reservationId)}`;
      try {
        return await send<Reservation>({ operation: 'release', method: 'DELETE', path, effect: 'idempotent' }, call);
      } catch (error) {
        // An earlier attempt, or another call, released the hold already: the caller has what it wants.
        if (!isReleasedAlready(error)) throw error;
        return read('reservation', path, call);
      }
    },
    pay: (what, call) => change('pay', '/payments', 'scheduleId' in what ? what : { reservationIds: what }, call),
    payments: (page) => list('payments', '/me/payments', 'payments', page),
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
