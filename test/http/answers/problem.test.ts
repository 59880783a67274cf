import t from 'tap';
import { Fault } from '../../../src/domain/errors.ts';
import { REFUSALS_BY_STATUS } from '../../../src/http/answers/error-handler.ts';
import { negotiateLanguage } from '../../../src/http/answers/language.ts';
import { problemDocument, problemStatus, problemType } from '../../../src/http/answers/problem.ts';
import { type ProblemCode, problemTable } from '../../../src/http/answers/problem-table.ts';
import { failure, refuse } from '../fake-sales.ts';
import { ADMIN_TOKEN, startFakeService } from '../fake-service.ts';

const codes = Object.keys(problemTable).filter((code): code is ProblemCode => code in problemTable);

t.test('every code has a status, a type of its own and words in both languages', async (t) => {
  t.equal(new Set(codes.map(problemType)).size, codes.length);
  for (const code of codes) {
    const { ko, en } = problemTable[code];
    t.ok(problemStatus(code) >= 400, code);
    for (const text of [ko.title, ko.detail]) t.match(text, /[가-힣]/, `${code} in Korean`);
    for (const text of [en.title, en.detail]) t.notMatch(text, /[가-힣]/, `${code} in English`);
  }
});

t.test("the seeds' sentences are the Korean details", async (t) => {
  t.equal(problemTable.SEAT_TAKEN.ko.detail, '이미 예약된 좌석입니다');
  t.equal(problemTable.RESERVATION_EXPIRED.ko.detail, '예약 시간이 만료되었습니다');
  t.equal(problemTable.INSUFFICIENT_BALANCE.ko.detail, '잔액이 부족합니다');
  t.equal(problemTable.USER_NOT_FOUND.ko.detail, '사용자 정보가 존재하지 않습니다');
});

t.test('a document keeps the HTTP status where a rejection speaks of a status of its own', async (t) => {
  const text = problemDocument('RESERVATION_NOT_HELD', 'en', 'id', { status: 'CANCELLED', odd: '"quoted"\u2028' });
  t.match(JSON.parse(text), {
    status: 409,
    reservationStatus: 'CANCELLED',
    odd: '"quoted"\u2028',
    instance: 'urn:uuid:id',
  });
});

t.test('the language is the one that is spoken and liked best, and Korean when nothing fits', async (t) => {
  const table: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'ko'],
    ['', 'ko'],
    ['*', 'ko'],
    ['en', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['EN-gb', 'en'],
    ['ko-KR,ko;q=0.9,en;q=0.8', 'ko'],
    ['en;q=0.5, ko;q=0.9', 'ko'],
    ['ko;q=0.1, en;q=0.9', 'en'],
    ['fr, en;q=0.5', 'en'],
    ['fr', 'ko'],
    ['ko;q=0, *;q=0.5', 'en'],
    ['en;q=0', 'ko'],
    ['en;q=nonsense', 'ko'],
    [`en,${'x'.repeat(5000)}`, 'ko'],
  ];
  for (const [header, language] of table) t.equal(negotiateLanguage(header), language, String(header).slice(0, 40));
});

