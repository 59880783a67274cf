import t from 'tap';
import type { SchedulePlan } from '../../../src/client/answers.ts';
import { viewSections } from '../../../src/http/answers/seat-plan-views.ts';
import { generatePlan, type PlanSection, type SeatAttribute } from '../../../src/domain/seat-plan.ts';
import { placePlan, seatByKey } from '../../../web/state/seat-plan.ts';

/** The service's plan of a hall that nobody has drawn. */
const hallOf = (count: number) => {
  const plan = generatePlan(Array<number>(count).fill(1_000));
  const sections = viewSections(plan);
  return placePlan({ scheduleId: 1, planId: null, version: null, name: null, levels: [], sections });
};

function drawn(sections: readonly PlanSection[]): SchedulePlan {
  const levels = [{ name: 'R', price: 1_000 }];
  const views = viewSections({ name: 'Hall', sections, levels });
  return { scheduleId: 1, planId: 1, version: 1, name: 'Hall', levels, sections: views };
}

function row(label: string, places: readonly (readonly [x: number, y: number])[]) {
  const seats = places.map(([x, y], index) => ({
    label: String(index + 1),
    x,
    y,
    level: 'R',
    attributes: [] as SeatAttribute[],
  }));
  return { label, seats };
}

t.test(
  'each hall of 1 to 500 seats has every seat once, in order, under a name of its own, at a place of its own',
  async (t) => {
    for (let count = 1; count <= 500; count += 1) {
      const { lines, width, depth } = hallOf(count);
      const seats = lines.flatMap((line) => line.seats);
      const isRight =
        seats.length === count &&
        seats.every(({ seatNumber }, index) => seatNumber === index + 1) &&
        new Set(seats.map(({ row, seat }) => `${row} ${seat}`)).size === count &&
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
    line?.seats.filter(({ seat }) => seat === '1' || seat === '10').map(({ row, x }) => [row, x]),
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
  t.equal(seatByKey(hall, 99, 'ArrowDown'), null);
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

t.test('a drawn hall keeps its shape in whatever unit it was drawn, with its aisles', async (t) => {
  const rows = (unit: number) => [
    row('1', [
      [0, 0],
      [unit, 0],
      [4 * unit, 0],
    ]),
    row('2', [
      [0, 1.5 * unit],
      [unit, 1.5 * unit],
      [4 * unit, 1.5 * unit],
    ]),
  ];
  for (const unit of [1, 24, 0.01]) {
    const { seats, width } = placePlan(drawn([{ name: 'Floor', rows: rows(unit) }]));
    const places = [...seats.values()].map(({ x, y }) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10]);
    t.same(
      places,
      [
        [-2, 1],
        [-1, 1],
        [2, 1],
        [-2, 2.5],
        [-1, 2.5],
        [2, 2.5],
      ],
      `a seat is ${unit} wide`,
    );
    t.equal(Math.round(width * 10) / 10, 5);
  }
});

t.test('rows that were drawn closer than seats do not overlap', async (t) => {
  const near = [0, 1, 2].map((index) =>
    row(String(index), [
      [0, index * 10],
      [40, index * 10],
    ]),
  );
  const { seats } = placePlan(drawn([{ name: 'Floor', rows: near }]));
  t.equal((seats.get(3)?.y ?? 0) - (seats.get(1)?.y ?? 0), 1);
  t.equal((seats.get(2)?.x ?? 0) - (seats.get(1)?.x ?? 0), 4);
});

t.test('seats that were all drawn at the same place stand in rows from the stage backwards', async (t) => {
  const rows = [
    row('1', [
      [0, 0],
      [0, 0],
    ]),
    row('2', [
      [0, 0],
      [0, 0],
    ]),
  ];
  const { lines, sections } = placePlan(drawn([{ name: 'Floor', rows }]));
  t.same(
    lines.map(({ seats }) => seats.map(({ seatNumber }) => seatNumber)),
    [
      [1, 2],
      [3, 4],
    ],
  );
  t.equal(sections[0]?.name, 'Floor');
});

t.test('sections beside each other are one line for the keyboard, and each has a box of its own', async (t) => {
  const at = (x: number) => [
    row('1', [
      [x, 0],
      [x + 1, 0],
    ]),
    row('2', [
      [x, 1],
      [x + 1, 1],
    ]),
  ];
  const balcony = row('1', [
    [0, 6],
    [1, 6],
    [5, 6],
    [6, 6],
  ]);
  const plan = placePlan(
    drawn([
      { name: 'Left', rows: at(0) },
      { name: 'Right', rows: at(5) },
      { name: 'Balcony', rows: [balcony] },
    ]),
  );
  t.same(
    plan.lines.map(({ seats }) => seats.map(({ seatNumber }) => seatNumber)),
    [
      [1, 2, 5, 6],
      [3, 4, 7, 8],
      [9, 10, 11, 12],
    ],
  );
  t.equal(seatByKey(plan, 2, 'ArrowRight'), 5, 'into the next section');
  t.equal(seatByKey(plan, 8, 'ArrowDown'), 12);
  t.same(
    plan.sections.map(({ name, left, top, width, depth }) => ({ name, left, top, width, depth })),
    [
      { name: 'Left', left: -3.5, top: 1, width: 2, depth: 2 },
      { name: 'Right', left: 1.5, top: 1, width: 2, depth: 2 },
      { name: 'Balcony', left: -3.5, top: 7, width: 7, depth: 1 },
    ],
  );
});

t.test('a key towards a line without a seat straight ahead goes on to one that has it', async (t) => {
  const plan = placePlan(
    drawn([
      {
        name: 'Floor',
        rows: [
          row('1', [[0, 0]]),
          row('2', [
            [8, 1],
            [9, 1],
          ]),
          row('3', [
            [0, 2],
            [1, 2],
          ]),
        ],
      },
    ]),
  );
  t.equal(seatByKey(plan, 1, 'ArrowDown'), 4);
  t.equal(seatByKey(plan, 3, 'ArrowUp'), 1, 'or else to the next line');
});
