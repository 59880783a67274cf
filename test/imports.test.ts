import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { findImports } from './fixtures/imports.ts';

const ROOT = fileURLToPath(new URL('../src/', import.meta.url));

/** Folders whose code, not only whose types, another folder may import; every folder may import itself. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  runtime: ['domain'],
  config: ['runtime'],
  health: ['domain', 'runtime'],
  actors: ['domain', 'runtime'],
  queue: ['domain', 'runtime'],
  persistence: ['domain', 'runtime'],
  'embedded-postgres': ['config', 'persistence', 'runtime'],
  cluster: ['domain', 'runtime'],
  booking: ['domain', 'runtime'],
  http: ['booking', 'domain', 'runtime'],
  client: [],
  node: [
    'actors',
    'booking',
    'cluster',
    'config',
    'domain',
    'embedded-postgres',
    'health',
    'http',
    'persistence',
    'queue',
    'runtime',
  ],
  '.': ['config', 'embedded-postgres', 'node', 'persistence', 'runtime'],
};

/** Folders of which another folder may know the types and nothing else. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  cluster: ['actors', 'health'],
  persistence: ['actors', 'health'],
  booking: ['actors'],
  http: ['actors', 'health'],
  client: ['domain', 'health'],
};

/** The folders in which a package may be used. */
const HOMES_OF: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(@fastify\/|fastify$|@scalar\/)/, ['http']],
  [/^pg$/, ['persistence', 'embedded-postgres']],
  [/^(pg-boss|pg-.*|node-pg-migrate)$/, ['persistence']],
  [/^embedded-postgres$/, ['embedded-postgres']],
  [/^xstate$/, ['actors']],
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
      .filter(({ folder }) => folder !== file.folder),
  );
}

/** Groups of files each of which reaches all others of its group by imports (Tarjan's strongly connected components). */
function findCircles(): readonly (readonly string[])[] {
  const targets = new Map(
    files.map((file) => [
      file.name,
      findImports(file.source)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => targetOf(file, specifier)),
    ]),
  );
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: (readonly string[])[] = [];
  const visit = (name: string): number => {
    const number = order.size;
    order.set(name, number);
    lowest.set(name, number);
    open.push(name);
    for (const target of targets.get(name) ?? []) {
      const known = order.get(target);
      const reached = known === undefined ? visit(target) : open.includes(target) ? known : number;
      lowest.set(name, Math.min(lowest.get(name) ?? number, reached));
    }
    const root = lowest.get(name) ?? number;
    if (root === number) {
      const circle = open.splice(open.indexOf(name));
      if (circle.length > 1) circles.push(circle);
    }
    return root;
  };
  for (const { name } of files) if (!order.has(name)) visit(name);
  return circles;
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

t.test('every folder imports only the folders that it may import', async (t) => {
  const strangers = files.map((file) => file.folder).filter((folder) => !(folder in MAY_USE));
  t.same(strangers, [], 'every folder has its line in the table');
  const wrong = crossings()
    .filter(({ file, folder, isTypeOnly }) => {
      if ((MAY_USE[file.folder] ?? []).includes(folder)) return false;
      return !(isTypeOnly && (MAY_KNOW[file.folder] ?? []).includes(folder));
    })
    .map(({ file, specifier, isTypeOnly }) => `${file.name} imports ${isTypeOnly ? 'the types of ' : ''}${specifier}`);
  t.same(wrong, []);
});

t.test('no line of the tables is left over', async (t) => {
  const seen = new Set(crossings().map(({ file, folder }) => `${file.folder} -> ${folder}`));
  const spare = [MAY_USE, MAY_KNOW].flatMap((table) =>
    Object.entries(table).flatMap(([from, targets]) => targets.map((to) => `${from} -> ${to}`)),
  );
  t.same(
    spare.filter((line) => !seen.has(line)),
    [],
  );
});

t.test('no file imports itself through others, not even for types', async (t) => {
  t.same(findCircles(), []);
});

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

t.test('every relative import names a file that is there', async (t) => {
  const missing = files.flatMap((file) =>
    findImports(file.source)
      .filter(({ specifier }) => specifier.startsWith('.') && !existsSync(join(ROOT, targetOf(file, specifier))))
      .map(({ specifier }) => `${file.name} imports ${specifier}`),
  );
  t.same(missing, []);
});

t.test('fastify, pg, pg-boss and xstate are used only in their folders', async (t) => {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const file of files) {
    for (const { specifier } of findImports(file.source)) {
      for (const [packages, homes] of HOMES_OF) {
        if (!packages.test(specifier)) continue;
        seen.add(specifier);
        if (!homes.includes(file.folder)) wrong.push(`${file.name} imports ${specifier}`);
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
