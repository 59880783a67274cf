/**
 * `npm run fonts`: writes web/fonts and web/styles/fonts.css from Pretendard, which it takes from the npm registry. A browser loads
 * only the files whose characters a page shows. Characters that are needed first share the first files.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import subsetFont from 'subset-font';
import { korean } from '../web/language/korean.ts';
import { WORDS } from '../web/ops/words.ts';

const SOURCE = 'pretendard@1.3.9';
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FONTS = join(ROOT, 'web/fonts');
/** The weights that the style sheets use. All in one file cost as much as two files of one weight each. */
const WEIGHTS = { min: 400, max: 850 };
/** A title needs some syllables that the page's own texts lack, each of about 180 bytes, and loads all that share a file. */
const SYLLABLES_PER_FILE = 40;
/** Syllables beyond these are rare even in names. They come from the fonts of the machine, and the style sheet stays small. */
const MOST_SYLLABLES = 1_200;

const LATIN = `${charactersBetween(0x20, 0x7e)}\u00a0·…–—‘’“”₩−×→▶✓•°©〈〉《》「」`;
const LATIN_MORE = Array.from(charactersBetween(0xa0, 0x17f)).filter((letter) => !LATIN.includes(letter));
/** Words that the names of concerts and halls are often made of, and the syllables of dates. */
const NAMES =
  '서울 부산 대구 인천 광주 대전 울산 수원 고양 올림픽공원 체조경기장 월드컵 실내체육관 문화회관 예술의전당 아트센터 대극장 소극장 홀 스퀘어 ' +
  '한국어 공연장 단독 콘서트 라이브 투어 페스티벌 뮤지컬 밴드 노래 봄 여름 가을 겨울 밤 새벽 별 꿈 빛 년월일 화수목금토 오전 오후 시간 분초';
/** Numbers of equal width stand still while they count down. */
const OPTIONS = {
  targetFormat: 'woff2',
  variationAxes: { wght: { ...WEIGHTS, default: WEIGHTS.min } },
  keepFeatures: ['kern', 'tnum'],
  noHinting: true,
} as const;

