import type { Reservation } from '../../src/client/answers.ts';
import type { SeatPlace } from '../state/placed-rows.ts';
import type { Texts } from './korean.ts';

type Named = Pick<Reservation, 'seatLabel' | 'section' | 'row'>;

/** A seat by its printed labels: section, row and seat. */
export function seatName({ section, row, seat }: SeatPlace, t: Texts): string {
  return t.seat.name(section ?? '', row, seat);
}

/** A reserved seat by the labels of its answer. */
export function reservedSeatName(reserved: Named, t: Texts): string {
  return seatName(placeOf(reserved), t);
}

/** The service writes section, row and seat in one text, the row with 열 and the seat with 번. */
export function placeOf({ seatLabel, section, row }: Named): SeatPlace {
  let rest = seatLabel;
  for (const part of [section ?? '', row]) if (rest.startsWith(part)) rest = rest.slice(part.length).trimStart();
  return { section, row, seat: rest.replace(/^열 /, '').replace(/번$/, '') };
}
