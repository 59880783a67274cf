import t from 'tap';
import { instantOf, wallTimeOf } from '../../../web/ops/zoned-time.ts';

t.test('times are those of the concert’s clocks, summer and winter', async (t) => {
  for (const [wall, zone, iso] of [
    ['2027-01-05T19:30', 'Asia/Seoul', '2027-01-05T10:30:00.000Z'],
    ['2027-01-05T00:10', 'Asia/Seoul', '2027-01-04T15:10:00.000Z'],
    ['2027-01-05T19:30', 'America/New_York', '2027-01-06T00:30:00.000Z'],
    ['2027-07-05T19:30', 'America/New_York', '2027-07-05T23:30:00.000Z'],
    ['2027-03-28T01:59', 'Europe/Berlin', '2027-03-28T00:59:00.000Z'],
    ['2027-03-28T03:00', 'Europe/Berlin', '2027-03-28T01:00:00.000Z'],
  ] as const) {
    t.equal(instantOf(wall, zone), iso, `${wall} in ${zone}`);
    t.equal(wallTimeOf(iso, zone), wall, `${iso} in ${zone}`);
  }
});

t.test('what is no time is none', async (t) => {
  t.equal(instantOf('', 'Asia/Seoul'), null);
  t.equal(instantOf('tomorrow', 'Asia/Seoul'), null);
});
