import type { Exports } from '../../src/domain/exports.ts';
import type { Reports } from '../../src/domain/reports.ts';

/** Exports without rows. */
export function createFakeExports(): Exports {
  return {
    open: async () => ({ columns: ['paymentId'], next: async () => [], close: () => undefined }),
    close: () => undefined,
  };
}

/** Reports of a sale that has not begun. */
export function createFakeReports(): Reports {
  const totals = { seatsSold: 0, seatsRefunded: 0, revenue: 0, refunds: 0, net: 0, capacity: null };
  return {
    sales: async () => ({ rows: [], totals }),
    seatHistory: async () => ({ items: [], nextCursor: null }),
  };
}
