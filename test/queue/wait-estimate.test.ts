import fc from 'fast-check';
import t from 'tap';
import { createRandom, type Random } from '../../harness/random.ts';
import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import { estimateWait, type LineFigures } from '../../src/queue/wait-estimate.ts';
import { simulateSale } from './simulated-sale.ts';

const SECONDS_PER_POSITION = 30;
const LOOK_EVERY_MS = 10_000;
const standard: QueuePolicy = { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000 };
const untouched = { active: 0, departures: 0, insideMs: 0 };

function estimate(line: LineFigures, position: number) {
  return estimateWait(line, position, SECONDS_PER_POSITION);
}

t.test('a window that admits one a second makes a second per position, while slots are free', async (t) => {
  const line = { ...standard, ...untouched, maxActive: 5_000, batch: 1, intervalMs: 1_000 };
  t.strictSame(estimate(line, 1), { seconds: 1, range: [0, 1] });
  t.strictSame(estimate(line, 300), { seconds: 300, range: [299, 300] });
});

t.test('a full house of which nothing is known makes 30 s per position, until that is refuted', async (t) => {
  const full = { ...standard, maxActive: 1, active: 1, departures: 0 };
  t.equal(estimate({ ...full, insideMs: 0 }, 1)?.seconds, 30);
  t.equal(estimate({ ...full, insideMs: 60_000 }, 4)?.seconds, 120);
  t.equal(estimate({ ...full, insideMs: 60_001 }, 1), null, 'nobody has left for twice as long');
});

t.test('a large house of which nothing is known is not assumed to empty one by one', async (t) => {
  const full = { ...standard, maxActive: 1_000, batch: 100, intervalMs: 1_000, active: 1_000, departures: 0 };
  t.equal(estimate({ ...full, insideMs: 0 }, 1_000)?.seconds, 300);
});

t.test('in a full house the measured departures decide', async (t) => {
  const full = { ...standard, active: 100, departures: 200, insideMs: 20_000_000 };
  const seen = estimate(full, 50);
  t.strictSame(seen, { seconds: 55, range: [40, 92] }, 'one leaves each second; the assumption still counts a little');
});

t.test('nobody waits longer than until each slot was given up often enough', async (t) => {
  const full = { ...standard, maxActive: 2, active: 2, activeTtlMs: 5_000, departures: 0, insideMs: 0 };
  t.strictSame(estimate(full, 3), { seconds: 10, range: [2, 10] });
});

t.test('a paused queue has no estimate', async (t) => {
  for (const paused of [{ batch: 0 }, { maxActive: 0 }])
    t.equal(estimate({ ...standard, ...untouched, ...paused }, 3), null);
});

const figures = fc.record({
  maxActive: fc.integer({ min: 1, max: 10_000 }),
  batch: fc.integer({ min: 1, max: 10_000 }),
  intervalMs: fc.integer({ min: 100, max: 3_600_000 }),
  activeTtlMs: fc.integer({ min: 1_000, max: 86_400_000 }),
  active: fc.integer({ min: 0, max: 20_000 }),
  departures: fc.integer({ min: 0, max: 100_000 }),
  insideMs: fc.integer({ min: 0, max: 2_400_000_000 }),
});
const positions = fc.integer({ min: 1, max: 100_000 });

t.test('an estimate is in whole seconds, within its range, and never sooner than the window allows', async () => {
  fc.assert(
    fc.property(figures, positions, (line, position) => {
      const found = estimate(line, position);
      if (found === null) return line.departures === 0;
      const [low, high] = found.range;
      const windowSeconds = Math.floor(((Math.ceil(position / line.batch) - 1) * line.intervalMs) / 1_000);
      return (
        [low, found.seconds, high].every(Number.isSafeInteger) &&
        windowSeconds <= low &&
        low <= found.seconds &&
        found.seconds <= high
      );
    }),
  );
});

t.test('a fan further back never gets a shorter estimate', async () => {
  fc.assert(
    fc.property(figures, positions, (line, position) => {
      const [one, next] = [estimate(line, position), estimate(line, position + 1)];
      return one === null || next === null || one.seconds <= next.seconds;
    }),
  );
});

/** Normally distributed, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

const stays: Readonly<Record<string, (random: Random) => number>> = {
  'about two minutes, some much longer': (random) => 20_000 + 80_000 * Math.exp(0.6 * normal(random)),
  'any time, two minutes on average': (random) => -120_000 * Math.log(1 - random.next()),
  'one to five minutes': (random) => 60_000 + 240_000 * random.next(),
};

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(share * (values.length - 1))] ?? Number.NaN;
}

for (const [stay, stayMs] of Object.entries(stays)) {
  for (const [name, policy, fans] of [
    ['the default policy', standard, 800],
    ['ten slots', { ...standard, maxActive: 10 }, 120],
    ['one admission a second', { ...standard, maxActive: 5_000, batch: 1, intervalMs: 1_000 }, 500],
  ] as const) {
    t.test(`estimates come true: ${name}, fans stay ${stay}`, async (t) => {
      const seed = Number(process.env['FRONTROW_SEED'] ?? 7);
      const sale = { policy, fans, arriveWithinMs: 20_000, stayMs, random: createRandom(seed) };
      const seen = simulateSale(sale, LOOK_EVERY_MS).map((sighting) => ({
        waitedSeconds: Math.max(1, sighting.waitedMs / 1_000),
        estimate: estimate(sighting.summary, sighting.position),
      }));
      const known = seen.flatMap(({ waitedSeconds, estimate }) =>
        estimate === null ? [] : [{ waitedSeconds, ...estimate }],
      );
      const ratios = known.map(({ seconds, waitedSeconds }) => seconds / waitedSeconds);
      const within = known.filter(
        ({ range: [low, high], waitedSeconds }) => low - 1 <= waitedSeconds && waitedSeconds <= high + 1,
      );
      const shareWithin = within.length / known.length;
      const [median, worst] = [percentile(ratios, 0.5), percentile(ratios, 0.95)];
      const figures = `FRONTROW_SEED=${seed}: estimate / wait: median ${median.toFixed(2)}, 95 % below ${worst.toFixed(2)}; ${(shareWithin * 100).toFixed(0)} % within the range`;
      t.comment(figures);
      t.ok(known.length > 0.9 * seen.length, 'seldom unknown');
      t.ok(median > 0.7 && median < 1.4, figures);
      t.ok(worst < 5, figures);
      t.ok(shareWithin > 0.7, figures);
    });
  }
}
