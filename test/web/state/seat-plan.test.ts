import t from 'tap';
import { generatePlan, labelOf, seatByKey } from '../../../web/state/seat-plan.ts';

const hallOf = (count: number) => generatePlan(Array.from({ length: count }, (_, index) => index + 1));

t.test('a seat is named by its row of ten and its place in it', async (t) => {
  t.same(labelOf(1), { row: 'A', seat: 1 });
  t.same(labelOf(10), { row: 'A', seat: 10 });
  t.same(labelOf(130), { row: 'M', seat: 10 });
  t.same(labelOf(261), { row: 'AA', seat: 1 });
  t.same(labelOf(500), { row: 'AX', seat: 10 });
});

t.test(
  'each hall of 1 to 500 seats has every seat once, in order, under a name of its own, at a place of its own',
  async (t) => {
    for (let count = 1; count <= 500; count += 1) {
      const { lines, width, depth } = hallOf(count);
      const seats = lines.flatMap((line) => line.seats);
      const isRight =
        seats.length === count &&
        seats.every(({ seatNumber }, index) => seatNumber === index + 1) &&
        new Set(seats.map(({ row, seat }) => `${row}${seat}`)).size === count &&
        new Set(seats.map(({ x, y }) => `${x} ${y}`)).size === count &&
        seats.every(({ x, y }) => Math.abs(x) + 0.5 <= width / 2 + 1e-9 && y > 0 && y + 1 <= depth + 1e-9) &&
        width <= 22;
      if (!isRight) t.fail(`${count} seats`);
    }
    t.equal(hallOf(50).lines.length, 5);
    t.equal(hallOf(500).lines.length, 25);
  },
);

t.test('a large hall has an aisle in the middle, with one row to its left and the next to its right', async (t) => {
  const [line] = hallOf(500).lines;
  t.same(
    line?.seats.filter(({ seat }) => seat === 1 || seat === 10).map(({ row, x }) => [row, x]),
    [
      ['A', -10.5],
      ['A', -1.5],
      ['B', 1.5],
      ['B', 10.5],
    ],
  );
});

t.test('arrow keys go along a line and to the nearest seat of the next, and stop at the edges', async (t) => {
  const hall = hallOf(45);
  t.equal(seatByKey(hall, 1, 'ArrowRight'), 2);
  t.equal(seatByKey(hall, 1, 'ArrowLeft'), null);
  t.equal(seatByKey(hall, 10, 'ArrowRight'), null);
  t.equal(seatByKey(hall, 5, 'ArrowDown'), 15);
  t.equal(seatByKey(hall, 31, 'ArrowDown'), 41, 'the short last row is in the middle');
  t.equal(seatByKey(hall, 45, 'ArrowUp'), 37);
  t.equal(seatByKey(hall, 1, 'ArrowUp'), null);
  t.equal(seatByKey(hall, 45, 'ArrowDown'), null);
  t.equal(seatByKey(hall, 17, 'Home'), 11);
  t.equal(seatByKey(hall, 17, 'End'), 20);
  t.equal(seatByKey(hall, 7, 'x'), null);
  t.equal(seatByKey(hall, 99, 'ArrowLeft'), null);
  t.equal(seatByKey(hallOf(500), 10, 'ArrowRight'), 11, 'across the aisle');
});

t.test('a line is the same to the left of the middle as to the right', async (t) => {
  for (const count of [4, 50, 500]) {
    for (const { seats } of hallOf(count).lines) {
      for (const [index, { x, y, turn }] of seats.entries()) {
        const mirror = seats.at(-1 - index);
        t.same([mirror?.x, mirror?.y, mirror?.turn].map(Number), [0 - x, y, 0 - turn], `${count} seats`);
      }
    }
  }
});
