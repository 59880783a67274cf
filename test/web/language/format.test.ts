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

t.test('a range of waits is rounded outwards, in a unit that fits', async (t) => {
  t.same(en.durationRange(250, 530), { from: '4', to: '9 minutes' });
  t.same(ko.durationRange(250, 530), { from: '4', to: '9분' });
  t.same(en.durationRange(4, 184), { from: null, to: '4 minutes' });
  t.same(en.durationRange(0, 20), { from: null, to: '1 minute' });
  t.same(en.durationRange(3_000, 9_000), { from: null, to: '3 hours' });
  t.same(ko.durationRange(7_300, 20_000), { from: '2', to: '6시간' });
  t.same(en.durationRange(240, 240), { from: null, to: '4 minutes' });
});

t.test('an opening is counted down when it is near', async (t) => {
  t.equal(en.until(90_000), '1:30');
  t.equal(ko.until(47 * 3_600_000), '47:00:00');
  t.equal(en.until(50 * 3_600_000), '2 days');
  t.equal(ko.until(12 * 86_400_000), '12일');
});

t.test('prices and dates that are equal are told once', async (t) => {
  t.equal(ko.moneyRange(99_000, 165_000), '99,000원 ~ 165,000원');
  t.equal(en.moneyRange(99_000, 165_000), '₩99,000 – ₩165,000');
  t.equal(en.moneyRange(0, 0), '₩0');
  t.equal(ko.dates([EVENING], 'Asia/Seoul'), '2027년 2월 23일 (화)');
  t.equal(en.dates([EVENING, '2027-02-23T12:00:00.000Z'], 'Asia/Seoul'), 'Tue 23 February 2027');
  t.match(en.dates([EVENING, LATE], 'Asia/Seoul'), /^23\s–\s24 February 2027$/u);
  t.match(
    ko.dates([EVENING, '2027-02-24T10:00:00.000Z', '2027-03-01T10:00:00.000Z'], 'Asia/Seoul'),
    /2월 23일\s?~\s?3월 1일$/u,
  );
});
