import t from 'tap';
import { priceRanges } from '../../../web/ops/price-ranges.ts';

const seat = (seatNumber: number, level: string) => ({
  seatNumber,
  level,
  label: String(seatNumber),
  x: seatNumber,
  y: 0,
  attributes: [],
});

t.test('seats of a level that follow each other are one range, and a level without a price is left out', async (t) => {
  const plan = {
    sections: [
      { name: 'A', rows: [{ label: '1', seats: [seat(1, 'R'), seat(2, 'R'), seat(3, 'S')] }] },
      { name: 'B', rows: [{ label: '1', seats: [seat(4, 'X'), seat(5, 'R')] }] },
    ],
  };
  const prices = new Map([
    ['R', 100],
    ['S', 50],
  ]);
  t.same(priceRanges(plan, prices), [
    { from: 1, to: 2, price: 100 },
    { from: 3, to: 3, price: 50 },
    { from: 5, to: 5, price: 100 },
  ]);
});
