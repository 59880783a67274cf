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
