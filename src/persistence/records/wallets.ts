import type { Clock } from '../../runtime/clock.ts';
import type { WalletEntry, WalletEntryType, Wallets } from '../../domain/wallet.ts';
import { type Connections, readRows } from '../journal/statement.ts';
import { createWalletCharges } from '../journal/wallet-charges.ts';

/** Neutral words; clients choose the words in the reader's language by type. */
const DESCRIPTIONS = { CHARGE: 'Charge', PAYMENT: 'Payment', REFUND: 'Refund' } satisfies Record<
  WalletEntryType,
  string
>;

const BALANCE = 'SELECT balance, updated_at FROM wallets WHERE user_id = $1';

const HISTORY = `
  SELECT entry_no, type, amount, balance_after, payment_id, created_at FROM wallet_entries
  WHERE user_id = $1 AND ($2::bigint IS NULL OR entry_no < $2) ORDER BY entry_no DESC LIMIT $3`;

interface WalletRow {
  balance: number;
  updated_at: Date;
}

interface EntryRow {
  entry_no: number;
  type: WalletEntryType;
  amount: number;
  balance_after: number;
  payment_id: string | null;
  created_at: Date;
}

function entryOf(row: EntryRow): WalletEntry {
  return {
    entryId: row.entry_no,
    type: row.type,
    amount: row.amount,
    balanceAfter: row.balance_after,
    paymentId: row.payment_id,
    description: DESCRIPTIONS[row.type],
    createdAt: row.created_at.toISOString(),
  };
}

/** Wallets in PostgreSQL. */
export function createWallets(deps: { pool: Connections; clock?: Clock }): Wallets {
  const { pool } = deps;
  const charges = createWalletCharges(deps);

  return {
    charge: (userId, amount, claim) => charges.charge(userId, amount, claim),

    async balance(userId) {
      const [wallet] = await readRows<WalletRow>(pool, { text: BALANCE, values: [userId] });
      if (wallet === undefined) return null;
      return { userId, balance: wallet.balance, updatedAt: wallet.updated_at.toISOString() };
    },

    async history(userId, { limit, after }) {
      const rows = await readRows<EntryRow>(pool, { text: HISTORY, values: [userId, after, limit + 1] });
      const items = rows.slice(0, limit).map(entryOf);
      return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.entryId) : null };
    },
  };
}
