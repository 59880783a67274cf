import t from 'tap';
import { problemTable } from '../../../src/http/answers/problem-table.ts';
import { english } from '../../../web/language/english.ts';
import { korean } from '../../../web/language/korean.ts';
import { chooseLanguage } from '../../../web/language/language.ts';

type Leaf = readonly [path: string, value: unknown];

function leavesOf(value: unknown, path = ''): Leaf[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, `${path}.${name}`));
}

/** What a text says, with something in every place that it leaves open. */
function said(value: unknown): string {
  const text: unknown = typeof value === 'function' ? value('3', '4', '5', '6') : value;
  return typeof text === 'string' ? text : '';
}

t.test('both languages have the same texts, none of them empty', async (t) => {
  const [ko, en] = [leavesOf(korean), leavesOf(english)];
  t.same(
    en.map(([path]) => path),
    ko.map(([path]) => path),
  );
  t.ok(ko.length > 150, `${ko.length} texts`);
  for (const [path, value] of [...ko, ...en]) if (value !== null) t.not(said(value).trim(), '', path);
});

t.test('what is Korean is written in Hangul, and what is English is not', async (t) => {
  for (const [path, value] of leavesOf(korean)) if (value !== null) t.match(said(value), /[가-힣]/, path);
  for (const [path, value] of leavesOf(english)) if (value !== null) t.notMatch(said(value), /[가-힣]/, path);
});

t.test('next steps are told for codes that the service has', async (t) => {
  const codes = Object.keys(korean.next.byCode);
  t.ok(codes.length > 10);
  for (const code of codes) t.ok(code in problemTable, code);
});

t.test('the language is the one that was chosen, else the first wanted one that is spoken', async (t) => {
  t.equal(chooseLanguage('ko', ['en-US']), 'ko');
  t.equal(chooseLanguage(null, ['fr', 'ko-KR', 'en']), 'ko');
  t.equal(chooseLanguage(null, ['en-US', 'ko']), 'en');
  t.equal(chooseLanguage('xx', ['fr']), 'en');
  t.equal(chooseLanguage(null, []), 'en');
});
