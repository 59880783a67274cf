import type { BuyerRecords } from '../../src/domain/buyer.ts';
import type { FakeUsers } from './fake-users.ts';

/** Buyers who have done nothing yet. */
export function createFakeBuyers(users: FakeUsers): BuyerRecords {
  const nothing = async () => ({ items: [], nextCursor: null });
  return {
    findByEmail: async (email) => [...users.rows.values()].find((user) => user.email === email) ?? null,
    find: (userId) => users.find(userId),
    listTokens: nothing,
    findPayment: async () => null,
    listHolds: nothing,
    listPayments: nothing,
  };
}
