import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { exchange, requestRaw } from '../fixtures/raw-http.ts';
import { enter, openSale, register, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const { concertId, scheduleId } = await openSale(api);
const fan = await enter(api, concertId);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

t.test('every refusal is a problem document of its request, and every answer names its request', async (t) => {
  const refusals = [
    ['GET', '/nowhere', {}, 404, 'ROUTE_NOT_FOUND'],
    ['PUT', '/me', {}, 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/me', {}, 401, 'UNAUTHENTICATED'],
    ['GET', '/me', { token: 'nonsense' }, 401, 'UNAUTHENTICATED'],
    ['GET', '/concerts/x', {}, 400, 'VALIDATION_FAILED'],
    ['GET', '/concerts/999999', {}, 404, 'CONCERT_NOT_FOUND'],
    ['GET', `/concerts/${'1'.repeat(5_000)}`, {}, 414, 'URI_TOO_LONG'],
    ['GET', '/concerts/1', { headers: { 'x-long': 'x'.repeat(9_000) } }, 431, 'HEADERS_TOO_LARGE'],
    ['POST', '/users', { body: { pad: 'x'.repeat(70_000) } }, 413, 'BODY_TOO_LARGE'],
    ['POST', '/users', { body: {}, headers: { 'content-type': 'text/plain' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ] as const;
  for (const [method, path, call, status, code] of refusals) {
    const { headers, body } = await api.call(method, path, call);
    t.match(body, { status, code }, `${method} ${path.slice(0, 40)}`);
    t.equal(headers.get('content-type'), 'application/problem+json');
    t.equal(headers.get('content-language'), 'ko');
    t.match(headers.get('x-request-id'), UUID);
    t.equal(body['instance'], `urn:uuid:${headers.get('x-request-id')}`);
    for (const member of ['type', 'title', 'detail']) t.type(body[member], 'string');
    t.equal(headers.get('x-powered-by'), null);
    t.equal(headers.get('server'), null);
  }
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/api/v1/concerts/available']) {
    const response = await fetch(api.url + path);
    await response.body?.cancel();
    t.equal(response.status, 200, path);
    t.match(response.headers.get('x-request-id'), UUID, path);
  }
});

t.test('VALIDATION_FAILED says where, in body, path, query and header', async (t) => {
  const places = [
    [await api.call('POST', '/users', { body: { name: 1, email: 'a@example.com' } }), 'body', '/name'],
    [await api.call('POST', '/users', { body: { name: 'a', email: 'a@example.com', x: 1 } }), 'body', '/x'],
    [await api.call('GET', '/concerts/01'), 'path', '/concertId'],
    [await api.call('GET', '/me/reservations?limit=0', { token: fan.accessToken }), 'query', '/limit'],
    [
      await api.call('POST', '/me/balance/charge', { token: fan.accessToken, key: 'a b', body: { amount: 1 } }),
      'header',
      '/idempotency-key',
    ],
  ] as const;
  for (const [answer, part, path] of places) {
    t.match(answer, { status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ in: part, path }] } });
  }
});

t.test('title and detail follow Accept-Language, Korean when nothing fits; codes do not change', async (t) => {
  const asked = async (language?: string) => {
    const headers = language === undefined ? {} : { 'accept-language': language };
    const answer = await api.call('GET', `/reservations/${randomUUID()}`, { token: fan.accessToken, headers });
    t.equal(answer.body['code'], 'RESERVATION_NOT_FOUND');
    return [answer.headers.get('content-language'), /[가-힣]/.test(String(answer.body['detail'])) ? 'ko' : 'en'];
  };
  const table: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'ko'],
    ['ko', 'ko'],
    ['en', 'en'],
    ['en-GB', 'en'],
    ['EN', 'en'],
    ['fr, en;q=0.5', 'en'],
    ['ko;q=0.1, en;q=0.2', 'en'],
    ['en;q=0', 'ko'],
    ['fr', 'ko'],
    ['*', 'ko'],
    ['', 'ko'],
    [';;;,,q=', 'ko'],
  ];
  for (const [language, expected] of table)
    t.strictSame(await asked(language), [expected, expected], language ?? 'none');
});

