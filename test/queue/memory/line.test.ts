import fc from 'fast-check';
import t from 'tap';
import { createLine } from '../../../src/queue/memory/line.ts';

type Step =
  | { readonly type: 'join'; readonly gap: number }
  | { readonly type: 'joinAhead'; readonly pick: number }
  | { readonly type: 'leave'; readonly pick: number }
  | { readonly type: 'leaveFront' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('join' as const), gap: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('joinAhead' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('leave' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('leaveFront' as const) }) },
);

t.test('a line agrees with a sorted list, whoever joins and leaves', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const line = createLine<string>();
      let present: number[] = [];
      let gone: number[] = [];
      let last = 0;

      const leave = (no: number): void => {
        t.equal(line.leave(no), true);
        t.equal(line.leave(no), false, 'nobody leaves twice');
        present = present.filter((other) => other !== no);
        gone.push(no);
      };

      for (const next of steps) {
        switch (next.type) {
          case 'join':
            last += next.gap;
            line.join(last, `item ${last}`);
            present.push(last);
            break;
          case 'joinAhead': {
            const no = gone[next.pick % Math.max(1, gone.length)];
            if (no === undefined) break;
            line.join(no, `item ${no}`);
            gone = gone.filter((other) => other !== no);
            present = [...present, no].sort((one, other) => one - other);
            break;
          }
          case 'leave': {
            const no = present[next.pick % Math.max(1, present.length)];
            if (no !== undefined) leave(no);
            break;
          }
          case 'leaveFront': {
            const [no] = present;
            if (no !== undefined) leave(no);
            break;
          }
        }
        const ranks = present.map((no) => line.rankOf(no));
        const isRight =
          line.size === present.length &&
          ranks.every((rank, position) => rank === position + 1) &&
          present.every((no, position) => line.at(position + 1) === `item ${no}`) &&
          gone.every((no) => line.rankOf(no) === 0) &&
          line.at(0) === undefined &&
          line.at(present.length + 1) === undefined;
        if (!isRight) return false;
      }
      return true;
    }),
    { numRuns: 150 },
  );
});

t.test('a number that is in the line already is refused', async (t) => {
  const line = createLine<string>();
  line.join(7, 'first');
  t.throws(() => line.join(7, 'second'));
  t.equal(line.at(1), 'first');
});

/** The most cells that one look at a rank touches, in a line of that length from which every third has left. */
function mostCellsOfALook(length: number): number {
  const line = createLine<number>();
  for (let no = 1; no <= length; no += 1) line.join(no, no);
  for (let no = 3; no <= length; no += 3) line.leave(no);
  let most = 0;
  for (let no = 1; no <= length; no += Math.ceil(length / 997)) {
    const before = line.cellsTouched;
    line.rankOf(no);
    line.at(1 + (no % line.size));
    most = Math.max(most, line.cellsTouched - before);
  }
  return most;
}

t.test('a look at a rank among 100 000 touches hardly more cells than one among 1 000', async (t) => {
  const few = mostCellsOfALook(1_000);
  const many = mostCellsOfALook(100_000);
  t.ok(many <= 3 * Math.ceil(Math.log2(100_000)) + 3, `${many} cells`);
  t.ok(many <= 2 * few, `${many} cells against ${few}`);
});

t.test('coming and going costs a logarithm of the line, its rebuilding included', async (t) => {
  const line = createLine<number>();
  const people = 100_000;
  for (let no = 1; no <= people; no += 1) line.join(no, no);
  t.ok(line.cellsTouched <= 3 * people, `${line.cellsTouched} cells to join`);
  const before = line.cellsTouched;
  while (line.size > 0) line.leave(line.at(1) ?? 0);
  const each = (line.cellsTouched - before) / people;
  t.ok(each <= 4 * Math.log2(people), `${each} cells to leave`);
});

t.test('a short line stays cheap, however many have passed through it', async (t) => {
  const line = createLine<number>();
  for (let no = 1; no <= 200_000; no += 1) {
    line.join(no, no);
    line.leave(no - 10);
  }
  const before = line.cellsTouched;
  t.equal(line.rankOf(200_000), 10);
  t.equal(line.at(1), 199_991);
  t.ok(line.cellsTouched - before <= 4 * Math.log2(64), `${line.cellsTouched - before} cells`);
});
