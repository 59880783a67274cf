import type { Catalogue, Schedule } from '../domain/catalogue.ts';
import { accept, type Decision, reject } from '../domain/errors.ts';
import { isoOf } from '../domain/instant.ts';

/** What a caller says about the schedule of a concert that it means. */
export interface ScheduleChoice {
  readonly scheduleId?: number | undefined;
  readonly date?: string | undefined;
}

/**
 * The schedule of a concert that a caller means: the named one, the one on the named date, or the only one. Rejects with
 * SCHEDULE_NOT_FOUND, and with SCHEDULE_AMBIGUOUS, naming them, where several fit.
 */
export async function chooseSchedule(
  catalogue: Catalogue,
  concertId: number,
  { scheduleId, date }: ScheduleChoice,
): Promise<Decision<Schedule>> {
  if (scheduleId !== undefined) {
    const schedule = await catalogue.findSchedule(scheduleId);
    return schedule?.concertId === concertId ? accept(schedule) : reject('SCHEDULE_NOT_FOUND');
  }
  const all = await catalogue.listSchedules(concertId);
  const fitting = date === undefined ? all : all.filter((schedule) => schedule.date === date);
  const [first] = fitting;
  if (first === undefined) return reject('SCHEDULE_NOT_FOUND');
  if (fitting.length > 1) return reject('SCHEDULE_AMBIGUOUS', { schedules: fitting.map(nameSchedule) });
  return accept(first);
}

/** How a refusal names the schedules among which the caller must choose. */
function nameSchedule(schedule: Schedule) {
  return { scheduleId: schedule.scheduleId, date: schedule.date, startsAt: isoOf(schedule.startsAtMs) };
}