t.test('a refusal is a problem document of RFC 9457 that names its request', async (t) => {
  const { call } = await startFakeService(t);
  const answer = await call('GET', '/me');
  t.equal(answer.statusCode, 401);
  t.equal(answer.headers['content-type'], 'application/problem+json');
  t.equal(answer.headers['content-language'], 'ko');
  t.equal(answer.headers['cache-control'], 'no-store');
  t.equal(answer.headers['x-content-type-options'], 'nosniff');
  t.equal(answer.headers['www-authenticate'], 'Bearer');
  t.same(answer.json(), {
    type: 'urn:frontrow:problem:unauthenticated',
    title: problemTable.UNAUTHENTICATED.ko.title,
    status: 401,
    code: 'UNAUTHENTICATED',
    detail: problemTable.UNAUTHENTICATED.ko.detail,
    instance: `urn:uuid:${String(answer.headers['x-request-id'])}`,
  });
  t.match(answer.headers['x-request-id'], /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  const english = await call('GET', '/me', { headers: { 'accept-language': 'en-US,en;q=0.9' } });
  t.equal(english.headers['content-language'], 'en');
  t.equal(english.json<{ detail: string }>().detail, problemTable.UNAUTHENTICATED.en.detail);
  const own = await call('GET', '/me', { headers: { 'x-request-id': 'mine' } });
  t.not(own.headers['x-request-id'], 'mine', 'a caller cannot choose the id of a request');
});

t.test('unknown routes are 404, and known ones with another method 405 with Allow', async (t) => {
  const { call } = await startFakeService(t);
  t.match((await call('GET', '/nothing')).json(), { code: 'ROUTE_NOT_FOUND', status: 404 });
  t.match((await call('GET', '//nothing')).json(), { code: 'ROUTE_NOT_FOUND', status: 404 });
  const wrong = await call('DELETE', '/concerts/available');
  t.match(wrong.json(), { code: 'METHOD_NOT_ALLOWED', status: 405 });
  t.equal(wrong.headers['allow'], 'GET, HEAD, OPTIONS');
  t.equal((await call('GET', '/reservations')).headers['allow'], 'POST, OPTIONS');
  t.equal((await call('PUT', '/reservations/x', { body: {} })).headers['allow'], 'GET, HEAD, DELETE, OPTIONS');
  const options = await call('OPTIONS', '/reservations');
  t.equal(options.statusCode, 204);
  t.equal(options.headers['allow'], 'POST, OPTIONS');
  t.equal((await call('OPTIONS', '/nothing')).statusCode, 404);
  const head = await call('HEAD', '/concerts/available');
  t.equal(head.statusCode, 200);
  t.equal(head.body, '');
});

t.test('a malformed request is told where it is malformed', async (t) => {
  const { call, shopper } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const places = async (...request: Parameters<typeof call>): Promise<unknown> =>
    (await call(...request)).json<{ errors: unknown }>().errors;
  t.match(await places('POST', '/me/balance/charge', { token, body: { amount: 0 } }), [
    { in: 'body', path: '/amount' },
  ]);
  t.match(await places('POST', '/me/balance/charge', { token, body: { amount: 1, x: 1 } }), [
    { in: 'body', path: '/x', message: '알 수 없는 항목입니다' },
  ]);
  t.match(await places('GET', '/concerts/0'), [{ in: 'path', path: '/concertId' }]);
  t.match(await places('GET', '/me/payments?limit=0', { token }), [{ in: 'query', path: '/limit' }]);
  t.match(await places('GET', '/me/payments?cursor=abc', { token }), [{ in: 'query', path: '/cursor' }]);
  t.match(await places('POST', '/reservations', { token, key: 'a b', body: { scheduleId: 1, seatNumber: 1 } }), [
    { in: 'header', path: '/idempotency-key' },
  ]);
  t.match(await places('POST', '/reservations', { token, body: '{' }), [
    { in: 'body', message: 'JSON 형식이 아닙니다' },
  ]);
});

t.test('all mistakes of a body are reported at once, in words of the asked language', async (t) => {
  const { call } = await startFakeService(t);
  const mistakes = {
    title: '',
    artist: 7,
    bookingOpensAt: 'soon',
    bookingClosesAt: '2026-12-24T10:00:00Z',
    queue: { batch: -1 },
    x: 1,
  };
  const ask = async (language: string): Promise<unknown> => {
    const headers = { 'accept-language': language };
    const answer = await call('POST', '/admin/concerts', { token: ADMIN_TOKEN, body: mistakes, headers });
    return answer
      .json<{ errors: { path: string; message: string }[] }>()
      .errors.map(({ path, message }) => `${path} ${message}`);
  };
  t.same(await ask('en'), [
    '/venue is missing',
    '/x is not known here',
    '/title must be a text of 1 to 200 visible characters',
    '/artist must be a text',
    '/bookingOpensAt must be a time such as 2026-12-24T19:00:00+09:00',
    '/queue/batch must be 0 or more',
  ]);
  t.same(await ask('ko'), [
    '/venue 필요합니다',
    '/x 알 수 없는 항목입니다',
    '/title 보이는 글자 1~200자의 글이어야 합니다',
    '/artist 문자열이어야 합니다',
    '/bookingOpensAt 2026-12-24T19:00:00+09:00과 같은 시각이어야 합니다',
    '/queue/batch 0 이상이어야 합니다',
  ]);
});

t.test('of alternatives, the one that fits best says what is wrong', async (t) => {
  const { call, shopper } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const headers = { 'accept-language': 'en' };
  const ask = async (body: object): Promise<unknown> =>
    (await call('POST', '/reservations', { token, body, headers })).json<{ errors: unknown }>().errors;
  t.same(await ask({ scheduleId: 'x', seatNumber: 0 }), [
    { in: 'body', path: '/scheduleId', message: 'must be an integer' },
    { in: 'body', path: '/seatNumber', message: 'must be 1 or more' },
  ]);
  t.same(await ask({ scheduleId: 1, seatNumbers: [3, 3] }), [
    { in: 'body', path: '/seatNumbers', message: 'must not name anything twice' },
  ]);
});

t.test('a fault is a 503 that says whether something may have been done, and when to ask again', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  sales.before = async () => failure('OWNER_UNAVAILABLE', 'unknown');
  const answer = await call('POST', '/reservations', { token, body: { scheduleId: 1, seatNumber: 1 } });
  t.equal(answer.statusCode, 503);
  t.equal(answer.headers['retry-after'], '1');
  t.match(answer.json(), { code: 'OWNER_UNAVAILABLE', outcome: 'unknown' });
  sales.before = async () => refuse('SEAT_TAKEN', { seatNumbers: [1], epoch: 3, seq: 9 });
  const taken = await call('POST', '/reservations', { token, body: { scheduleId: 1, seatNumber: 1 } });
  t.match(taken.json(), { status: 409, seatNumbers: [1], epoch: 3, seq: 9, detail: '이미 예약된 좌석입니다' });
});

