import t from 'tap';
import { createSeatNames } from '../../../src/booking/seat-names.ts';
import type { SeatPlan } from '../../../src/domain/seat-plan.ts';
import { english } from '../../../web/language/english.ts';
import { korean } from '../../../web/language/korean.ts';
import { placeOf, reservedSeatName, seatName } from '../../../web/language/seat-name.ts';

const LABELS = [
  ['1층 A구역', '3', '12'],
  ['Floor', 'B', '7'],
  ['VIP', '가열', '1번'],
  ['2층', 'Box (left)', '4'],
  ['3', '3', '3'],
] as const;

t.test('the map calls a seat as the answers of the service do, in Korean and in English', async (t) => {
  for (const [section, row, seat] of LABELS) {
    const seats = [{ label: seat, x: 0, y: 0, level: 'R', attributes: [] }];
    const plan: SeatPlan = {
      name: 'Hall',
      levels: [{ name: 'R' }],
      sections: [{ name: section, rows: [{ label: row, seats }] }],
    };
    const names = createSeatNames({
      catalogue: { findSchedule: () => ({ plan: { planId: 1, version: 1 } }) as never },
      seatPlans: { findVersion: () => plan },
    });
    const named = (await names.of(1))(1);
    t.equal(seatName({ section, row, seat }, korean), named.seatLabel);
    t.equal(reservedSeatName(named, korean), named.seatLabel);
    t.equal(placeOf(named).seat, seat.replace('번', ''));
  }
  t.equal(seatName({ section: '1층', row: '3', seat: '12' }, english), '1층, row 3, seat 12');
});

t.test('a hall without sections has rows and seats alone', async (t) => {
  const reserved = { seatLabel: 'B열 4번', section: null, row: 'B' };
  t.equal(reservedSeatName(reserved, korean), 'B열 4번');
  t.equal(reservedSeatName(reserved, english), 'Row B, seat 4');
});
