import type { OccupiedSchedule } from '../../src/client/answers.ts';
import type { OccupancyOrder } from './ops-state.ts';

/** In the requested order; equal ones by date, then by id, so that bars keep their places. */
export function inOrder(schedules: readonly OccupiedSchedule[], order: OccupancyOrder): readonly OccupiedSchedule[] {
  const byDate = (a: OccupiedSchedule, b: OccupiedSchedule): number =>
    Date.parse(a.startsAt) - Date.parse(b.startsAt) || a.scheduleId - b.scheduleId;
  if (order === 'date') return schedules.toSorted(byDate);
  return schedules.toSorted((a, b) => fullness(b) - fullness(a) || byDate(a, b));
}

/** The share of the seats that are held or sold. */
function fullness({ totalSeats, availableSeats }: OccupiedSchedule): number {
  return totalSeats === 0 ? 0 : 1 - availableSeats / totalSeats;
}

/** The bar to which an arrow key leads in a grid of `columns`; the same bar at the edges. */
export function neighbour(index: number, key: string, columns: number, count: number): number {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  };
  const next = index + (steps[key] ?? 0);
  return next < 0 || next >= count ? index : next;
}
