import fc from 'fast-check';
import t from 'tap';
import { chooseSeats, type SeatChoice } from '../../../src/actors/seating/choose-seats.ts';
import { layOut } from '../../../src/actors/seating/seat-layout.ts';
import { generatePlan, type SeatPlan } from '../../../src/domain/seat-plan.ts';
import { SUITABLE, TAKEN } from '../../../src/actors/seating/seat-wish.ts';
import { hallOf } from './hall-of.ts';

interface Options {
  readonly isTogether?: boolean;
  readonly avoidsSingles?: boolean;
  readonly seq?: number;
}

function choose(rows: readonly string[], count: number, options: Options = {}): SeatChoice {
  const { layout, states } = hallOf(...rows);
  return chooseSeats(layout, { count, isTogether: true, avoidsSingles: true, seq: 0, states, ...options });
}

function chosen(rows: readonly string[], count: number, options: Options = {}): readonly number[] | null {
  const choice = choose(rows, count, options);
  return choice.type === 'chosen' ? choice.seatNumbers : null;
}

t.test('the middle of the front row comes first, then the row behind', async (t) => {
  t.strictSame(chosen(['..........', '..........'], 2), [5, 6]);
  t.strictSame(chosen(['##########', '..........'], 2), [15, 16]);
  t.strictSame(chosen(['#.##.#.##.', '..........'], 2), [15, 16]);
});

t.test('an aisle parts a block, and the centre is that of the whole row', async (t) => {
  t.strictSame(chosen(['.... ......'], 4), [5, 6, 7, 8]);
  t.strictSame(chosen(['... ...', '......'], 4, { avoidsSingles: false }), [8, 9, 10, 11]);
});

t.test('seats that do not suit the wish are not chosen', async (t) => {
  t.strictSame(chosen(['.xx.', '....'], 2), [6, 7], 'the centre counts more than a single seat at the end of a row');
  t.strictSame(choose(['.xx.', '.x..'], 3), { type: 'none', largestBlock: 2 });
});

t.test('equally good choices are decided by the number of the last change', async (t) => {
  t.strictSame(chosen(['..........'], 3, { seq: 4, avoidsSingles: false }), [4, 5, 6]);
  t.strictSame(chosen(['..........'], 3, { seq: 5, avoidsSingles: false }), [5, 6, 7]);
});

t.test('a wish that avoids singles would rather sit further back', async (t) => {
  t.strictSame(chosen(['#...#', '.....'], 2), [7, 8]);
  t.strictSame(chosen(['#...#', '.....'], 2, { avoidsSingles: false }), [2, 3]);
  t.strictSame(chosen(['#...#', '#####'], 2), [2, 3], 'where every choice leaves one, the front row it is');
});

t.test('scattered seats are the nearest to the stage and the centre', async (t) => {
  t.strictSame(chosen(['#.#.#.', '......'], 3, { isTogether: false, avoidsSingles: false }), [2, 4, 6]);
  t.strictSame(chosen(['#.#.#.', '......'], 4, { isTogether: false, avoidsSingles: false })?.length, 4);
  t.strictSame(choose(['#.#.#.', '######'], 4, { isTogether: false }), { type: 'none', largestBlock: 1 });
});

