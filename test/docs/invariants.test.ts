import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readDocument, ROOT, tableRowsOf } from './documents.ts';

interface Cited {
  /** Letter and number, as the file's header has it. */
  readonly id: string;
  /** From the root of the repository. */
  readonly file: string;
}

/** "J2." at the beginning of a line of a comment. */
const NUMBERED = /^ \* ([A-Z]\d+)\. /gm;

function idsIn(source: string): readonly string[] {
  return Array.from(source.matchAll(NUMBERED), ([, id = '']) => id);
}

function readCitations(): readonly Cited[] {
  const cited: Cited[] = [];
  for (const [invariants = '', code = ''] of tableRowsOf(readDocument('docs/ARCHITECTURE.md'))) {
    const [, letter = '', first, last] = /^([A-Z])(\d+)–\1(\d+): \S/.exec(invariants) ?? [];
    const [, path] = /\]\(\.\.\/(src\/[^)]+)\)/.exec(code) ?? [];
    if (path === undefined) continue;
    for (let number = Number(first); number <= Number(last); number += 1)
      cited.push({ id: `${letter}${number}`, file: path });
  }
  return cited;
}

const citations = readCitations();

t.test('every invariant that the architecture cites stands in the file that it names', async (t) => {
  t.ok(citations.length >= 60, `${citations.length} invariants are cited`);
  const wrong = citations.filter(({ id, file }) => !idsIn(readFileSync(new URL(file, ROOT), 'utf8')).includes(id));
  t.same(
    wrong.map(({ id, file }) => `${id} of ${file}`),
    [],
  );
});

t.test('every numbered invariant of the source is cited, with a test that shows it', async (t) => {
  const cited = new Set(citations.map(({ id, file }) => `${id} of ${file}`));
  const written = readdirSync(fileURLToPath(new URL('src/', ROOT)), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => idsIn(readFileSync(new URL(`src/${name}`, ROOT), 'utf8')).map((id) => `${id} of src/${name}`));
  t.same(
    written.filter((invariant) => !cited.has(invariant)),
    [],
  );
  for (const [invariants = '', code = '', tests = ''] of tableRowsOf(readDocument('docs/ARCHITECTURE.md'))) {
    if (code.includes('](../src/')) t.match(tests, /\]\(\.\.\/test\/.+\.test\.ts\)/, invariants);
  }
});
