import t from 'tap';
import { layOutHall, offsetInRow, rowLetterOf, seatByKey } from '../../../web/state/hall-layout.ts';

function hallOf(...sections: readonly (readonly [count: number, price: number])[]) {
  let seatNumber = 0;
  return layOutHall(
    sections.flatMap(([count, price]) =>
      Array.from({ length: count }, () => ({ seatNumber: (seatNumber += 1), price })),
    ),
  );
}

t.test('fifty seats of three prices are five rows of ten, each of one price', async (t) => {
  const { rows, width } = hallOf([10, 3_000], [20, 2_000], [20, 1_000]);
  t.equal(width, 10);
  t.same(
    rows.map(({ letter, price, seatNumbers }) => [letter, price, seatNumbers.length]),
    [
      ['A', 3_000, 10],
      ['B', 2_000, 10],
      ['C', 2_000, 10],
      ['D', 1_000, 10],
      ['E', 1_000, 10],
    ],
  );
});

t.test(
  'any number of seats from 1 to 500 is laid out: each seat once, in order, no row too wide or a stump',
  async (t) => {
    for (let count = 1; count <= 500; count += 1) {
      const { rows, width } = hallOf([count, 1_000]);
      const placed = rows.flatMap(({ seatNumbers }) => seatNumbers);
      const lengths = rows.map(({ seatNumbers }) => seatNumbers.length);
      const isRight =
        placed.length === count &&
        placed.every((seatNumber, index) => seatNumber === index + 1) &&
        width <= 20 &&
        Math.max(...lengths) - Math.min(...lengths) <= 1 &&
        new Set(rows.map(({ letter }) => letter)).size === rows.length;
      if (!isRight) t.fail(`${count} seats: rows of ${lengths.join(', ')}`);
    }
    t.equal(hallOf([500, 1_000]).rows.length, 25);
  },
);

t.test('prices that change from seat to seat do not tear the hall into rows of one', async (t) => {
  const { rows } = layOutHall(Array.from({ length: 50 }, (_, index) => ({ seatNumber: index + 1, price: index })));
  t.equal(rows.length, 5);
});

t.test('the letters of rows go on after Z', async (t) => {
  const { rows } = hallOf(...Array.from({ length: 12 }, (_, index) => [45, index] as const));
  t.equal(rows[25]?.letter, 'Z');
  t.equal(rows[26]?.letter, 'AA');
  t.equal(rows[27]?.letter, 'AB');
});

t.test('arrow keys go along a row and to the nearest seat of the next, and stop at the edges', async (t) => {
  const layout = hallOf([4, 2_000], [10, 1_000]);
  t.same(
    layout.rows.map(({ seatNumbers }) => seatNumbers.length),
    [4, 5, 5],
  );
  t.equal(seatByKey(layout, 1, 'ArrowRight'), 2);
  t.equal(seatByKey(layout, 1, 'ArrowLeft'), null);
  t.equal(seatByKey(layout, 4, 'ArrowRight'), null);
  t.equal(seatByKey(layout, 5, 'ArrowDown'), 10);
  t.equal(seatByKey(layout, 9, 'ArrowUp'), 4);
  t.equal(seatByKey(layout, 1, 'ArrowUp'), null);
  t.equal(seatByKey(layout, 12, 'ArrowDown'), null);
  t.equal(seatByKey(layout, 7, 'Home'), 5);
  t.equal(seatByKey(layout, 7, 'End'), 9);
  t.equal(seatByKey(layout, 7, 'x'), null);
  t.equal(seatByKey(layout, 99, 'ArrowLeft'), null);
});

t.test('a seat is as far to the left of its row as its mirror image is to the right', async (t) => {
  const layout = hallOf([10, 1_000]);
  for (const row of layout.rows) {
    const last = row.seatNumbers.length - 1;
    for (let index = 0; index <= last; index += 1) {
      t.equal(offsetInRow(row, index), -offsetInRow(row, last - index) + 0);
    }
  }
  t.equal(rowLetterOf(layout, 1), 'A');
  t.equal(rowLetterOf(layout, 11), '');
});
