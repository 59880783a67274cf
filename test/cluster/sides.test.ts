import fc from 'fast-check';
import t from 'tap';
import { chooseSide, type Reach } from '../../src/cluster/sides.ts';

/** Nodes by their order of joining; `links` are "from>to", and "a-b" for both directions. */
function nodes(names: string, links: string): readonly Reach[] {
  const reached = new Map(Array.from(names, (name): [string, string[]] => [name, []]));
  for (const link of links.split(' ').filter((text) => text !== '')) {
    const [from = '', way = '', to = ''] = link;
    reached.get(from)?.push(to);
    if (way === '-') reached.get(to)?.push(from);
  }
  return Array.from(names, (node, joinedNo) => ({ node, joinedNo, reaches: reached.get(node) ?? [] }));
}

const CASES: readonly (readonly [string, readonly Reach[], string])[] = [
  ['a node alone', nodes('a', ''), 'a'],
  ['two nodes that reach each other', nodes('ab', 'a-b'), 'ab'],
  ['two nodes with a cut between them', nodes('ab', ''), 'a'],
  ['two nodes, of which the older is not reached', nodes('ab', 'a>b'), 'b'],
  ['two nodes, of which the younger is not reached', nodes('ab', 'b>a'), 'a'],
  ['three nodes, one of them cut off', nodes('abc', 'b-c'), 'bc'],
  ['three nodes, one of them not reached', nodes('abc', 'b-c a>b a>c'), 'bc'],
  ['three nodes, one of them reaches nobody', nodes('abc', 'a-b a>c b>c'), 'ab'],
  ['three nodes, no link at all', nodes('abc', ''), 'a'],
  ['three nodes, one link cut', nodes('abc', 'a-b b-c'), 'ab'],
  ['four nodes, cut into halves', nodes('abcd', 'a-d b-c'), 'ad'],
  ['four nodes, three against one', nodes('abcd', 'b-c b-d c-d'), 'bcd'],
  ['five nodes, three against two', nodes('abcde', 'a-b c-d c-e d-e'), 'cde'],
  ['five nodes, no side with a majority', nodes('abcde', 'b-e c-d'), 'be'],
  ['five nodes, one without links to two others', nodes('abcde', 'a-d a-e b-c b-d b-e c-d c-e d-e'), 'bcde'],
  ['two nodes of which the younger does not say', [...nodes('a', ''), { node: 'b', joinedNo: 1, reaches: null }], 'a'],
  [
    'two nodes that do not say',
    [
      { node: 'a', joinedNo: 0, reaches: null },
      { node: 'b', joinedNo: 1, reaches: null },
    ],
    'ab',
  ],
];

for (const [name, rows, expected] of CASES) {
  t.test(`of ${name} stay: ${expected}`, async (t) => {
    t.equal([...chooseSide(rows)].sort().join(''), expected);
    t.equal([...chooseSide(rows.toReversed())].sort().join(''), expected, 'whatever the order of the rows');
  });
}

/** Any nodes with any links. */
const anyRows = fc
  .integer({ min: 1, max: 7 })
  .chain((count) =>
    fc.array(fc.option(fc.subarray(Array.from({ length: count }, (_, index) => `n${index}`))), {
      minLength: count,
      maxLength: count,
    }),
  )
  .map((reaches) => reaches.map((reached, index): Reach => ({ node: `n${index}`, joinedNo: index, reaches: reached })));

const reaches = (from: Reach | undefined, to: string): boolean => from?.reaches?.includes(to) ?? true;

t.test('whatever is cut, some node stays, and those that stay reach each other', async () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const side = chooseSide(rows);
      const byName = new Map(rows.map((row) => [row.node, row]));
      const pairs = [...side].flatMap((one) => [...side].map((other) => [one, other] as const));
      return side.size > 0 && pairs.every(([one, other]) => one === other || reaches(byName.get(one), other));
    }),
    { numRuns: 3_000 },
  );
});

t.test('a cluster in which all reach each other stays whole', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 11 }), (count, silent) => {
      const names = Array.from({ length: count }, (_, index) => `n${index}`);
      const rows = names.map((node, joinedNo) => ({ node, joinedNo, reaches: joinedNo === silent ? null : names }));
      return chooseSide(rows).size === count;
    }),
  );
});

t.test(
  'of a cluster cut in two, exactly one side stays: the larger one, of halves that of the oldest node',
  async () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), (sides) => {
        const names = sides.map((_, index) => `n${index}`);
        const on = (side: boolean): readonly string[] => names.filter((_, index) => sides[index] === side);
        const rows = sides.map((side, joinedNo) => ({ node: `n${joinedNo}`, joinedNo, reaches: on(side) }));
        const [left, right] = [on(true), on(false)];
        const isLeft = left.length === right.length ? sides[0] === true : left.length > right.length;
        return [...chooseSide(rows)].sort().join() === [...(isLeft ? left : right)].sort().join();
      }),
      { numRuns: 2_000 },
    );
  },
);
