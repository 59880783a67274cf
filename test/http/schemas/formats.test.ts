import t from 'tap';
import {
  canonicalTimeZone,
  isDate,
  isEmail,
  isInstant,
  isPageLimit,
  isPositiveInteger,
  isSeatNumber,
  isTextUpTo,
  normaliseEmail,
  normaliseText,
} from '../../../src/http/schemas/formats.ts';

t.test('dates are those of the calendar', async (t) => {
  for (const date of ['2026-11-20', '2024-02-29', '2000-02-29', '2026-12-31', '1970-01-01', '9999-12-31'])
    t.ok(isDate(date), date);
  for (const date of ['2026-02-29', '1900-02-29', '2026-04-31', '1969-12-31', '2026-11-20 ', '２０２６-11-20'])
    t.notOk(isDate(date), date);
});

t.test('instants have seconds and an offset', async (t) => {
  for (const instant of [
    '2026-11-20T23:59:59Z',
    '2026-11-20T00:00:00.1Z',
    '2026-11-20T00:00:00.123+09:00',
    '2026-11-20T00:00:00-14:30',
  ]) {
    t.ok(isInstant(instant), instant);
    t.ok(Number.isFinite(Date.parse(instant)), instant);
  }
  for (const instant of [
    '2026-11-20T00:00:00.1234Z',
    '2026-11-20T00:00:00+0900',
    '2026-11-31T00:00:00Z',
    '2026-11-20T00:00:00+15:00',
    '9999-12-31T23:59:59.999-00:01',
    '1970-01-01T00:00:00+00:01',
  ]) {
    t.notOk(isInstant(instant), instant);
  }
});

t.test('ids have one spelling and fit', async (t) => {
  t.ok(isPositiveInteger('1'));
  t.ok(isPositiveInteger('9007199254740991'));
  for (const id of ['0', '01', '1.0', '1e0', '-1', '9007199254740992', '9999999999999999', ' 1', '1\n', ''])
    t.notOk(isPositiveInteger(id), JSON.stringify(id));
  t.ok(isSeatNumber('2147483647'));
  t.notOk(isSeatNumber('2147483648'));
  t.ok(isPageLimit('100'));
  t.notOk(isPageLimit('101'));
});

t.test('text is counted in characters, as it will be stored', async (t) => {
  const isName = isTextUpTo(3);
  t.ok(['a', '가나다', ' 가나다 ', '😀😀😀', '\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161\u11ab'].every(isName));
  t.notOk(['', '   ', 'abcd', '😀😀😀😀', 'a\u0000', '\ud83d', 'a\u2028b', '\u200b\u200b'].some(isName));
  t.equal(normaliseText(' \u1112\u1161\u11ab\n'), '한');
});

t.test(
  'invisible characters and marks that turn the direction of text are refused, but for those of an emoji',
  async (t) => {
    const isName = isTextUpTo(100);
    const invisible = ['\u200b', '\u00ad', '\u2060', '\ufeff', '\u3164', '\u115f', '\u{e0001}', '\ufe0f', '\u200d'];
    const turning = ['\u202e', '\u2066', '\u200f', '\u061c'];
    for (const mark of [...invisible, ...turning]) {
      t.notOk(isName(`Mi${mark}na`), `name with ${mark.codePointAt(0)?.toString(16)}`);
      t.notOk(isEmail(`mi${mark}na@example.com`), `address with ${mark.codePointAt(0)?.toString(16)}`);
    }
    for (const name of ['Mina \u2764\ufe0f', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f1f0}\u{1f1f7}'])
      t.ok(isName(name), name);
  },
);

t.test('addresses that differ by case only are one, in every script', async (t) => {
  const pairs = [
    ['\u03bf\u03b4\u03cc\u03c2@example.com', '\u03bf\u03b4\u03cc\u03c3@example.com'],
    ['\u03bf\u03b4\u03cc\u03c2@example.com', '\u039f\u0394\u038c\u03a3@example.com'],
    ['stra\u00dfe@example.com', 'strasse@example.com'],
    ['\u017fam@example.com', 'sam@example.com'],
    ['\u212aim@example.com', 'kim@example.com'],
  ];
  for (const [one = '', other = ''] of pairs)
    t.equal(normaliseEmail(one).toLowerCase(), normaliseEmail(other).toLowerCase(), one);
});

t.test('addresses are sane', async (t) => {
  for (const email of ['a@b.co', 'first.last+tag@sub.example.com', '민지@예시.한국', "o'neil@example.org"])
    t.ok(isEmail(email), email);
  for (const email of ['a@b', 'a b@c.de', 'a@b.c', `${'a'.repeat(300)}@b.co`, 'a@b.co,c@d.ef'])
    t.notOk(isEmail(email), email);
});

t.test('zones are those of the IANA data base, in its spelling', async (t) => {
  t.equal(canonicalTimeZone('Asia/Seoul'), 'Asia/Seoul');
  t.equal(canonicalTimeZone('asia/seoul'), 'Asia/Seoul');
  for (const zone of ['+09:00', 'Nowhere/City', '', 'UTC+9']) t.equal(canonicalTimeZone(zone), null, zone);
});