t.test('a hall without a plan has rows of ten', async (t) => {
  const { stretches } = layOut(generatePlan(Array.from({ length: 23 }, () => 1)));
  t.strictSame(
    stretches.map(({ seats }) => seats.map(({ seatNumber }) => seatNumber)),
    [
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      [11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
      [21, 22, 23],
    ],
  );
  t.strictSame(
    stretches[2]?.seats.map(({ fromCentre }) => fromCentre),
    [-2, 0, 2],
  );
});

/** What a choice costs, the weightiest first; worked out from the hall before and after it. */
function costs({ layout, states }: ReturnType<typeof hallOf>, picked: readonly number[], options: Options): number[] {
  const taken = new Set(picked);
  const isFree = (seatNumber: number) => states[seatNumber] !== TAKEN;
  let singles = 0;
  let atEnds = 0;
  let ranks = 0;
  let distance = 0;
  for (const { rank, seats } of layout.stretches) {
    for (const [index, { seatNumber, fromCentre }] of seats.entries()) {
      const neighbours = [seats[index - 1], seats[index + 1]].filter((seat) => seat !== undefined);
      const isSingle = (isOpen: (n: number) => boolean) =>
        isOpen(seatNumber) && !neighbours.some((seat) => isOpen(seat.seatNumber));
      if (isSingle((n) => isFree(n) && !taken.has(n)) && !isSingle(isFree)) {
        if (neighbours.length === 2) singles += 1;
        else atEnds += 1;
      }
      if (taken.has(seatNumber)) {
        ranks += rank;
        distance += options.isTogether === true ? fromCentre : Math.abs(fromCentre);
      }
    }
  }
  const front = options.isTogether === true ? [ranks, Math.abs(distance)] : [ranks, distance];
  return options.avoidsSingles === true ? [singles, ...front, atEnds] : [...front, singles + atEnds];
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, cost] of one.entries()) {
    const difference = cost - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function* selections(from: readonly number[], count: number): Generator<number[]> {
  if (count === 0) yield [];
  for (const [index, first] of from.entries()) {
    if (count > 0) for (const rest of selections(from.slice(index + 1), count - 1)) yield [first, ...rest];
  }
}

function* candidates({ layout, states }: ReturnType<typeof hallOf>, count: number, isTogether: boolean) {
  if (!isTogether) {
    const suitable = layout.stretches.flatMap(({ seats }) => seats.map(({ seatNumber }) => seatNumber));
    yield* selections(
      suitable.filter((seatNumber) => states[seatNumber] === SUITABLE),
      count,
    );
    return;
  }
  for (const { seats } of layout.stretches) {
    for (let start = 0; start + count <= seats.length; start += 1) {
      const block = seats.slice(start, start + count).map(({ seatNumber }) => seatNumber);
      if (block.every((seatNumber) => states[seatNumber] === SUITABLE)) yield block;
    }
  }
}

const anyRow = fc
  .array(fc.constantFrom('.', '.', '.', '#', '#', 'x', ' '), { minLength: 1, maxLength: 12 })
  .map((marks) => marks.join('').replaceAll(/ +/g, ' ').trim())
  .filter((row) => row !== '');

t.test('no other choice is better than the one made', async () => {
  fc.assert(
    fc.property(
      fc.array(anyRow, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      fc.boolean(),
      fc.nat(),
      (rows, count, isTogether, avoidsSingles, seq) => {
        const hall = hallOf(...rows);
        const options = { isTogether, avoidsSingles };
        const choice = chooseSeats(hall.layout, { count, ...options, seq, states: hall.states });
        const all = [...candidates(hall, count, isTogether)].map((picked) => costs(hall, picked, options));
        if (choice.type === 'none') return all.length === 0;
        const [best] = all.toSorted(compare);
        return best !== undefined && compare(costs(hall, choice.seatNumbers, options), best) === 0;
      },
    ),
    { numRuns: 3_000 },
  );
});

t.test(
  'of 160 parties of five for 800 seats none is refused while a block exists, and no seat stays empty',
  async (t) => {
    const { layout, states } = hallOf(...Array.from({ length: 40 }, () => '.'.repeat(20)));
    let scattered = 0;
    for (let party = 0; party < 160; party += 1) {
      const wish = { count: 5, avoidsSingles: true, states, seq: party * 5 };
      let choice = chooseSeats(layout, { ...wish, isTogether: true });
      if (choice.type === 'none') {
        const blocks = [...candidates({ layout, states }, 5, true)];
        t.strictSame(blocks, [], `party ${party}`);
        scattered += 1;
        choice = chooseSeats(layout, { ...wish, isTogether: false });
      }
      for (const seatNumber of choice.type === 'chosen' ? choice.seatNumbers : []) states[seatNumber] = TAKEN;
    }
    t.ok(scattered > 0 && scattered < 80, `${scattered} parties sit scattered`);
    t.notOk(states.includes(SUITABLE));
  },
);

t.test('rows are ranked by their distance from the stage, and aisles part them where the plan says so', async (t) => {
  const row = (label: string, y: number, marks: string, spacing: readonly number[] = []) => ({
    label,
    seats: marks.split('').map((mark, index) => ({
      label: String(index),
      x: spacing[index] ?? index,
      y,
      attributes: mark === 'A' ? (['AISLE'] as const) : [],
      level: 'R',
    })),
  });
  const plan: SeatPlan = {
    name: 'Hall',
    sections: [
      { name: 'Balcony', rows: [row('1', 9, 'ooo')] },
      { name: 'Stalls', rows: [row('1', 0, 'AoAAoA'), row('2', 1, 'ooAoo'), row('3', 2, 'ooAoo', [0, 1, 5, 6, 7])] },
    ],
    levels: [{ name: 'R' }],
  };
  t.strictSame(
    layOut(plan).stretches.map(({ rank, section, seats }) => [
      rank,
      section,
      ...seats.map(({ seatNumber }) => seatNumber),
    ]),
    [
      [0, 'Stalls', 4, 5, 6],
      [0, 'Stalls', 7, 8, 9],
      [1, 'Stalls', 10, 11, 12],
      [1, 'Stalls', 13, 14],
      [2, 'Stalls', 15, 16],
      [2, 'Stalls', 17, 18, 19],
      [3, 'Balcony', 1, 2, 3],
    ],
  );
});
