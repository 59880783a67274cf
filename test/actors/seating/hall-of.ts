import type { SeatLayout, Stretch } from '../../../src/actors/seating/seat-layout.ts';
import { SUITABLE, TAKEN, UNSUITABLE } from '../../../src/actors/seating/seat-wish.ts';

/** Rows as text: `.` a free seat, `#` a taken one, `x` a free one that does not suit the wish, a space for an aisle. */
export function hallOf(...rows: readonly string[]): { layout: SeatLayout; states: Uint8Array } {
  const stretches: Stretch[] = [];
  const states: number[] = [TAKEN];
  for (const [rank, row] of rows.entries()) {
    const length = row.replaceAll(' ', '').length;
    let position = 0;
    for (const text of row.split(' ')) {
      const seats = text.split('').map((mark) => {
        states.push(mark === '#' ? TAKEN : mark === 'x' ? UNSUITABLE : SUITABLE);
        position += 1;
        return { seatNumber: states.length - 1, fromCentre: 2 * (position - 1) - (length - 1), level: '' };
      });
      stretches.push({ rank, section: '', seats });
    }
  }
  return { layout: { stretches, accessible: new Set(), kept: new Set() }, states: Uint8Array.from(states) };
}
