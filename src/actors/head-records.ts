import type { OwnedSchedule } from './ownership-port.ts';

/** The head rows that say who owns a schedule. Methods throw a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export interface HeadRecords {
  /**
   * Makes `node` the owner under a raised epoch, where nobody owns the schedule, `node` does, or its owner is dead; the epoch
   * then, else why not. A living owner is never stolen from.
   */
  claim(scheduleId: number, node: string): Promise<number | 'unknown' | 'elsewhere'>;
  /**
   * Head and live reservations in one snapshot, or null when the schedule is no longer `node`'s under `epoch`. Must be a later
   * statement than `claim`: only then is everything that the former owner committed visible.
   */
  load(scheduleId: number, node: string, epoch: number): Promise<OwnedSchedule | null>;
}
