import t from 'tap';
import { createLocalHours } from '../../../src/persistence/reports/local-hours.ts';

t.test('an hour begins by the clock of its zone, and says its offset', async (t) => {
  const hourIn = createLocalHours();
  const at = Date.parse('2026-11-24T09:47:12.345Z');
  t.equal(hourIn('Asia/Seoul', at), '2026-11-24T18:00:00+09:00');
  t.equal(hourIn('Asia/Kolkata', at), '2026-11-24T15:00:00+05:30');
  t.equal(hourIn('America/New_York', at), '2026-11-24T04:00:00-05:00');
  t.equal(hourIn('UTC', at), '2026-11-24T09:00:00+00:00');
  t.equal(hourIn('Asia/Seoul', Date.parse('2026-12-31T15:00:00Z')), '2027-01-01T00:00:00+09:00');
});

t.test('the hour that a change of the clock repeats is two hours', async (t) => {
  const hourIn = createLocalHours();
  t.equal(hourIn('America/New_York', Date.parse('2026-11-01T05:30:00Z')), '2026-11-01T01:00:00-04:00');
  t.equal(hourIn('America/New_York', Date.parse('2026-11-01T06:30:00Z')), '2026-11-01T01:00:00-05:00');
});
