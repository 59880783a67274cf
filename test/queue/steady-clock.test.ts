import t from 'tap';
import { createSteadyClock } from '../../src/queue/steady-clock.ts';

t.test('issued instants are whole and never go back when the clock becomes better known', async (t) => {
  let upperMs = 100.25;
  const clock = createSteadyClock({ lowerMs: () => 90.5, upperMs: () => upperMs });
  t.equal(clock.upperMs(), 101);
  upperMs = 97;
  t.equal(clock.upperMs(), 101);
  upperMs = 103;
  t.equal(clock.upperMs(), 103);
  t.equal(clock.lowerMs(), 90.5);
});
