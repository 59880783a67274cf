import t from 'tap';
import { createFormat } from '../../../web/language/format.ts';

const ko = createFormat('ko', 'Asia/Seoul');
const en = createFormat('en', 'Europe/Berlin');
const EVENING = '2027-02-23T10:00:00.000Z';
const LATE = '2027-02-23T16:30:00.000Z';

t.test('dates are those of the concert’s time zone, wherever one reads them', async (t) => {
  t.equal(ko.date(EVENING, 'Asia/Seoul'), '2027년 2월 23일 (화)');
  t.equal(en.date(EVENING, 'Asia/Seoul'), 'Tue 23 February 2027');
  t.match(en.date(LATE, 'Asia/Seoul'), /24 February/);
  t.same(ko.leaf(LATE, 'Asia/Seoul'), { month: '2월', day: '24', weekday: '수요일' });
});

t.test('a time names its zone where that is not the reader’s', async (t) => {
  t.equal(ko.time(EVENING, 'Asia/Seoul'), '오후 7:00');
  t.match(en.time(EVENING, 'Asia/Seoul'), /^19:00.+/);
  t.equal(ko.time(EVENING, 'Asia/Tokyo'), '오후 7:00', 'Tokyo has the time of Seoul');
});

t.test('money is whole won', async (t) => {
  t.equal(ko.money(1_234_000), '1,234,000원');
  t.equal(en.money(1_234_000), '₩1,234,000');
  t.equal(en.spokenMoney(110_000), '110,000 won');
});

t.test('a countdown is never negative', async (t) => {
  t.equal(ko.countdown(245_000), '4:05');
  t.equal(ko.countdown(3_845_000), '1:04:05');
  t.equal(ko.countdown(-5), '0:00');
});

t.test('waits are told in a unit that fits', async (t) => {
  t.equal(en.duration(45), '45 seconds');
  t.equal(en.duration(300), '5 minutes');
  t.equal(ko.duration(5_400), '1.5시간');
  t.equal(en.duration(0), '1 second');
});
