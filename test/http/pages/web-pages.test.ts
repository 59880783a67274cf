import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { findImports } from '../../fixtures/imports.ts';
import { startFakeService } from '../fake-service.ts';

const { call } = await startFakeService(t);

t.test('the page is served, and may run nothing and reach nobody but this service', async (t) => {
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

/** The built files that a page names, by their names without hashes. */
async function filesOf(path = '//', ask = call): Promise<ReadonlyMap<string, string>> {
  const { body } = await ask('GET', path);
  const named = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, file = '']) => file);
  return new Map(named.map((file) => [file.replace(/-[0-9A-Z]{8}\./, '.'), file]));
}

t.test('every file that a page names has a hash in its name, is there, and never changes', async (t) => {
  for (const page of ['//', '//ops']) {
    t.notMatch((await call('GET', page)).body, /"\/web\//, 'no name of a source is left');
    const files = await filesOf(page);
    t.ok(files.size >= 4, `${page} names ${files.size} files`);
    for (const [stem, path] of files) {
      t.not(stem, path, `${path} has a hash`);
      const answer = await call('GET', `/${path}`);
      t.equal(answer.statusCode, 200, path);
      t.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable', path);
      t.match(answer.headers['content-security-policy'], /default-src 'none'/, path);
    }
  }
});

t.test('a script is one bundle, with a source map for those who debug it', async (t) => {
  for (const page of ['//', '//ops']) {
    const script = [...(await filesOf(page)).values()].find((path) => /main-\w+\.js$/.test(path)) ?? '';
    const answer = await call('GET', `/${script}`);
    t.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8');
    t.same(findImports(answer.body), [], `${script} imports nothing`);
    const [, map = ''] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(answer.body) ?? [];
    const { sources } = (await call('GET', `/${new URL(map, `http://frontrow.test${script}`).pathname}`)).json();
    t.ok(sources.some((source: string) => source.endsWith('src/client/requests.ts')));
  }
});

t.test('a name of another release leads to the file of this release, which a browser must not keep', async (t) => {
  const files = await filesOf();
  t.ok(files.size > 0);
  for (const path of files.values()) {
    const other = await call('GET', `/${path.replace(/-[0-9A-Z]{8}\./, '-ABCD2345.')}`);
    t.equal(other.statusCode, 200, path);
    t.equal(other.headers['cache-control'], 'no-cache', path);
    t.equal(other.body, (await call('GET', `/${path}`)).body, path);
  }
});

t.test('two processes of one release name their files alike', async (t) => {
  const other = await startFakeService(t);
  t.same([...(await filesOf()).values()], [...(await filesOf('//', other.call)).values()]);
});

t.test('a page that a browser has is not sent again, and files are sent in the best coding accepted', async (t) => {
  const etag = String((await call('GET', '//')).headers['etag']);
  const again = await call('GET', '//', { headers: { 'if-none-match': etag } });
  t.equal(again.statusCode, 304);
  t.equal(again.body, '');
  const path = `/${(await filesOf()).get('/assets/main.js')}`;
  const plain = await call('GET', path);
  const gzipped = await call('GET', path, { headers: { 'accept-encoding': 'gzip' } });
  t.equal(gzipped.headers['content-encoding'], 'gzip');
  t.equal(gunzipSync(gzipped.rawPayload).toString(), plain.body);
  const best = await call('GET', path, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
  t.equal(best.headers['content-encoding'], 'br');
  t.equal(brotliDecompressSync(best.rawPayload).toString(), plain.body);
  t.ok(best.rawPayload.length < gzipped.rawPayload.length);
  const head = await call('HEAD', path);
  t.equal(head.statusCode, 200);
  t.equal(head.body, '');
});

t.test('no condition, range or coding that a caller asks for breaks a page', async (t) => {
  const files = [...(await filesOf()).values()].map((path) => `/${path}`);
  const conditions: Record<string, string>[] = [
    { 'if-match': '"other"' },
    { 'if-unmodified-since': 'Mon, 01 Jan 1990 00:00:00 GMT' },
    { range: 'bytes=999999-' },
    { range: 'bytes=a-b,,' },
    { range: 'bytes=0-9' },
  ];
  for (const path of ['//', '//ops', ...files]) {
    const whole = await call('GET', path);
    for (const headers of conditions) {
      const answer = await call('GET', path, { headers });
      t.equal(answer.statusCode, 200, `${path} ${JSON.stringify(headers)}`);
      t.equal(answer.body, whole.body);
    }
  }
  const codingOf = async (accepted: string) =>
    (await call('GET', '//', { headers: { 'accept-encoding': accepted } })).headers['content-encoding'];
  for (const accepted of ['br', 'gzip, BR;q=0.5', 'br ; q=0.001']) t.equal(await codingOf(accepted), 'br', accepted);
  for (const accepted of ['gzip', 'br;q=0, GZIP;q=0.5', 'gzip ; q=0.001', 'x-gzip']) {
    t.equal(await codingOf(accepted), 'gzip', accepted);
  }
  for (const accepted of ['gzip;q=0', 'br;q=0, gzip; q=0.000', 'identity', 'gzippy', 'bro']) {
    t.equal(await codingOf(accepted), undefined, accepted);
  }
});

t.test('nothing else of the repository is ever served, however it is asked for', async (t) => {
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
    '/web/main.ts',
    '/web/index.html',
    '/assets',
    '/assets/',
    '/assets/../package.json',
    '/assets/..%2fpackage.json',
    '/assets/%2e%2e%2fpackage.json',
    '/assets/main.ts',
    '/assets/MAIN.JS',
    '/assets/main-abcd2345.js',
    '/assets/main-ABCD2345.ts',
    '/assets/__proto__',
    '/assets/constructor',
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
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
    const answer = await call(method, '//');
    t.match(answer.json(), { status: 405, code: 'METHOD_NOT_ALLOWED' }, method);
    t.equal(answer.headers['allow'], 'GET, HEAD, OPTIONS', method);
    t.ok((await call(method, '//assets/main.js')).statusCode >= 400, method);
  }
});

t.test('a browser that asks for an unknown address gets a page in its language', async (t) => {
  for (const [language, words] of [
    ['ko', '찾는 페이지가 없습니다'],
    ['en', 'There is no such page'],
  ] as const) {
    const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-language': language };
    const page = await call('GET', '//nowhere/at-all?x=1', { headers });
    t.equal(page.statusCode, 404);
    t.match(page.headers, { 'content-type': /^text\/html/, 'content-language': language, vary: /Accept\b.*/ });
    t.match(page.headers['content-security-policy'], /default-src 'none'/);
    t.match(page.body, new RegExp(`<h1>${words}</h1>`));
    const files = [...page.body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, file = '']) => file);
    t.ok(files.length >= 3);
    for (const file of files) t.equal((await call('GET', `/${file}`)).statusCode, 200, file);
    t.equal((await call('HEAD', '//nowhere', { headers })).headers['content-type'], page.headers['content-type']);
  }
});

t.test('a client of the API that asks for an unknown address gets a problem, whatever it accepts', async (t) => {
  const html = { accept: 'text/html' };
  for (const [path, headers] of [
    ['//nowhere', {}],
    ['//nowhere', { accept: 'application/json' }],
    ['/nowhere', html],
    ['//assets/main-ABCD2345.ts', html],
  ] as const) {
    const answer = await call('GET', path, { headers });
    t.match(answer.json(), { status: 404, code: 'ROUTE_NOT_FOUND' }, `${path} ${JSON.stringify(headers)}`);
  }
  t.match((await call('POST', '//nowhere', { headers: html })).json(), { code: 'ROUTE_NOT_FOUND' });
  t.match((await call('POST', '//', { headers: html })).json(), { code: 'METHOD_NOT_ALLOWED' });
});

t.test('the pictures of the manifest and of shared links are there', async (t) => {
  const manifest = await call('GET', '//manifest.webmanifest');
  t.equal(manifest.headers['content-type'], 'application/manifest+json');
  const icons: string[] = manifest.json().icons.map(({ src }: { src: string }) => src);
  const { body } = await call('GET', '//');
  const [, shared = ''] = /property="og:image" content="([^"]+)"/.exec(body) ?? [];
  t.match(body, /property="og:title"[^>]*>[^]*property="og:description"/);
  t.ok(icons.length >= 3);
  for (const path of [...icons, shared]) {
    const picture = await call('GET', `/${new URL(path, 'http://frontrow.test').pathname}`);
    t.equal(picture.statusCode, 200, path);
    t.equal(picture.headers['content-type'], 'image/png', path);
  }
});
