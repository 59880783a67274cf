import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

const WEB = new URL('../../../web/', import.meta.url);
const css = readFileSync(new URL('styles/fonts.css', WEB), 'utf8');

function codesIn(ranges: string): readonly number[] {
  return ranges.split(',').flatMap((range) => {
    const [first = '', last = first] = range.trim().replace('U+', '').split('-');
    const from = Number.parseInt(first, 16);
    return Array.from({ length: Number.parseInt(last, 16) - from + 1 }, (_, index) => from + index);
  });
}

t.test('every character of the pages is in one file of the font, after `npm run fonts`', async (t) => {
  const codes = Array.from(css.matchAll(/unicode-range:\s*([^;]+);/g), ([, ranges = '']) => codesIn(ranges)).flat();
  const drawn = new Set(codes);
  t.equal(drawn.size, codes.length, 'no two files have the same character');
  const texts = readdirSync(WEB, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, WEB), 'utf8'))
    .join('');
  const letters = new Set(texts.match(/[ -~가-힣]/gu));
  t.ok(letters.size > 300, `${letters.size} characters`);
  t.same(
    [...letters].filter((letter) => !drawn.has(letter.codePointAt(0) ?? 0)),
    [],
  );
});

t.test('every file that the style sheet names is there, and so is the licence', async (t) => {
  const files = Array.from(css.matchAll(/url\("\.\.\/([^"]+)"\)/g), ([, file = '']) => file);
  t.ok(files.length > 3, `${files.length} files`);
  for (const file of [...files, 'fonts/LICENSE.txt']) t.ok(existsSync(new URL(file, WEB)), file);
});
