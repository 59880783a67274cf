import type { ActResult, AdminAct, AdminStamp } from './admin.ts';
import type { Concert, NewConcert, NewSchedule, QueuePolicy, ScheduleWithAvailability } from './catalogue.ts';

/**
 * An organiser's changes of what is sold, each in one transaction with its entry in the log. Every method throws a Fault
 * `STORE_UNAVAILABLE` when the database does not answer.
 */
export interface CatalogueEdits {
  createConcert(concert: NewConcert, act: AdminAct<Concert>): Promise<ActResult<Concert>>;
  /** Creates the schedule with its seats and its head row. Refuses an unknown concert with CONCERT_NOT_FOUND. */
  createSchedule(
    concertId: number,
    schedule: NewSchedule,
    act: AdminAct<ScheduleWithAvailability>,
  ): Promise<ActResult<ScheduleWithAvailability>>;
  /** Merges `change` into the concert's policy. Refuses an unknown concert with CONCERT_NOT_FOUND. */
  changeQueuePolicy(concertId: number, change: Partial<QueuePolicy>, stamp: AdminStamp): Promise<ActResult<Concert>>;
}
