import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readDocument, ROOT, tableRowsOf } from './documents.ts';

interface Cited {
  /** Prefix and number, as the file's header has it. */
  readonly id: string;
  /** From the root of the repository. */
  readonly file: string;
}

/** "JOURNAL-2." at the beginning of a line of a comment. */
const NUMBERED = /^ \* ([A-Z]+-\d+)\. /gm;
const INVARIANTS = 'docs/invariants.md';

function idsIn(source: string): readonly string[] {
  return Array.from(source.matchAll(NUMBERED), ([, id = '']) => id);
}

function readCitations(): readonly Cited[] {
  const cited: Cited[] = [];
  for (const [invariants = '', code = ''] of tableRowsOf(readDocument(INVARIANTS))) {
    const [, prefix = '', first, last = first] = /^([A-Z]+-)(\d+)(?:–\1?(\d+))?: \S/.exec(invariants) ?? [];
    const [, path] = /\]\(\.\.\/(src\/[^)]+)\)/.exec(code) ?? [];
    if (path === undefined) continue;
    for (let number = Number(first); number <= Number(last); number += 1)
      cited.push({ id: `${prefix}${number}`, file: path });
  }
  return cited;
}

function readWritten(): readonly Cited[] {
  return readdirSync(fileURLToPath(new URL('src/', ROOT)), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      idsIn(readFileSync(new URL(`src/${name}`, ROOT), 'utf8')).map((id) => ({ id, file: `src/${name}` })),
    );
}

const citations = readCitations();
const nameOf = ({ id, file }: Cited): string => `${id} of ${file}`;

t.test('every invariant that the list cites stands in the file that it names', async (t) => {
  t.ok(citations.length >= 60, `${citations.length} invariants are cited`);
  const wrong = citations.filter(({ id, file }) => !idsIn(readFileSync(new URL(file, ROOT), 'utf8')).includes(id));
  t.same(wrong.map(nameOf), []);
});

t.test('every numbered invariant of the source is cited, with a test that shows it', async (t) => {
  const cited = new Set(citations.map(nameOf));
  t.same(
    readWritten()
      .map(nameOf)
      .filter((invariant) => !cited.has(invariant)),
    [],
  );
  for (const [invariants = '', code = '', tests = ''] of tableRowsOf(readDocument(INVARIANTS))) {
    if (code.includes('](../src/')) t.match(tests, /\]\(\.\.\/test\/.+\.test\.ts\)/, invariants);
  }
});

t.test('no two files have the same prefix', async (t) => {
  const fileOf = new Map<string, string>();
  for (const { id, file } of readWritten()) {
    const prefix = id.replace(/\d+$/, '');
    t.equal(fileOf.get(prefix) ?? file, file, `${id} stands in one file only`);
    fileOf.set(prefix, file);
  }
});
