import type { OwnedSchedule } from './ownership-port.ts';

export interface SeenHead {
  readonly epoch: number;
  /** Null when its owner is dead or stands aside, or there is none. */
  readonly owner: string | null;
}

/** The head rows that say who owns a schedule. Methods throw a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export interface HeadRecords {
  /** Null when there is no such schedule. */
  see(scheduleId: number): Promise<SeenHead | null>;
  /**
   * Makes `node` the owner under a raised epoch, and returns that. Null where the epoch is no longer `seenEpoch`, or where
   * another living node owns the schedule and does not stand aside: its schedule is never stolen.
   */
  claim(scheduleId: number, node: string, seenEpoch: number): Promise<number | null>;
  /** Makes `heir` the owner under a raised epoch, where `node` owns the schedule under `epoch`; whether it did. */
  handOver(scheduleId: number, node: string, epoch: number, heir: string): Promise<boolean>;
  /**
   * Head and live reservations in one snapshot, or null when the schedule is no longer `node`'s under `epoch`. Must be a later
   * statement than `claim`: only then is everything that the former owner committed visible.
   */
  load(scheduleId: number, node: string, epoch: number): Promise<OwnedSchedule | null>;
}
