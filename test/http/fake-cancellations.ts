import type { Cancellations } from '../../src/domain/cancellation.ts';

/** Nothing can be cancelled. */
export const fakeCancellations: Cancellations = {
  cancelSchedule: async () => ({ outcome: 'refused', rejection: { code: 'SCHEDULE_NOT_FOUND', members: {} } }),
  cancelConcert: async () => ({ outcome: 'refused', rejection: { code: 'CONCERT_NOT_FOUND', members: {} } }),
  find: async () => null,
  listRunning: async () => [],
  listDates: async () => [],
  listDue: async () => [],
  park: async () => undefined,
  finish: async () => true,
};
