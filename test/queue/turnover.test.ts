import fc from 'fast-check';
import t from 'tap';
import { createTurnoverLog, TURNOVER_WINDOW_MS } from '../../src/queue/turnover.ts';

t.test('time inside and departures of the running and the former window are counted', async (t) => {
  const log = createTurnoverLog(0);
  log.advance(0, 10_000);
  log.advance(2, 40_000);
  log.noteDeparture();
  t.strictSame(log.read(1, 50_000), { departures: 1, insideMs: 70_000 });
  t.strictSame(log.read(1, TURNOVER_WINDOW_MS), { departures: 1, insideMs: 140_000 });
  t.strictSame(log.read(1, 2 * TURNOVER_WINDOW_MS), { departures: 0, insideMs: TURNOVER_WINDOW_MS });
});

t.test('however often it is read, the figures are the same', async () => {
  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 3 * TURNOVER_WINDOW_MS }), inside: fc.integer({ min: 0, max: 9 }) }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (changes, reads) => {
      const [seldom, often] = [createTurnoverLog(0), createTurnoverLog(0)];
      let nowMs = 0;
      for (const { afterMs, inside } of changes) {
        for (let nth = 1; nth <= reads; nth += 1) often.read(inside, nowMs + Math.floor((afterMs * nth) / reads));
        nowMs += afterMs;
        seldom.advance(inside, nowMs);
        seldom.noteDeparture();
        often.noteDeparture();
      }
      const [one, other] = [seldom.read(0, nowMs), often.read(0, nowMs)];
      return one.departures === other.departures && one.insideMs === other.insideMs;
    }),
  );
});

t.test('no more time is counted than fits into two windows', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 1e9 }), (startMs, afterMs) => {
      const { insideMs } = createTurnoverLog(startMs).read(3, startMs + afterMs);
      return insideMs <= 3 * 2 * TURNOVER_WINDOW_MS && insideMs >= 3 * Math.min(afterMs, TURNOVER_WINDOW_MS);
    }),
  );
});
