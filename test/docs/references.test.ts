import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { environmentSchema } from '../../src/config/config.ts';
import { registerLiveMetrics } from '../../src/http/live/live-metrics.ts';
import { createMetrics } from '../../src/http/pages/metrics.ts';
import { ADMIN_ROLES } from '../../src/domain/admin.ts';
import { SEAT_ATTRIBUTES } from '../../src/domain/seat-plan.ts';
import { problemTable } from '../../src/http/answers/problem-table.ts';
import { registerServiceMetrics } from '../../src/health/service-metrics.ts';
import { codeSpansOf, readDocument, readDocuments, ROOT } from './documents.ts';

const documents = readDocuments();

/** Where a heading can be linked to. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsIn(path: URL): readonly string[] {
  const text = readFileSync(path, 'utf8');
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => anchorOf(heading));
}

t.test('every relative link leads to a file, and to a heading of it', async (t) => {
  let links = 0;
  const broken: string[] = [];
  for (const { path, url, prose } of documents) {
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const file = new URL(target, url);
      const anchor = decodeURIComponent(file.hash.slice(1));
      file.hash = '';
      if (!existsSync(file) || (anchor !== '' && !anchorsIn(file).includes(anchor))) broken.push(`${path}: ${target}`);
    }
  }
  t.same(broken, []);
  t.ok(links >= 50, `${links} links were seen`);
});

t.test('every file of the repository that a document names is there', async (t) => {
  const named = documents.flatMap((document) =>
    codeSpansOf(document)
      .filter((code) => /^(?:src|test|bench|drills|demo|harness|docs|scripts|bin)\/[\w./-]*$/.test(code))
      .map((code) => ({ path: document.path, code })),
  );
  t.same(
    named.filter(({ code }) => !existsSync(new URL(code, ROOT))).map(({ path, code }) => `${path}: ${code}`),
    [],
  );
  t.ok(named.length >= 5, `${named.length} files were named`);
});

t.test('every npm script that a document names exists, and the README names those for users', async (t) => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const scripts =
    typeof manifest === 'object' && manifest !== null && 'scripts' in manifest
      ? Object.keys(manifest.scripts ?? {})
      : [];
  const named = documents.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g), ([, ran, direct]) => ({
      path,
      script: ran ?? direct ?? '',
    })),
  );
  t.same(
    named.filter(({ script }) => !scripts.includes(script)).map(({ path, script }) => `${path}: ${script}`),
    [],
  );
  for (const [script, folder] of [['bench', 'bench'] as const, ['drill', 'drills'] as const]) {
    const names = documents.flatMap(({ text }) =>
      Array.from(text.matchAll(new RegExp(`npm run ${script} -- ([a-z][\\w-]*)`, 'g')), ([, name = '']) => name),
    );
    t.ok(names.length > 0, script);
    t.same(
      names.filter((name) => !existsSync(new URL(`${folder}/${name}.ts`, ROOT))),
      [],
      `every ${script} that a document names exists`,
    );
  }
  const inReadme = new Set(named.filter(({ path }) => path === 'README.md').map(({ script }) => script));
  for (const script of ['start', 'test', 'demo', 'audit', 'bench', 'check']) t.ok(inReadme.has(script), script);
});

t.test('every code and variable that a document names exists', async (t) => {
  // The glossary's left column has the words of others, the drawing of the machine its events.
  const known = new Set<string>([
    ...Object.keys(problemTable),
    ...Object.keys(environmentSchema.properties),
    ...ADMIN_ROLES,
    ...SEAT_ATTRIBUTES,
  ]);
  const ours = documents
    .filter(({ path }) => path !== 'docs/schedule-machine.md')
    .map((document) =>
      document.path === 'docs/GLOSSARY.md'
        ? { ...document, prose: document.prose.replaceAll(/^\|[^|]*\|/gm, '|') }
        : document,
    );
  const named = ours.flatMap((document) =>
    codeSpansOf(document).flatMap((code) =>
      Array.from(code.matchAll(/(?<![\w])[A-Z]+(?:_[A-Z]+)+(?![\w*])/g), ([name]) => ({ path: document.path, name })),
    ),
  );
  t.same(
    named.filter(({ name }) => !known.has(name)).map(({ path, name }) => `${path}: ${name}`),
    [],
  );
  t.ok(named.length >= 50, `${named.length} names were seen`);
});

t.test('every metric that the documentation names is one', async (t) => {
  const { registry } = createMetrics();
  registerServiceMetrics(registry, {
    schedules: () => ({ schedules: 0, held: 0, confirmed: 0, waiting: 0, ends: {} }),
    queues: () => [],
    journal: () => ({ fenced: 0, doubted: 0 }),
    announcements: () => null,
    redis: () => [],
    isReady: () => true,
    moves: () => ({ activated: 0, handedOver: 0 }),
    commands: () => ({ forwarded: 0, unreachable: 0, lost: 0 }),
    peers: () => [],
    droppedLogLines: () => 0,
  });
  registerLiveMetrics(registry, {
    sockets: () => 0,
    behind: () => 0,
    subscriptions: () => ({ seats: 0, queue: 0 }),
    schedules: () => 0,
  });
  const named = codeSpansOf(readDocument('docs/operations.md')).filter((code) =>
    /^(?:frontrow|http|nodejs)_[a-z0-9_]+$/.test(code),
  );
  t.ok(named.length >= 8, `${named.length} metrics were named`);
  t.same(
    named.filter((name) => registry.getSingleMetric(name) === undefined),
    [],
  );
});

t.test('decisions are numbered without a gap and say context, choice and price', async (t) => {
  const decisions = documents.filter(({ path }) => path.startsWith('docs/decisions/'));
  t.ok(decisions.length >= 9, `${decisions.length} decisions`);
  for (const [index, { path, text }] of decisions.entries()) {
    const number = index + 1;
    t.match(path, new RegExp(`^docs/decisions/${String(number).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
    t.match(text, new RegExp(`^# ${number}\\. `), path);
    t.same(
      Array.from(text.matchAll(/^\*\*(Context|Choice|Price)\.\*\*/gm), ([, part]) => part),
      ['Context', 'Choice', 'Price'],
      path,
    );
  }
});
