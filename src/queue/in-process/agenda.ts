import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import { type Alarm, createAlarm } from '../alarm.ts';
import type { ConcertQueue } from './concert-queue.ts';

/**
 * Which concerts' lines are to be looked at, and when the others will be: for admissions, because something changed or the
 * window has room again, and for places whose time is over. Each concert has one alarm, set after every cycle that
 * touched it.
 */
export interface Agenda {
  /** Lines in which somebody may be let in. Whoever has looked takes them out. */
  readonly admissible: Set<ConcertQueue>;
  /** Lines in which somebody's time is over. Whoever has looked takes them out. */
  readonly overdue: Set<ConcertQueue>;
  /** Something changed in this line: somebody came or went, or its policy is another. */
  note(queue: ConcertQueue): void;
  /** Sets the alarms of the lines that were touched since the last call. */
  setAlarms(): void;
  close(): void;
}

export function createAgenda(deps: { clock: Clock; databaseClock: DatabaseClock; wake: () => void }): Agenda {
  const { clock, databaseClock, wake } = deps;
  const admissible = new Set<ConcertQueue>();
  const overdue = new Set<ConcertQueue>();
  const touched = new Set<ConcertQueue>();
  const alarms = new Map<ConcertQueue, Alarm>();
  let isClosed = false;

  function note(queue: ConcertQueue): void {
    admissible.add(queue);
    touched.add(queue);
    wake();
  }

  function alarmOf(queue: ConcertQueue): Alarm {
    const known = alarms.get(queue);
    if (known !== undefined) return known;
    const alarm = createAlarm({
      clock,
      ring: () => {
        overdue.add(queue);
        note(queue);
      },
    });
    alarms.set(queue, alarm);
    return alarm;
  }

  return {
    admissible,
    overdue,
    note,

    setAlarms() {
      if (isClosed) return;
      for (const queue of touched) {
        const wakeMs = queue.nextWakeMs();
        alarmOf(queue).set(wakeMs === null ? null : wakeMs - databaseClock.lowerMs());
      }
      touched.clear();
    },

    close() {
      isClosed = true;
      for (const alarm of alarms.values()) alarm.set(null);
      alarms.clear();
    },
  };
}
