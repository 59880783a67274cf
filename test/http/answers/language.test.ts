import { readdirSync, readFileSync } from 'node:fs';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import t, { type Test } from 'tap';
import { ADMIN_TOKEN, startFakeService } from '../fake-service.ts';

type Method = NonNullable<InjectOptions['method']>;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

const namesIn = (header: unknown): string[] => (typeof header === 'string' ? header.split(', ') : []);

/** The same request in both languages: what differs must be said to differ. */
function compare(t: Test, title: string, korean: LightMyRequestResponse, english: LightMyRequestResponse): boolean {
  const dependsOnLanguage = korean.headers['content-language'] !== english.headers['content-language'];
  for (const { headers } of [korean, english]) {
    const names = namesIn(headers.vary);
    t.equal(names.includes('Accept-Language'), dependsOnLanguage, `${title}: ${names.join(', ')}`);
    t.equal(new Set(names).size, names.length, `${title} names each header once`);
  }
  if (!dependsOnLanguage) {
    const textOf = ({ body, headers }: LightMyRequestResponse) =>
      body.replaceAll(String(headers['x-request-id']), 'the request');
    if (/json/.test(String(korean.headers['content-type'])) && !title.includes('/metrics')) {
      t.notMatch(textOf(korean), /"detail"/, title);
    }
  }
  return dependsOnLanguage;
}

t.test('every answer in the language of its caller varies by Accept-Language, on every route', async (t) => {
  const { call, shopper } = await startFakeService(t, { options: { allowedOrigins: ['https://tickets.example'] } });
  const { accessToken } = await shopper();
  const document = (await call('GET', '//openapi.json')).json<Document>();
  const headersOf = (language: string) => ({ 'accept-language': language, origin: 'https://tickets.example' });
  let spoken = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const name of Object.keys(operations)) {
      const method: Method = name.toUpperCase();
      const filled = path.replace(/\{token\}/, 'fq_none').replaceAll(/\{\w+\}/g, '77');
      for (const url of [filled, `${filled}?unknown=1`]) {
        for (const token of [undefined, accessToken, ADMIN_TOKEN, 'nonsense']) {
          const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
          const ask = (language: string) =>
            call(method, `/${url}`, {
              ...(token === undefined ? {} : { token }),
              ...body,
              headers: headersOf(language),
            });
          const isSpoken = compare(t, `${method} ${url}`, await ask('ko'), await ask('en'));
          if (isSpoken) spoken += 1;
        }
      }
    }
  }
  t.ok(spoken > 100, `${spoken} answers depend on the language`);
});

t.test('problems without a route vary by Accept-Language too', async (t) => {
  const { call } = await startFakeService(t);
  const requests: readonly (readonly [Method, string, object])[] = [
    ['GET', '//nowhere', {}],
    ['DELETE', '/concerts/available', {}],
    ['GET', `/concerts/${'1'.repeat(3_000)}`, {}],
    ['GET', '/concerts/%31', {}],
    ['POST', '/users', { body: '{', headers: { 'content-type': 'application/json' } }],
    ['POST', '/users', { body: 'a', headers: { 'content-type': 'text/plain' } }],
    ['GET', '/live', {}],
  ];
  for (const [method, path, more] of requests) {
    const answer = await call(method, path, more);
    t.ok(answer.statusCode >= 400, path);
    t.ok(answer.headers['content-language'] !== undefined, path);
    t.ok(namesIn(answer.headers.vary).includes('Accept-Language'), `${method} ${path.slice(0, 40)}`);
  }
});

t.test('one place reads the language of an HTTP answer and says that it did', async (t) => {
  const root = new URL('../../../src/http/', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const naming = (pattern: RegExp) => files.filter((name) => pattern.test(readFileSync(new URL(name, root), 'utf8')));
  t.ok(files.length > 50);
  t.same(naming(/'content-language'/i), ['answers/language.ts']);
  // Frames of a WebSocket are no answers that a cache could keep.
  t.same(naming(/negotiateLanguage/).toSorted(), ['answers/language.ts', 'live/route.ts']);
});
