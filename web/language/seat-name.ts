import { labelOf } from '../state/seat-plan.ts';
import type { Texts } from './korean.ts';

/** A seat as people find it: its row, and its number in the row. */
export function seatName(seatNumber: number, t: Texts): string {
  const { row, seat } = labelOf(seatNumber);
  return t.seat.inRow(row, seat);
}