t.test('405 names the methods that a route has, OPTIONS too, and HEAD is GET without a body', async (t) => {
  const table = [
    ['/api/v1/me', 'GET, HEAD, OPTIONS'],
    ['/api/v1/reservations', 'POST, OPTIONS'],
    [`/api/v1/reservations/${randomUUID()}`, 'GET, HEAD, DELETE, OPTIONS'],
    ['/api/v1/queue/tokens/x/activate', 'PATCH, OPTIONS'],
    ['/healthz', 'GET, HEAD, OPTIONS'],
  ] as const;
  for (const [path, allow] of table) {
    for (const method of ['PUT', 'PROPFIND', 'TRACE']) {
      const answer = await requestRaw(api.url, `${method} ${path}`);
      t.match(answer, { status: 405, body: { code: 'METHOD_NOT_ALLOWED' } }, `${method} ${path}`);
      t.equal(answer.headers.get('allow'), allow, `${method} ${path}`);
    }
    const options = await requestRaw(api.url, `OPTIONS ${path}`);
    t.equal(options.status, 204, path);
    t.equal(options.headers.get('allow'), allow);
  }
  const head = await requestRaw(api.url, `HEAD /api/v1/concerts/${concertId}`);
  const get = await requestRaw(api.url, `GET /api/v1/concerts/${concertId}`);
  t.strictSame([head.status, head.text], [200, '']);
  t.equal(head.headers.get('content-length'), get.headers.get('content-length'));
  const refused = await requestRaw(api.url, 'HEAD /api/v1/me');
  t.strictSame([refused.status, refused.text], [401, '']);
  t.equal((await requestRaw(api.url, 'OPTIONS *')).status < 500, true);
  t.match(await requestRaw(api.url, 'BREW /api/v1/me'), { status: 400, body: { code: 'VALIDATION_FAILED' } });
});

t.test('targets that no client library sends are answered like others, never with a fault', async (t) => {
  const table = [
    [`GET ${api.url}/api/v1/concerts/${concertId}`, 200],
    [`GET http://elsewhere.example/api/v1/concerts/${concertId}`, 200],
    ['GET //api/v1/me', 404],
    ['GET /api//v1/me', 404],
    ['GET /api/v1/me/', 404],
    ['GET /api/v1/../v1/me', 404],
    ['GET /api/v1/%2e%2e/me', 404],
    ['GET /api/v1/concerts%2f1', 404],
    ['GET /api/v1/concerts/1%2fschedules', 400],
    [`GET /api/v1/concerts/%3${String(concertId).slice(0, 1)}`, 400],
    ['GET /api/v1/concerts/%zz', 400],
    ['GET /api/v1/concerts/%', 400],
    ['GET /api/v1/concerts/%ff', 400],
    ['GET /api/v1/concerts/%00', 400],
    [`GET /api/v1/concerts/${concertId};x=1`, 400],
    [`GET /api/v1/concerts/${concertId}?`, 200],
    [`GET /api/v1/concerts/${concertId}?a`, 400],
    [`GET /api/v1/concerts/${concertId}?__proto__=1`, 400],
    [`GET /api/v1/concerts/${concertId}?constructor=1`, 400],
    [`GET /api/v1/concerts/${concertId}?%zz`, 400],
    [`GET /api/v1/concerts/${concertId}#part`, 400],
    ['GET ?', 400],
    ['GET x', 400],
    ['GET http://', 400],
    ['CONNECT x:80', 400],
  ] as const;
  for (const [line, status] of table) {
    const answer = await requestRaw(api.url, line);
    if (answer.status !== status) t.fail(`${line}: ${answer.status} ${answer.text.slice(0, 300)}`);
    if (answer.status >= 400) t.match(answer.body, { status: answer.status, instance: /^urn:uuid:/ }, line);
    else t.pass(line);
  }
});

t.test('a query parameter that is given twice is refused, whatever it is', async (t) => {
  const table = [
    '/me/reservations?limit=5&limit=5',
    '/me/reservations?status=HELD&status=HELD',
    '/me/payments?limit=1&limit=2',
    '/me/balance/history?limit=1&limit=2',
  ];
  for (const path of table) t.equal((await api.call('GET', path, { token: fan.accessToken })).status, 400, path);
  const { queueToken: token } = fan;
  for (const path of [
    `/schedules/${scheduleId}/seats?status=HELD&status=HELD`,
    `/concerts/${concertId}/schedules?all=true&all=true`,
    `/concerts/${concertId}/seats?date=2026-12-01&date=2026-12-01`,
  ]) {
    t.equal((await api.call('GET', path, { token })).status, 400, path);
  }
});

