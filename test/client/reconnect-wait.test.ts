import t from 'tap';
import { DEFAULT_LIVE_LIMITS } from '../../src/client/live/limits.ts';
import { waitBeforeReconnect } from '../../src/client/live/reconnect-wait.ts';
import { createRandom } from '../simulation/random.ts';

const BROKEN = 1006;
const longest = (attempt: number, code: number) =>
  waitBeforeReconnect(attempt, code, () => 0.999_999, DEFAULT_LIVE_LIMITS);
const shortest = (attempt: number, code: number) => waitBeforeReconnect(attempt, code, () => 0, DEFAULT_LIVE_LIMITS);

t.test('the longest wait doubles up to five seconds, and to thirty when it is no restart any more', async (t) => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 10, 11, 40].map((attempt) => Math.round(longest(attempt, BROKEN)));
  t.same(waits, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 30_000, 30_000]);
  t.equal(shortest(9, BROKEN), 0);
});

t.test('a restart spreads everybody from the first wait on', async (t) => {
  t.equal(Math.round(longest(1, 1012)), 2_500);
  t.equal(shortest(1, 1012), 0);
});

t.test('who did not keep up or said too much stays away for a while at least', async (t) => {
  t.equal(shortest(1, 1013), 1_000);
  t.equal(shortest(1, 4429), 10_000);
  t.ok(longest(1, 4429) <= 20_000);
});

t.test(
  'of two thousand who lose their connections in one moment, no tenth of a second sees more than 130 come back',
  async (t) => {
    const random = createRandom(7);
    const arrivals = new Map<number, number>();
    for (let client = 0; client < 2_000; client += 1) {
      const slot = Math.floor(
        waitBeforeReconnect(1, 1012, () => random.below(1_000_000) / 1_000_000, DEFAULT_LIVE_LIMITS) / 100,
      );
      arrivals.set(slot, (arrivals.get(slot) ?? 0) + 1);
    }
    t.equal(arrivals.size, 25);
    t.ok(Math.max(...arrivals.values()) <= 130, `${Math.max(...arrivals.values())}`);
  },
);