t.test('thrown faults are logged once a second for each code, bugs always, and neither shows its cause', async (t) => {
  const lines: { level: string; fields: object }[] = [];
  const keep = (level: string) => (fields: object) => void lines.push({ level, fields });
  const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  const cause = new Error('SELECT secret FROM somewhere at 10.0.0.7');
  let error: Error = new Fault('STORE_UNAVAILABLE', 'none', { cause });
  const { call, register, dependencies } = await startFakeService(t, { log });
  const fan = await register();
  Object.assign(dependencies.wallets, { balance: () => Promise.reject(error) });

  for (let repeat = 0; repeat < 5; repeat += 1) {
    const answer = await call('GET', '/me/balance', { token: fan.accessToken });
    t.match(answer.json(), { status: 503, code: 'STORE_UNAVAILABLE', outcome: 'none' });
    t.notMatch(answer.body, /SELECT|10\.0\.0\.7/);
  }
  t.match(lines, [{ level: 'warn', fields: { code: 'STORE_UNAVAILABLE', route: 'GET /api/v1/me/balance' } }]);
  t.equal(lines.length, 1);

  error = new TypeError('x is not a function at /srv/secret.ts');
  const broken = await call('GET', '/me/balance', { token: fan.accessToken });
  t.match(broken.json(), { status: 500, code: 'INTERNAL_ERROR' });
  t.notMatch(broken.body, /secret|function/);
  t.match(lines[1], { level: 'error' });
});

t.test('what a library refuses keeps its status, and what it does not say in 4xx is a bug', async (t) => {
  const { app, register, dependencies } = await startFakeService(t);
  const { accessToken } = await register();
  const refusedWith = async (properties: object) => {
    const error = Object.assign(new Error('what only the library knows'), properties);
    Object.assign(dependencies.wallets, { balance: () => Promise.reject(error) });
    // No operation answers these codes, so the document lists them nowhere.
    const headers = { authorization: `Bearer ${accessToken}` };
    const answer = await app.inject({ url: '/api/v1/me/balance', headers });
    t.notMatch(answer.body, /library/);
    const { status, code } = answer.json<{ status: number; code: string }>();
    t.equal(answer.statusCode, status);
    return `${status} ${code}`;
  };
  for (const code of ['LIB_ERR', undefined]) {
    t.equal(await refusedWith({ code, statusCode: 401 }), '401 UNAUTHENTICATED');
    t.equal(await refusedWith({ code, statusCode: 413 }), '413 BODY_TOO_LARGE');
    t.equal(await refusedWith({ code, statusCode: 429 }), '429 RATE_LIMITED');
    t.equal(await refusedWith({ code, statusCode: 400 }), '400 VALIDATION_FAILED');
    t.equal(await refusedWith({ code, statusCode: 417 }), '400 VALIDATION_FAILED');
    t.equal(await refusedWith({ code, statusCode: 502 }), '500 INTERNAL_ERROR');
    t.equal(await refusedWith({ code, statusCode: '404' }), '500 INTERNAL_ERROR');
  }
});

t.test('every status by which a library refuses is that of its code', async (t) => {
  for (const [status, code] of Object.entries(REFUSALS_BY_STATUS)) t.equal(problemStatus(code), Number(status), code);
});

t.test('pages of allowed other origins may read answers, and no others', async (t) => {
  const { call } = await startFakeService(t, { options: { allowedOrigins: ['https://tickets.example'] } });
  const allowed = await call('GET', '/concerts/available', { headers: { origin: 'https://tickets.example' } });
  t.equal(allowed.headers['access-control-allow-origin'], 'https://tickets.example');
  t.notOk(allowed.headers['access-control-allow-credentials']);
  const other = await call('GET', '/concerts/available', { headers: { origin: 'https://tickets.example.evil' } });
  t.notOk(other.headers['access-control-allow-origin']);
  t.match(other.headers['vary'], /(?:^|, )Origin(?:,|$)/);
  const preflight = await call('OPTIONS', '/reservations', {
    headers: { origin: 'https://tickets.example', 'access-control-request-method': 'POST' },
  });
  t.equal(preflight.statusCode, 204);
  t.match(preflight.headers['access-control-allow-headers'], /Idempotency-Key/);
});
