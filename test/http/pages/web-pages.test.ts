import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { findImports } from '../../fixtures/imports.ts';
import { startFakeService } from '../fake-service.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function filesBelow(folder: string, extension: string): string[] {
  return readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => `/${folder}/${name}`);
}

t.test('the page is served, and may run nothing and reach nobody but this service', async (t) => {
  const { call } = await startFakeService(t);
  const page = await call('GET', '//');
  t.equal(page.statusCode, 200);
  t.match(page.headers['content-type'], /^text\/html/);
  const policy = String(page.headers['content-security-policy']);
  t.notMatch(policy, /unsafe|https?:|\*/);
  t.match(policy, /default-src 'none'/);
  t.match(policy, /connect-src 'self'/);
  t.equal(page.headers['cache-control'], 'no-cache');
  t.match(page.headers['etag'], /"/);
  t.equal(page.headers['x-content-type-options'], 'nosniff');
  const inline = [...page.body.matchAll(/<script[^>]*>([^<]*)<\/script>/g)].filter(([, text]) => text !== '');
  t.same(inline, [], 'no inline script');
  t.notMatch(page.body, /\sstyle=|\son[a-z]+=|https?:\/\//, 'nothing inline, and no other host');
});

t.test('everything that the page names is there', async (t) => {
  const { call } = await startFakeService(t);
  const page = await call('GET', '//');
  const named = [...page.body.matchAll(/(?:href|src)="(\/web\/[^"]+)"/g)].map(([, path = '']) => path);
  t.ok(named.length > 3, `${named.length} files`);
  for (const path of named) t.equal((await call('GET', `/${path}`)).statusCode, 200, path);
});

t.test('modules are served as JavaScript, and their imports lead to others that are served', async (t) => {
  const { call } = await startFakeService(t);
  const modules = filesBelow('web', '.ts');
  t.ok(modules.length > 2, `${modules.length} modules`);
  for (const path of modules) {
    const answer = await call('GET', `/${path}`);
    t.equal(answer.statusCode, 200, path);
    t.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8', path);
    for (const { specifier } of findImports(answer.body)) {
      const target = new URL(specifier, `http://frontrow.test${path}`).pathname;
      t.equal((await call('GET', `/${target}`)).statusCode, 200, `${path} imports ${specifier}`);
    }
  }
});

t.test(
  'a module that a browser has is not sent again, and others are compressed where that is understood',
  async (t) => {
    const { call } = await startFakeService(t);
    const plain = await call('GET', '//web/main.ts');
    const etag = String(plain.headers['etag']);
    const again = await call('GET', '//web/main.ts', { headers: { 'if-none-match': etag } });
    t.equal(again.statusCode, 304);
    t.equal(again.body, '');
    const gzipped = await call('GET', '//web/main.ts', { headers: { 'accept-encoding': 'br, gzip' } });
    t.equal(gzipped.headers['content-encoding'], 'gzip');
    t.equal(gunzipSync(gzipped.rawPayload).toString(), plain.body);
    const head = await call('HEAD', '//web/main.ts');
    t.equal(head.statusCode, 200);
    t.equal(head.body, '');
  },
);

t.test('no condition, range or coding that a caller asks for breaks a page', async (t) => {
  const { call } = await startFakeService(t);
  const conditions: Record<string, string>[] = [
    { 'if-match': '"other"' },
    { 'if-unmodified-since': 'Mon, 01 Jan 1990 00:00:00 GMT' },
    { range: 'bytes=999999-' },
    { range: 'bytes=a-b,,' },
    { range: 'bytes=0-9' },
  ];
  for (const path of ['//', '//ops', '//web/main.ts', '//web/styles/base.css']) {
    const whole = await call('GET', path);
    for (const headers of conditions) {
      const answer = await call('GET', path, { headers });
      t.equal(answer.statusCode, 200, `${path} ${JSON.stringify(headers)}`);
      t.equal(answer.body, whole.body);
    }
  }
  const codingOf = async (accepted: string) =>
    (await call('GET', '//web/main.ts', { headers: { 'accept-encoding': accepted } })).headers['content-encoding'];
  for (const accepted of ['gzip', 'br, GZIP;q=0.5', 'gzip ; q=0.001', 'x-gzip']) {
    t.equal(await codingOf(accepted), 'gzip', accepted);
  }
  for (const accepted of ['gzip;q=0', 'br, gzip; q=0.000', 'identity', 'gzippy']) {
    t.equal(await codingOf(accepted), undefined, accepted);
  }
});

t.test('nothing else of the repository is ever served, however it is asked for', async (t) => {
  const { call } = await startFakeService(t);
  const paths = [
    '/src/main.ts',
    '/src/http/app.ts',
    '/src/client',
    '/src/client/',
    '/src/client/../main.ts',
    '/src/client/..%2fmain.ts',
    '/src/client/%2e%2e/main.ts',
    '/src/client/%252e%252e/main.ts',
    '/src/client/..\\main.ts',
    '/src/client/..%5cmain.ts',
    '/src/client//../main.ts',
    '/src/client/..;/main.ts',
    '/src/client/./../../package.json',
    '/web',
    '/web/',
    '/web/tsconfig.json',
    '/web/../package.json',
    '/web/..%2fpackage.json',
    '/web/%2e%2e%2fpackage.json',
    '/web/..%2f..%2f..%2fetc/passwd',
    '/web//etc/passwd',
    '/web/%2fetc%2fpasswd',
    '/web/main.ts%00.css',
    '/web/main.ts/',
    '/web/MAIN.TS',
    '/web/styles',
    '/web/styles/',
    '/web/.env',
    '/web/__proto__',
    '/web/constructor',
    '/package.json',
    '/node_modules/ws/package.json',
    '/.env',
  ];
  for (const path of paths) {
    const answer = await call('GET', `/${path}`);
    t.ok(answer.statusCode === 404 || answer.statusCode === 400, `${path} was answered with ${answer.statusCode}`);
    t.match(answer.headers['content-type'], /^application\/problem\+json/, path);
  }
});

t.test('nothing can be written where a page is read', async (t) => {
  const { call } = await startFakeService(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
    const answer = await call(method, '//');
    t.match(answer.json(), { status: 405, code: 'METHOD_NOT_ALLOWED' }, method);
    t.equal(answer.headers['allow'], 'GET, HEAD, OPTIONS', method);
    t.ok((await call(method, '//web/main.ts')).statusCode >= 400, method);
  }
});
