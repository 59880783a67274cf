import t from 'tap';
import { v7 } from 'uuid';
import { createRing } from '../../src/cluster/ring.ts';
import { createRandom, type Random } from '../simulation/random.ts';
import { seedsToRun } from '../simulation/seeds.ts';

/*
 * Where keys go is chance, so how evenly they spread is a matter of their number: of K keys each of N nodes has its Nth by
 * a standard deviation of sqrt((N - 1) / K), which for 16 nodes is 1.2 % of 100 000 keys and 3.9 % of 10 000. A first test
 * judges many keys, a second one whether fewer deviate by more than chance. SEED=n runs one seed, SEEDS=a-b a range.
 */

const NODE_COUNTS = [3, 5, 16];
const MANY_KEYS = 100_000;
const FEW_KEYS = 2_000;
const SEEDS_OF_MANY = 6;
const SEEDS_OF_FEW = 60;
/** A sum of squares beyond the bound that rests on it is seen once in e to the power of this: in a million. */
const RARITY = 14;
const KEY_LIMIT = 2 ** 31;
const STARTED_AT_MS = Date.UTC(2026, 10, 20);

/** As nodes name themselves: NODE_ID, and a UUID of the moment of the start. */
function nodeNames(count: number, random: Random): string[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = Uint8Array.from({ length: 16 }, () => random.below(256));
    return `node-${index + 1}:${v7({ msecs: STARTED_AT_MS + index * 50, random: bytes })}`;
  });
}

/** As a database numbers schedules, and as one does that skips. */
function keySets(count: number, random: Random): Readonly<Record<string, readonly number[]>> {
  const first = 1 + random.below(KEY_LIMIT - count);
  return {
    'from 1': Array.from({ length: count }, (_, index) => 1 + index),
    [`from ${first}`]: Array.from({ length: count }, (_, index) => first + index),
    'at random': [...new Set(Array.from({ length: count }, () => 1 + random.below(KEY_LIMIT)))],
  };
}

function owners(members: readonly string[], keys: readonly number[]): readonly (string | null)[] {
  const ring = createRing(members);
  return keys.map((key) => ring.ownerOf(key));
}

function share(members: readonly string[], keys: readonly number[]): Map<string, number> {
  const counts = new Map(members.map((member) => [member, 0]));
  for (const owner of owners(members, keys)) counts.set(owner ?? '', (counts.get(owner ?? '') ?? 0) + 1);
  return counts;
}

t.test('many keys spread within ten per cent of evenly over 3, 5 and 16 nodes', async (t) => {
  for (const seed of seedsToRun(SEEDS_OF_MANY)) {
    const random = createRandom(seed);
    for (const count of NODE_COUNTS) {
      const members = nodeNames(count, random);
      for (const [kind, keys] of Object.entries(keySets(MANY_KEYS, random))) {
        const counts = share(members, keys);
        const deviations = Array.from(counts.values(), (own) => Math.abs((own * count) / keys.length - 1));
        t.equal(counts.size, count, 'every key belongs to a member');
        t.ok(Math.max(...deviations) < 0.1, `seed ${seed}, ${count} nodes, keys ${kind}: ${Math.max(...deviations)}`);
      }
    }
  }
});

t.test('few keys deviate from evenly by no more than chance', async (t) => {
  const seeds = seedsToRun(SEEDS_OF_FEW);
  for (const count of NODE_COUNTS) {
    const squares = new Map<string, number>();
    for (const seed of seeds) {
      const random = createRandom(seed);
      const members = nodeNames(count, random);
      for (const [kind, keys] of Object.entries(keySets(FEW_KEYS, random))) {
        const fair = keys.length / count;
        const square = Array.from(share(members, keys).values(), (own) => (own - fair) ** 2 / fair);
        const name = kind === 'from 1' || kind === 'at random' ? kind : 'from anywhere';
        squares.set(name, (squares.get(name) ?? 0) + square.reduce((sum, each) => sum + each));
      }
    }
    const freedom = (count - 1) * seeds.length;
    // Laurent and Massart (2000), lemma 1, for a chi-squared sum.
    const bound = 1 + 2 * Math.sqrt(RARITY / freedom) + (2 * RARITY) / freedom;
    for (const [kind, sum] of squares) t.ok(sum / freedom < bound, `${count} nodes, keys ${kind}: ${sum / freedom}`);
  }
});

t.test('a join moves keys to the new node only, and at most 1.3 of its share', async (t) => {
  for (const seed of seedsToRun(SEEDS_OF_MANY)) {
    const random = createRandom(seed);
    for (const count of NODE_COUNTS) {
      const members = nodeNames(count + 1, random);
      const joiner = members.at(-1);
      for (const [kind, keys] of Object.entries(keySets(MANY_KEYS, random))) {
        const before = owners(members.slice(0, -1), keys);
        const after = owners(members, keys);
        const moved = after.filter((owner, index) => owner !== before[index]);
        t.ok(
          moved.every((owner) => owner === joiner),
          `seed ${seed}, ${count} nodes, keys ${kind}`,
        );
        t.ok(moved.length > 0 && moved.length <= (1.3 * keys.length) / (count + 1), `${moved.length} keys moved`);
      }
    }
  }
});

t.test("a leave moves only the leaver's keys, and spreads them", async (t) => {
  for (const seed of seedsToRun(SEEDS_OF_MANY)) {
    const random = createRandom(seed);
    for (const count of NODE_COUNTS) {
      const members = nodeNames(count, random);
      const leaver = random.below(count);
      const staying = members.filter((_, index) => index !== leaver);
      for (const [kind, keys] of Object.entries(keySets(MANY_KEYS, random))) {
        const before = owners(members, keys);
        const after = owners(staying, keys);
        const moved = keys.flatMap((_, index) => (after[index] === before[index] ? [] : [index]));
        t.ok(
          moved.every((index) => before[index] === members[leaver]),
          `seed ${seed}, ${count} nodes, keys ${kind}`,
        );
        t.equal(new Set(moved.map((index) => after[index])).size, staying.length, 'every other node takes some');
      }
    }
  }
});

t.test('members count once, in any order, and without members nobody owns', async (t) => {
  const members = nodeNames(5, createRandom(1));
  const one = createRing(members);
  const other = createRing([...members, ...members].reverse());
  for (let key = 1; key <= 1_000; key += 1) t.equal(one.ownerOf(key), other.ownerOf(key));
  t.equal(createRing([]).ownerOf(1), null);
  t.equal(createRing(['only']).ownerOf(2 ** 50), 'only');
});

t.test('large neighbouring keys spread too', async (t) => {
  const keys = Array.from({ length: 64 }, (_, index) => 2 ** 40 + index);
  t.equal(new Set(owners(nodeNames(3, createRandom(1)), keys)).size, 3);
});