t.test('headers that are sent twice do not change who asks or what is asked', async (t) => {
  const other = await register(api);
  const twice = await requestRaw(
    api.url,
    `GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer ${fan.accessToken}\r\nAuthorization: Bearer ${other.accessToken}\r\nX-A: GET`,
  );
  t.ok([400, 401].includes(twice.status) || twice.body['userId'] === fan.userId, `${twice.status}`);
  const keyed = await exchange(
    api.url,
    [
      'POST /api/v1/me/balance/charge HTTP/1.1',
      'Host: x',
      'Connection: close',
      `Authorization: Bearer ${fan.accessToken}`,
      'Idempotency-Key: a',
      'Idempotency-Key: b',
      'Content-Type: application/json',
      'Content-Length: 12',
      '',
      '{"amount":1}',
    ].join('\r\n'),
  );
  t.match(keyed, { status: 400, body: { code: 'VALIDATION_FAILED' } });
});

t.test('bodies are accepted up to 64 KiB, chunked ones too, and refused past it', async (t) => {
  const { accessToken } = await register(api);
  const charge = (body: string, headers: Record<string, string>) =>
    requestRaw(
      api.url,
      'POST /api/v1/me/balance/charge',
      { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json', ...headers },
      body,
    );
  const sized = (bytes: number) => '{"amount":1}'.padEnd(bytes, ' ');
  t.equal((await charge(sized(65_536), { 'content-length': '65536' })).status, 200);
  t.equal((await charge(sized(65_537), { 'content-length': '65537' })).status, 413);
  const chunk = `${(60_000).toString(16)}\r\n${sized(60_000)}\r\n`;
  const spaces = `${(6_000).toString(16)}\r\n${' '.repeat(6_000)}\r\n`;
  t.equal((await charge(`${chunk}0\r\n\r\n`, { 'transfer-encoding': 'chunked' })).status, 200);
  t.equal((await charge(`${chunk}${spaces}0\r\n\r\n`, { 'transfer-encoding': 'chunked' })).status, 413);
  const { body } = await api.call('GET', '/me/balance', { token: accessToken });
  t.equal(body['balance'], 2);
});

t.test('what would reach a prototype is refused, and names of prototypes are names like others', async (t) => {
  const send = async (text: string) => {
    const answer = await requestRaw(
      api.url,
      'POST /api/v1/reservations',
      {
        authorization: `Bearer ${fan.queueToken}`,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(text)),
      },
      text,
    );
    return answer.status;
  };
  for (const text of [
    `{"scheduleId":${scheduleId},"seatNumber":1,"__proto__":{}}`,
    `{"scheduleId":${scheduleId},"seatNumber":1,"__proto__":null}`,
    `{"scheduleId":${scheduleId},"seatNumber":1,"constructor":{"prototype":{}}}`,
    `{"scheduleId":${scheduleId},"seatNumber":1,"toString":1}`,
    `{"scheduleId":${scheduleId},"seatNumber":{"__proto__":1}}`,
    `{"scheduleId":${scheduleId},"seatNumber":1,"\\u005f\\u005fproto\\u005f\\u005f":1}`,
  ]) {
    t.equal(await send(text), 400, text);
  }
});

t.test('a caller that says nothing, half of it or too slowly gets 408, and others are served meanwhile', async (t) => {
  const slow = [
    exchange(api.url, 'GET /api/v1/me HTTP/1.1\r\nHost: x\r\n'),
    exchange(
      api.url,
      'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"name"',
    ),
  ];
  t.equal((await api.call('GET', '/concerts/available')).status, 200);
  for (const answer of await Promise.all(slow)) t.match(answer, { status: 408, body: { code: 'REQUEST_TIMEOUT' } });
});

t.test('no problem document shows a stack, a statement, a token or a host', async (t) => {
  const token = fan.queueToken;
  const answers = await Promise.all([
    api.call('GET', `/queue/tokens/${token}x/position`),
    api.call('DELETE', `/queue/tokens/${token}x`),
    api.call('PATCH', `/queue/tokens/${token}x/activate`),
    api.call('POST', '/users', { body: { name: "'; DROP TABLE users; --", email: 'x' } }),
    api.call('GET', '/me', { token: `${fan.accessToken}x` }),
  ]);
  for (const { status, body } of answers) {
    t.ok(status >= 400 && status < 500);
    const text = JSON.stringify(body);
    for (const secret of [token, fan.accessToken, 'DROP', 'SELECT', '.ts:', 'node_modules', '127.0.0.1', 'localhost']) {
      t.notOk(text.includes(secret), `${secret} in ${text}`);
    }
  }
});
