import type { ChargeReceipt, Payment } from '../../src/client/answers.ts';
import { newRandomKey } from '../../src/client/platform.ts';
import { LARGEST_CHARGE } from '../state/top-up-amounts.ts';
import { isProblem, isUndecided } from './failure-notice.ts';
import type { Counter } from './counter.ts';

/** The number of lines that one request reads. */
const PAGE_SIZE = 20;

export interface WalletDesk {
  readBalance(): Promise<void>;
  /** `by` names the pressed control. */
  charge(amount: number, by: string): Promise<void>;
  /** Charges what the balance lacks to pay `total`. Rejects when a charge fails. */
  cover(total: number): Promise<void>;
  readPayments(isMore: boolean): Promise<void>;
  readLedger(isMore: boolean): Promise<void>;
  readTicket(paymentId: string): Promise<void>;
  refund(payment: Payment): Promise<void>;
}

/** Money and tickets of the signed-in fan. Every method does nothing when no fan is signed in. */
export function createWalletDesk({ client, store, kept, fan, attempt, tell }: Counter): WalletDesk {
  /** A charge that may have been made: repeating the request repeats its key, so that the wallet is charged once. */
  let undecided: { readonly accessToken: string | null; readonly amount: number; readonly key: string } | null = null;

  async function chargeOnce(amount: number): Promise<ChargeReceipt | undefined> {
    const accessToken = kept.accessToken();
    const isSame = undecided?.amount === amount && undecided.accessToken === accessToken;
    const key = isSame && undecided !== null ? undecided.key : newRandomKey();
    undecided = { accessToken, amount, key };
    try {
      const receipt = await fan()?.charge(amount, { idempotencyKey: key });
      undecided = null;
      return receipt;
    } catch (error) {
      if (!isUndecided(error)) undecided = null;
      throw error;
    }
  }

  async function askBalance(): Promise<void> {
    const wallet = await fan()?.balance();
    if (wallet !== undefined) store.dispatch({ type: 'balance-read', balance: wallet.balance });
  }

  async function readBalance(): Promise<void> {
    try {
      await askBalance();
    } catch (error) {
      tell(error);
    }
  }

  /** Tickets name their concert by number only. */
  async function nameConcerts(payments: readonly Payment[]): Promise<void> {
    const unknown = new Set(
      payments.map(({ concertId }) => concertId).filter((id) => !store.state.concertById.has(id)),
    );
    await Promise.all(
      [...unknown].map(async (concertId) => {
        store.dispatch({ type: 'concert-read', concert: await client.concerts.find(concertId) });
      }),
    );
  }

  return {
    readBalance,
    async charge(amount, by) {
      if (store.state.busy.has('pay')) return;
      await attempt(
        'charge',
        async () => {
          const receipt = await chargeOnce(amount);
          if (receipt === undefined) return;
          store.dispatch({ type: 'balance-read', balance: receipt.currentBalance });
          store.dispatch({ type: 'noticed', notice: { kind: 'charged', amount } });
          if (store.state.route.name === 'wallet') {
            const page = await fan()?.walletHistory({ limit: PAGE_SIZE });
            if (page !== undefined) store.dispatch({ type: 'ledger-read', listing: page, isMore: false });
          }
        },
        by,
      );
    },
    async cover(total) {
      const missing = (): number => total - (store.state.balance ?? 0);
      // A charge without an answer may have been made: only the same charge is safe without a look.
      if (store.state.balance === null || (undecided !== null && undecided.amount !== missing())) await askBalance();
      while (missing() > 0) {
        const receipt = await chargeOnce(Math.min(missing(), LARGEST_CHARGE));
        if (receipt === undefined) return;
        store.dispatch({ type: 'balance-read', balance: receipt.currentBalance });
      }
    },
    async readPayments(isMore) {
      await attempt('payments', async () => {
        const cursor = isMore ? store.state.payments?.nextCursor : null;
        const page = await fan()?.payments({ limit: PAGE_SIZE, ...(typeof cursor === 'string' ? { cursor } : {}) });
        if (page === undefined) return;
        await nameConcerts(page.items);
        store.dispatch({ type: 'payments-read', listing: page, isMore });
      });
    },
    async readLedger(isMore) {
      await attempt('ledger', async () => {
        const cursor = isMore ? store.state.ledger?.nextCursor : null;
        const page = await fan()?.walletHistory({
          limit: PAGE_SIZE,
          ...(typeof cursor === 'string' ? { cursor } : {}),
        });
        if (page !== undefined) store.dispatch({ type: 'ledger-read', listing: page, isMore });
      });
    },
    async readTicket(paymentId) {
      try {
        const payment = await fan()?.payment(paymentId);
        if (payment === undefined) return;
        await nameConcerts([payment]);
        store.dispatch({ type: 'ticket-read', payment });
      } catch (error) {
        if (isProblem(error, 'PAYMENT_NOT_FOUND')) store.dispatch({ type: 'ticket-missing' });
        else tell(error);
      }
    },
    async refund({ paymentId, amount }) {
      const isDone = await attempt('refund', async () => {
        const payment = await fan()?.refund(paymentId);
        if (payment === undefined) return;
        store.dispatch({ type: 'ticket-read', payment });
        store.dispatch({ type: 'noticed', notice: { kind: 'refunded', amount } });
      });
      store.dispatch({ type: 'dialog-closed' });
      if (isDone) await readBalance();
    },
  };
}
