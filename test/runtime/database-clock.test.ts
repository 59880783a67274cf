import fc from 'fast-check';
import t from 'tap';
import { createDatabaseClock } from '../../src/runtime/database-clock.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

t.test('before the first reading nothing is due and no deadline is finite', async (t) => {
  const clock = createDatabaseClock(createManualClock());
  t.equal(clock.isKnown, false);
  t.equal(clock.lowerMs(), Number.NEGATIVE_INFINITY);
  t.equal(clock.upperMs(), Number.POSITIVE_INFINITY);
});

t.test('the bounds always contain a clock that drifts by less than 0.05 %, whatever the delays', async (t) => {
  const step = fc.record({
    pause: fc.integer({ min: 0, max: 60_000 }),
    there: fc.integer({ min: 0, max: 2_000 }),
    back: fc.integer({ min: 0, max: 2_000 }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 50 }),
      fc.double({ min: -0.0004, max: 0.0004, noNaN: true }),
      (steps, drift) => {
        const machine = createManualClock(0);
        const database = () => 1_700_000_000_000.5 + machine.monotonicMs() * (1 + drift);
        const clock = createDatabaseClock(machine);
        for (const { pause, there, back } of steps) {
          machine.advance(pause);
          const sentAt = machine.monotonicMs();
          machine.advance(there);
          const databaseMs = Math.floor(database());
          machine.advance(back);
          clock.observe({ sentAt, receivedAt: machine.monotonicMs(), databaseMs });
          if (clock.lowerMs() > database() || clock.upperMs() < database()) return false;
          machine.advance(pause);
          if (clock.lowerMs() > database() || clock.upperMs() < database()) return false;
        }
        return true;
      },
    ),
    { numRuns: 500 },
  );
  t.pass('no reading led outside');
});

t.test('a quick reading after a slow one tightens the bounds', async (t) => {
  const machine = createManualClock(0);
  const clock = createDatabaseClock(machine);
  machine.advance(1_000);
  clock.observe({ sentAt: 0, receivedAt: 1_000, databaseMs: 5_000_000 });
  t.ok(clock.upperMs() - clock.lowerMs() > 900);
  machine.advance(10);
  clock.observe({ sentAt: 1_009, receivedAt: 1_010, databaseMs: 5_000_510 });
  t.ok(clock.upperMs() - clock.lowerMs() < 10);
});

t.test('a database clock that is set starts the bounds afresh', async (t) => {
  const machine = createManualClock(0);
  const clock = createDatabaseClock(machine);
  clock.observe({ sentAt: 0, receivedAt: 0, databaseMs: 10_000_000 });
  machine.advance(100);
  clock.observe({ sentAt: 99, receivedAt: 100, databaseMs: 5_000_000 });
  t.ok(clock.upperMs() < 5_000_010);
  t.ok(clock.lowerMs() >= 5_000_000);
});
