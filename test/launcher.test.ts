import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const LAUNCHER = fileURLToPath(new URL('../bin/frontrow.js', import.meta.url));

t.test('a Node that is too old is told so in one line, and with the exit code of a wrong set-up', async (t) => {
  for (const version of ['18.20.0', '20.20.2', '22.18.0', '23.11.1']) {
    const pretence = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
    const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', pretence, LAUNCHER], {
      encoding: 'utf8',
    });
    t.equal(status, 78);
    t.equal(stdout, '');
    t.match(stderr, /^frontrow needs Node 24 or newer, .+\n$/);
  }
});

const CACHE_DIRECTORY = `
  import { getCompileCacheDir } from 'node:module';
  import { keepCompiledModules } from '${new URL('../bin/compile-cache.js', import.meta.url).href}';
  keepCompiledModules();
  process.stdout.write(getCompileCacheDir() ?? 'none');`;

/** Where compiled modules would be kept. */
function cacheDirectory(environment: Readonly<Record<string, string>>): string {
  const args = ['--input-type=module', '--eval', CACHE_DIRECTORY];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: environment }).stdout;
}

t.test('compiled modules are kept in the data directory, or else among temporary files', async (t) => {
  const root = t.testdir({ data: {}, temporary: {} });
  const environment = { DATA_DIR: join(root, 'data'), TMPDIR: join(root, 'temporary') };
  t.ok(cacheDirectory(environment).startsWith(join(root, 'data', 'compile-cache')));
  t.same(readdirSync(join(root, 'temporary')), []);
  t.ok(cacheDirectory({ ...environment, DATA_DIR: join(root, 'missing') }).startsWith(join(root, 'temporary')));
  t.same(readdirSync(root).toSorted(), ['data', 'temporary'], 'the service makes its own directory');
});

t.test('compiled modules are not kept where others may write, nor where nobody can', async (t) => {
  const root = t.testdir({ file: 'no directory', data: { 'compile-cache': {} } });
  chmodSync(join(root, 'data', 'compile-cache'), 0o777);
  t.equal(cacheDirectory({ DATA_DIR: join(root, 'data') }), 'none');
  t.equal(cacheDirectory({ DATA_DIR: join(root, 'file') }), 'none');
  t.equal(cacheDirectory({ DATA_DIR: join(root, 'missing'), TMPDIR: join(root, 'file') }), 'none');
});

t.test('the launcher keeps what it has compiled', async (t) => {
  const root = t.testdir({});
  const env = { PATH: process.env['PATH'] ?? '', DATA_DIR: root, PORT: 'none' };
  const { status, stderr } = spawnSync(process.execPath, [LAUNCHER], { encoding: 'utf8', env });
  t.equal(status, 78, stderr);
  const files = readdirSync(join(root, 'compile-cache'), { recursive: true });
  t.ok(files.length > 100, `${files.length} files`);
});
