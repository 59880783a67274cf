import t from 'tap';
import { createRing } from '../../src/cluster/ring.ts';

const KEYS = 100_000;

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node-${index}:0192f0c1-${index}`);
}

function spread(members: readonly string[]): Map<string, number> {
  const ring = createRing(members);
  const counts = new Map(members.map((member) => [member, 0]));
  for (let key = 1; key <= KEYS; key += 1) {
    const owner = ring.ownerOf(key) ?? 'nobody';
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

t.test('keys spread within ten per cent of evenly over 3, 5 and 16 nodes', async (t) => {
  for (const count of [3, 5, 16]) {
    const counts = spread(names(count));
    t.equal(counts.size, count, 'every key belongs to a member');
    for (const [member, keys] of counts) {
      t.ok(Math.abs(keys / (KEYS / count) - 1) < 0.1, `${member} of ${count} has ${keys} keys`);
    }
  }
});

t.test('a join moves keys to the new node only, and at most 1.3 of its share', async (t) => {
  for (const count of [3, 5, 16]) {
    const before = createRing(names(count));
    const after = createRing(names(count + 1));
    const joined = names(count + 1).at(-1);
    let moved = 0;
    for (let key = 1; key <= KEYS; key += 1) {
      if (before.ownerOf(key) === after.ownerOf(key)) continue;
      moved += 1;
      if (after.ownerOf(key) !== joined) t.fail(`key ${key} moved between old nodes`);
    }
    t.ok(moved > 0 && moved <= (1.3 * KEYS) / (count + 1), `${moved} keys moved from ${count} nodes`);
  }
});

t.test('members count once, in any order, and without members nobody owns', async (t) => {
  const members = names(5);
  const one = createRing(members);
  const other = createRing([...members, ...members].reverse());
  for (let key = 1; key <= 1_000; key += 1) t.equal(one.ownerOf(key), other.ownerOf(key));
  t.equal(createRing([]).ownerOf(1), null);
  t.equal(createRing(['only']).ownerOf(2 ** 50), 'only');
});

t.test('large neighbouring keys spread too', async (t) => {
  const ring = createRing(names(3));
  const owners = new Set(Array.from({ length: 64 }, (_, index) => ring.ownerOf(2 ** 40 + index)));
  t.equal(owners.size, 3);
});