const temporary = mkdtempSync(join(tmpdir(), 'frontrow-fonts-'));
try {
  execFileSync('npm', ['pack', SOURCE, '--silent', '--pack-destination', temporary], { stdio: 'inherit' });
  const [archive = ''] = readdirSync(temporary);
  execFileSync('tar', ['-xzf', join(temporary, archive), '-C', temporary, 'package/dist']);
  const dist = join(temporary, 'package/dist');
  rmSync(FONTS, { recursive: true, force: true });
  mkdirSync(FONTS);
  cpSync(join(dist, 'LICENSE.txt'), join(FONTS, 'LICENSE.txt'));
  const order = syllablesByFrequency(
    readFileSync(join(dist, 'web/variable/pretendardvariable-dynamic-subset.css'), 'utf8'),
  );
  await writeFonts(readFileSync(join(dist, 'public/variable/PretendardVariable.ttf')), order);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function writeFonts(font: Buffer, order: readonly string[]): Promise<void> {
  const faces: string[] = [];
  async function write(name: string, characters: Iterable<string>): Promise<void> {
    const text = [...characters].toSorted().join('');
    const file = await subsetFont(font, text, OPTIONS);
    writeFileSync(join(FONTS, `${name}.woff2`), file);
    faces.push(faceOf(name, text));
    console.log(`${name}: ${Array.from(text).length} characters, ${file.length} bytes`);
  }
  const first = syllablesOf(textsOfFirstVisit());
  const known = new Set(first);
  /** The syllables that no file has so far. */
  function take(syllables: Iterable<string>): readonly string[] {
    const taken = [...syllables].filter((syllable) => !known.has(syllable));
    for (const syllable of taken) known.add(syllable);
    return taken;
  }
  const signIn = take(syllablesOf(textsOfSignIn()));
  const page = take(syllablesOf(sources((name) => !name.startsWith('ops/'))));
  const desks = take(syllablesOf(sources((name) => name.startsWith('ops/'))));
  const others = take(order.slice(0, MOST_SYLLABLES));
  await write('latin', LATIN);
  await write('latin-more', LATIN_MORE);
  await write('hangul', first);
  await write('hangul-sign-in', signIn);
  await write('hangul-page', page);
  await write('hangul-console', desks);
  for (let from = 0, number = 1; from < others.length; from += SYLLABLES_PER_FILE, number += 1) {
    await write(`hangul-${number}`, others.slice(from, from + SYLLABLES_PER_FILE));
  }
  const heading =
    '/*! Written by scripts/fonts.ts. Pretendard is under the SIL Open Font License; see web/fonts/LICENSE.txt in the source. */';
  const styles = join(ROOT, 'web/styles/fonts.css');
  writeFileSync(styles, `${heading}\n${faces.join('\n')}`);
  execFileSync('biome', ['format', '--write', styles], { cwd: ROOT });
}

function faceOf(name: string, text: string): string {
  return `@font-face {
  font-family: "frontrow";
  font-weight: ${WEIGHTS.min} ${WEIGHTS.max};
  font-display: swap;
  src: url("../fonts/${name}.woff2") format("woff2");
  unicode-range: ${unicodeRange(text)};
}
`;
}

/** Ascending characters, with neighbours joined. */
function unicodeRange(text: string): string {
  const ranges: { first: number; last: number }[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const before = ranges.at(-1);
    if (before?.last === code - 1) before.last = code;
    else ranges.push({ first: code, last: code });
  }
  const hex = (code: number): string => code.toString(16).toUpperCase();
  return ranges.map(({ first, last }) => `U+${hex(first)}${first === last ? '' : `-${hex(last)}`}`).join(', ');
}

/** Texts of the first screens, names, and the concerts of the demo. */
function textsOfFirstVisit(): string {
  const { frame, connection, places, holds, concerts, sale, lobby, signIn, page } = korean;
  const shown = JSON.stringify(
    { frame, connection, places, holds, concerts, sale, lobby, signIn, page },
    (_name, value: unknown) => (typeof value === 'function' ? String(value) : value),
  );
  return shown + NAMES + readFileSync(join(ROOT, 'src/persistence/records/demo-data.ts'), 'utf8');
}

/** Texts of the console before the sign-in. */
function textsOfSignIn(): string {
  const { title, operations, skip, theme, signOut, page, docs, ...words } = WORDS.ko;
  const ofTokens = Object.entries(words).flatMap(([name, text]) =>
    name.startsWith('token') && typeof text === 'string' ? [text] : [],
  );
  return [title, operations, skip, theme, signOut, page, docs, ...ofTokens].join('');
}

function sources(isMeant: (name: string) => boolean): string {
  const names = readdirSync(join(ROOT, 'web'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts') && isMeant(name))
    .map((name) => readFileSync(join(ROOT, 'web', name), 'utf8'))
    .join('\n');
}

function syllablesOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/[가-힣]/g));
}

/** The 2 350 syllables of KS X 1001, the most frequent first: Pretendard's own subsets are in ascending order of frequency. */
function syllablesByFrequency(css: string): readonly string[] {
  const common = new Set<string>();
  const decoder = new TextDecoder('euc-kr');
  for (let row = 0xb0; row <= 0xc8; row += 1) {
    for (let cell = 0xa1; cell <= 0xfe; cell += 1) common.add(decoder.decode(Uint8Array.of(row, cell)));
  }
  const subsets = Array.from(css.matchAll(/unicode-range: ([^;]+);/g), ([, ranges = '']) =>
    ranges.split(',').map((range) => range.trim().replace('U+', '').split('-')),
  );
  const ordered = subsets
    .toReversed()
    .flat()
    .flatMap(([first = '', last = first]) =>
      Array.from(charactersBetween(Number.parseInt(first, 16), Number.parseInt(last, 16))),
    );
  return [...new Set([...ordered, ...common])].filter((character) => common.has(character));
}

function charactersBetween(first: number, last: number): string {
  return String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, index) => first + index));
}
