import type { Sale } from '../sale/sale.ts';

/** Schedules without any request so far. */
export interface FreshSchedules {
  /** Adds schedules until there are at least `count`. */
  stock(count: number): Promise<void>;
  /** Removes and returns `count` schedules that fit, in order; throws when there are fewer. */
  take(count: number, fits: (scheduleId: number) => boolean): number[];
}

/** A stock of schedules of `seatCount` seats. The ring can place them only when the nodes have names. */
export function createFreshSchedules(sale: Pick<Sale, 'addSchedules'>, seatCount: number): FreshSchedules {
  let stocked: number[] = [];
  return {
    async stock(count) {
      const missing = count - stocked.length;
      if (missing > 0) stocked.push(...(await sale.addSchedules(missing, seatCount)));
    },
    take(count, fits) {
      const taken = new Set(stocked.filter(fits).slice(0, count));
      if (taken.size < count) throw new Error(`Of ${stocked.length} fresh schedules only ${taken.size} fit.`);
      stocked = stocked.filter((scheduleId) => !taken.has(scheduleId));
      return [...taken];
    },
  };
}
