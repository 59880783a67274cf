import { createLiveSchedule, type LiveSchedule, type LiveScheduleDependencies } from './live-schedule.ts';

/** A schedule keeps its subscription this long after its last watcher has left, so that returning clients can resume. */
const LINGER_MS = 60_000;

/** The schedules with watchers on this node. */
export interface LiveSchedules {
  /** The number of schedules with watchers, and the number of watchers. */
  count(): { readonly schedules: number; readonly watchers: number };
  /** Returns the schedule and subscribes to it. It must exist: the caller has looked it up. */
  open(scheduleId: number): LiveSchedule;
  /** Call this about once a second. */
  look(nowMs: number): void;
  close(): void;
}

export function createLiveSchedules(deps: LiveScheduleDependencies): LiveSchedules {
  const schedules = new Map<number, { readonly schedule: LiveSchedule; usedAtMs: number }>();

  return {
    count() {
      let watched = 0;
      let watchers = 0;
      for (const { schedule } of schedules.values()) {
        if (schedule.watchers > 0) watched += 1;
        watchers += schedule.watchers;
      }
      return { schedules: watched, watchers };
    },

    open(scheduleId) {
      const usedAtMs = deps.clock.monotonicMs();
      const known = schedules.get(scheduleId);
      if (known !== undefined) {
        known.usedAtMs = usedAtMs;
        return known.schedule;
      }
      const schedule = createLiveSchedule(scheduleId, deps);
      schedules.set(scheduleId, { schedule, usedAtMs });
      return schedule;
    },

    look(nowMs) {
      for (const [scheduleId, entry] of schedules) {
        const { schedule } = entry;
        if (schedule.watchers > 0) entry.usedAtMs = nowMs;
        schedule.look(nowMs);
        if (nowMs - entry.usedAtMs < LINGER_MS) continue;
        schedule.close();
        schedules.delete(scheduleId);
      }
    },

    close() {
      for (const { schedule } of schedules.values()) schedule.close();
      schedules.clear();
    },
  };
}
