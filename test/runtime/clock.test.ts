import t from 'tap';
import { every, pause } from '../../src/runtime/clock.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

t.test('a pause ends after its time, and not before', async (t) => {
  const clock = createManualClock();
  let isOver = false;
  const paused = pause(clock, 100).then(() => (isOver = true));
  clock.advance(99);
  await Promise.resolve();
  t.equal(isOver, false);
  clock.advance(1);
  await paused;
  t.equal(isOver, true);
});

t.test('work is repeated until it is stopped, also from within', async (t) => {
  const clock = createManualClock();
  let runs = 0;
  const stop = every(clock, 100, () => {
    runs += 1;
    if (runs === 3) stop();
  });
  clock.advance(99);
  t.equal(runs, 0);
  clock.advance(101);
  t.equal(runs, 2);
  clock.advance(1_000);
  t.equal(runs, 3);
  t.equal(clock.pending(), 0);
});

t.test('the next run waits for the end of the last one', async (t) => {
  const clock = createManualClock();
  const ends: (() => void)[] = [];
  const stop = every(clock, 100, () => new Promise((resolve) => ends.push(resolve)));
  clock.advance(1_000);
  t.equal(ends.length, 1);
  ends[0]?.();
  await Promise.resolve();
  clock.advance(100);
  t.equal(ends.length, 2);
  stop();
  ends[1]?.();
  await Promise.resolve();
  t.equal(clock.pending(), 0, 'a run that ends after the stop arms no timer');
});
