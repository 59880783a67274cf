import t from 'tap';
import { TokenBuckets } from '../../../src/http/hooks/token-buckets.ts';

function takeMany(buckets: TokenBuckets, key: string, count: number, nowMs: number): number {
  return Array.from({ length: count }, () => buckets.take(key, nowMs)).filter((waitMs) => waitMs === 0).length;
}

t.test('a bucket holds so many tokens, and gets the rest evenly over the minute', async (t) => {
  const buckets = new TokenBuckets({ perMinute: 600, atOnce: 60, limit: 100 });
  t.equal(takeMany(buckets, 'a', 100, 5_000), 60);
  t.equal(buckets.take('a', 5_000), 100, 'one token takes a tenth of a second');
  t.equal(buckets.take('a', 5_040), 60);
  t.equal(takeMany(buckets, 'b', 100, 5_040), 60, 'each key has its own');
  t.equal(takeMany(buckets, 'a', 100, 6_000), 10);
  t.equal(takeMany(buckets, 'a', 100, 60_000), 60, 'it holds no more than at first');
});

t.test('over a minute no token is lost to rounding', async (t) => {
  for (const perMinute of [7, 11, 12_000, 12_340, 999_983]) {
    const atOnce = Math.ceil(perMinute / 10);
    const buckets = new TokenBuckets({ perMinute, atOnce, limit: 100 });
    t.equal(takeMany(buckets, 'a', atOnce + 5, 1e9), atOnce, `${perMinute} a minute`);
    t.equal(takeMany(buckets, 'a', atOnce + 5, 1e9 + 60_000), atOnce);
  }
});

t.test('buckets that are full again are forgotten, and no others', async (t) => {
  const buckets = new TokenBuckets({ perMinute: 600, atOnce: 60, limit: 1_000 });
  t.equal(takeMany(buckets, 'a', 60, 0), 60);
  for (let nowMs = 0; nowMs < 6_000; nowMs += 50) {
    t.equal(buckets.take(`other${nowMs}`, nowMs), 0);
    const isDue = nowMs > 0 && nowMs % 100 === 0;
    t.equal(buckets.take('a', nowMs) === 0, isDue, `at ${nowMs} ms`);
  }
  for (let nowMs = 6_000; nowMs < 60_000; nowMs += 50) buckets.take(`later${nowMs}`, nowMs);
  t.ok(buckets.size <= 2 * (6_000 / 50 + 1), `${buckets.size} buckets`);
});

t.test('a flood of keys takes bounded memory', async (t) => {
  const buckets = new TokenBuckets({ perMinute: 600, atOnce: 60, limit: 1_000 });
  for (let key = 0; key < 10_000; key += 1) buckets.take(`${key}`, 0);
  t.ok(buckets.size <= 1_000 && buckets.size >= 500, `${buckets.size} buckets`);
});
