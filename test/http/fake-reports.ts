import type { Exports } from '../../src/domain/exports.ts';

/** Exports without rows. */
export function createFakeExports(): Exports {
  return {
    open: async () => ({ columns: ['paymentId'], next: async () => [], close: () => undefined }),
    close: () => undefined,
  };
}
