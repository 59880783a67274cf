import fc from 'fast-check';
import t from 'tap';
import { type LeftSingles, findLeftSingles } from '../../../src/actors/seating/single-seats.ts';
import { hallOf } from './hall-of.ts';

/** Rows as in `hallOf`; a picked seat is an `o`. */
function judge(...rows: readonly string[]): LeftSingles | null {
  const picked = rows
    .join('')
    .replaceAll(' ', '')
    .split('')
    .flatMap((mark, index) => (mark === 'o' ? [index + 1] : []));
  const { layout, states } = hallOf(...rows.map((row) => row.replaceAll('o', '.')));
  return findLeftSingles(layout, { seatNumbers: picked, states, seq: 0 });
}

t.test('a pick that leaves a free seat between two taken ones is told so, with the nearest other seats', async (t) => {
  t.strictSame(judge('#.o.......'), { stranded: [2], suggestions: [[2], [4], [5]] });
  t.strictSame(judge('#.oo......'), {
    stranded: [2],
    suggestions: [
      [2, 3],
      [4, 5],
      [5, 6],
    ],
  });
  t.strictSame(judge('o.o...'), {
    stranded: [2],
    suggestions: [
      [1, 2],
      [2, 3],
      [3, 4],
    ],
  });
});

t.test('the end of a row and an aisle leave no single seat between taken ones', async (t) => {
  t.equal(judge('.o........'), null);
  t.equal(judge('#. o.....#'), null);
  t.match(judge('#.o .....#'), { stranded: [2] });
});

t.test('a seat that was single before is nobody’s doing', async (t) => {
  t.equal(judge('#.#o......'), null);
});

t.test('a party that has no other choice may leave a single seat', async (t) => {
  t.equal(judge('#.oo######', '##########'), null, 'two of three');
  t.strictSame(judge('#.ooox####'), { stranded: [2, 6], suggestions: [[2, 3, 4]] });
  t.match(judge('#.o.######', '.........#'), { stranded: [2, 4], suggestions: [[2], [4], [13]] });
  t.match(judge('#.oo######', '.........#'), { stranded: [2], suggestions: [[13, 14]] });
  t.equal(judge('#.oo######', 'xxxxxxxxx#'), null, 'seats that do not suit are no choice');
});

t.test('with less than 5 % of the seats free every pick is right', async (t) => {
  const full = Array.from({ length: 6 }, () => '##########');
  t.match(judge('#.o.......'), { stranded: [2] });
  t.equal(judge('#.o#######', ...full), null, '2 of 70');
  const free = judge('#.o...####', ...full);
  t.match(free, { stranded: [2] }, '5 of 70');
});

/** Every selection of `count` suitable seats. */
function selectionsOf(seats: readonly number[], count: number): readonly (readonly number[])[] {
  if (count === 0) return [[]];
  return seats.flatMap((seat, index) =>
    selectionsOf(seats.slice(index + 1), count - 1).map((others) => [seat, ...others]),
  );
}

/** The seats that a selection of one row leaves alone, read off its text. */
function strandedIn(row: string, chosen: readonly number[]): readonly number[] {
  const after = row
    .split('')
    .map((mark, index) => (chosen.includes(index + 1) ? 'o' : mark))
    .join('');
  return after.split('').flatMap((mark, index) => {
    const [left, right] = [after[index - 1] ?? '', after[index + 1] ?? ''];
    const isAlone = (mark === '.' || mark === 'x') && '#o'.includes(left || ' ') && '#o'.includes(right || ' ');
    return isAlone && (left === 'o' || right === 'o') ? [index + 1] : [];
  });
}

t.test('the judgement agrees with a look at every selection of a row', async (t) => {
  const rows = fc.stringMatching(/^[.#x]{3,12}$/);
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 4 }), fc.nat(), (row, count, nth) => {
      const suitable = row.split('').flatMap((mark, index) => (mark === '.' ? [index + 1] : []));
      const all = selectionsOf(suitable, count);
      const picked = all[nth % Math.max(all.length, 1)];
      if (picked === undefined) return;
      const { layout, states } = hallOf(row);
      const judged = findLeftSingles(layout, { seatNumbers: picked, states, seq: nth });
      const isBlock = (seats: readonly number[]) => seats.every((seat, index) => seat === (seats[0] ?? 0) + index);
      const clean = all.filter((seats) => strandedIn(row, seats).length === 0);
      const blocks = clean.filter(isBlock);
      const stranded = strandedIn(row, picked);
      const hasChoice = isBlock(picked) ? blocks.length > 0 : clean.length > 0;
      if (stranded.length === 0 || !hasChoice) {
        t.equal(judged, null, `${row} ${picked.join()}`);
        return;
      }
      if (judged === null) throw new Error(`${row}: ${picked.join()} leaves ${stranded.join()}`);
      t.strictSame(judged.stranded, stranded);
      t.equal(judged.suggestions.length, blocks.length === 0 ? 1 : Math.min(3, blocks.length));
      const known = new Set(clean.map((seats) => seats.join()));
      for (const seats of judged.suggestions) t.ok(known.has(seats.toSorted((a, b) => a - b).join()));
      t.equal(new Set(judged.suggestions.map((seats) => seats.join())).size, judged.suggestions.length);
    }),
    { numRuns: 3_000 },
  );
});
