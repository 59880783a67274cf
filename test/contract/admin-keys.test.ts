import t from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface NewKey {
  readonly keyId: string;
  readonly secret: string;
}

interface Entry {
  readonly at: string;
  readonly keyId: string;
  readonly action: string;
  readonly target: string;
  readonly before: object | null;
  readonly after: object | null;
  readonly requestId: string;
}

const CONCERT = {
  title: 'a',
  artist: 'b',
  venue: 'c',
  bookingOpensAt: '2026-01-01T00:00:00Z',
  bookingClosesAt: '2099-01-01T09:00:00+09:00',
};

async function createKey(role: string, more: object = {}): Promise<NewKey> {
  const answer = await api.admin('POST', '/admin/keys', { name: `a ${role}`, role, ...more });
  if (answer.status !== 201) throw new Error(`creating a key was answered with ${answer.status}`);
  return answer.as<NewKey>();
}

async function readLog(): Promise<readonly Entry[]> {
  return (await api.admin('GET', '/admin/log')).as<{ entries: Entry[] }>().entries;
}

const requestIdOf = (answer: Answer) => answer.headers.get('x-request-id');

t.test('a key is shown with its secret once, and never again', async (t) => {
  const created = await api.admin('POST', '/admin/keys', { name: ' Gate ', role: 'VIEWER' });
  t.equal(created.status, 201);
  const { keyId, secret } = created.as<NewKey>();
  t.match(created.body, { name: 'Gate', role: 'VIEWER', concertIds: null, expiresAt: null, lastUsedAt: null });
  t.match(secret, new RegExp(`^frk_${keyId}\\.[A-Za-z0-9_-]{43}$`), '256 random bits');
  const { rows } = await database.pool.query<{ secret_hash: Buffer }>(
    'SELECT secret_hash FROM admin_keys WHERE key_id = $1',
    [keyId],
  );
  t.equal(rows[0]?.secret_hash.length, 32, 'a hash is stored');
  t.equal((await api.call('GET', '/admin/overview', { token: secret })).status, 200);
  const listed = await api.admin('GET', '/admin/keys');
  t.match(listed.body, { keys: [{ keyId, name: 'Gate', lastUsedAt: /Z$/, revokedAt: null }], nextCursor: null });
  const half = secret.split('.')[1] ?? '';
  for (const { body } of [listed, await api.admin('GET', '/admin/log')]) t.notOk(JSON.stringify(body).includes(half));
});

t.test('a key has no default role, an end in the future, and concerts that exist', async (t) => {
  const faulty: readonly (readonly [object, number, string])[] = [
    [{ name: 'x' }, 400, 'VALIDATION_FAILED'],
    [{ name: 'x', role: 'ADMIN' }, 400, 'VALIDATION_FAILED'],
    [{ name: 'x', role: 'VIEWER', expiresAt: '2020-01-01T00:00:00Z' }, 400, 'VALIDATION_FAILED'],
    [{ name: 'x', role: 'VIEWER', concertIds: [] }, 400, 'VALIDATION_FAILED'],
    [{ name: 'x', role: 'VIEWER', concertIds: [1, 1] }, 400, 'VALIDATION_FAILED'],
    [{ name: 'x', role: 'VIEWER', concertIds: [9_999] }, 404, 'CONCERT_NOT_FOUND'],
  ];
  for (const [body, status, code] of faulty) {
    t.match(await api.admin('POST', '/admin/keys', body), { status, body: { code } }, JSON.stringify(body));
  }
});

t.test('a key with another secret, of an unknown id, or past its end is refused', async (t) => {
  const { keyId, secret } = await createKey('OWNER');
  const expiresAt = new Date(Date.now() + 700).toISOString();
  const brief = await createKey('VIEWER', { expiresAt });
  const other = await createKey('OWNER');
  const wrong = [
    `frk_${keyId}.${other.secret.split('.')[1]}`,
    `frk_${keyId}.`,
    `frk_${keyId}`,
    `frk_00000000-0000-0000-0000-000000000000.${secret.split('.')[1]}`,
    `frk_x.${secret.split('.')[1]}`,
    'frk_',
  ];
  for (const token of wrong) {
    t.match(await api.call('GET', '/admin/overview', { token }), { status: 401, body: { code: 'UNAUTHENTICATED' } });
  }
  let status = 200;
  while (status === 200) status = (await api.call('GET', '/admin/overview', { token: brief.secret })).status;
  t.equal(status, 401);
  t.ok(Date.now() >= Date.parse(expiresAt), 'not before its end');
});

t.test('a key of another role is refused with the role that is needed', async (t) => {
  const { secret } = await createKey('VIEWER');
  const answer = await api.call('POST', '/admin/concerts', { token: secret, body: CONCERT });
  t.match(answer, { status: 403, body: { code: 'ROLE_REQUIRED', role: 'MANAGER' } });
  t.match(await api.call('GET', '/admin/keys', { token: secret }), { status: 403, body: { role: 'OWNER' } });
  const scanner = await createKey('SCANNER');
  t.match(await api.call('GET', '/admin/overview', { token: scanner.secret }), { body: { role: 'VIEWER' } });
});

t.test('a key that is limited to concerts finds no others', async (t) => {
  const mine = await openSale(api);
  const other = await openSale(api);
  const { secret: token } = await createKey('OWNER', { concertIds: [mine.concertId] });
  const pause = (concertId: number) =>
    api.call('PATCH', `/admin/concerts/${concertId}/queue`, { token, body: { batch: 0 } });
  t.equal((await pause(mine.concertId)).status, 200);
  t.match(await pause(other.concertId), { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
  const body = { startsAt: '2099-01-01T00:00:00Z', price: 1 };
  const date = await api.call('POST', `/admin/concerts/${other.concertId}/schedules`, { token, body });
  t.match(date, { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
  const overview = (await api.call('GET', '/admin/overview', { token })).as<{
    concerts: { concertId: number }[];
    schedules: { concertId: number }[];
  }>();
  t.same(new Set(overview.concerts.map(({ concertId }) => concertId)), new Set([mine.concertId]));
  t.same(new Set(overview.schedules.map(({ concertId }) => concertId)), new Set([mine.concertId]));
  for (const [method, path, wish] of [
    ['POST', '/admin/concerts', CONCERT],
    ['POST', '/admin/keys', { name: 'x', role: 'OWNER' }],
    ['GET', '/admin/keys', undefined],
    ['GET', '/admin/log', undefined],
  ] as const) {
    const answer = await api.call(method, path, { token, ...(wish === undefined ? {} : { body: wish }) });
    t.match(answer, { status: 403, body: { code: 'FORBIDDEN' } }, `${method} ${path} is of the whole service`);
  }
});

t.test('a revoked key is refused, and stays in the list', async (t) => {
  const { keyId, secret: token } = await createKey('VIEWER');
  t.equal((await api.call('GET', '/admin/overview', { token })).status, 200);
  t.equal((await api.admin('DELETE', `/admin/keys/${keyId}`)).status, 204);
  t.match(await api.call('GET', '/admin/overview', { token }), { status: 401, body: { code: 'UNAUTHENTICATED' } });
  t.equal((await api.admin('DELETE', `/admin/keys/${keyId}`)).status, 204, 'also when repeated');
  const unknown = await api.admin('DELETE', '/admin/keys/00000000-0000-7000-8000-000000000000');
  t.match(unknown, { status: 404, body: { code: 'KEY_NOT_FOUND' } });
  const { keys } = (await api.admin('GET', '/admin/keys')).as<{ keys: { keyId: string; revokedAt: string }[] }>();
  t.match(
    keys.find((each) => each.keyId === keyId),
    { revokedAt: /Z$/ },
  );
  const revocations = (await readLog()).filter(
    ({ action, target }) => action === 'key.revoke' && target === `key:${keyId}`,
  );
  t.equal(revocations.length, 1, 'logged once');
});

t.test('the log says which key changed what, from what to what, in which request', async (t) => {
  const manager = await createKey('MANAGER');
  const token = manager.secret;
  const created = await api.call('POST', '/admin/concerts', { token, body: CONCERT });
  const { concertId } = created.as<{ concertId: number }>();
  const paused = await api.call('PATCH', `/admin/concerts/${concertId}/queue`, { token, body: { batch: 0 } });
  const body = { startsAt: '2099-01-01T00:00:00Z', price: 7, seatCount: 2 };
  const dated = await api.call('POST', `/admin/concerts/${concertId}/schedules`, { token, body });
  const { scheduleId } = dated.as<{ scheduleId: number }>();
  const [date, queue, concert, key] = await readLog();
  const { keyId } = manager;
  t.match(date, { keyId, action: 'schedule.create', target: `schedule:${scheduleId}`, before: null });
  t.match(date, {
    after: { concertId, startsAt: '2099-01-01T00:00:00.000Z', prices: [7, 7] },
    requestId: requestIdOf(dated),
  });
  t.match(queue, { keyId, action: 'queue.change', target: `concert:${concertId}`, requestId: requestIdOf(paused) });
  t.match(queue, { before: { batch: 10, maxActive: 100 }, after: { batch: 0, maxActive: 100 } });
  t.match(concert, { keyId, action: 'concert.create', target: `concert:${concertId}`, before: null });
  t.match(concert, { after: { title: 'a', bookingOpensAt: '2026-01-01T00:00:00.000Z' }, at: /Z$/ });
  t.match(key, { keyId: 'root', action: 'key.create', target: `key:${keyId}`, after: { role: 'MANAGER' } });
  const first = (await api.admin('GET', '/admin/log?limit=1')).as<{ entries: Entry[]; nextCursor: string }>();
  t.same(first.entries, [date]);
  const next = (await api.admin('GET', `/admin/log?limit=1&cursor=${first.nextCursor}`)).as<{ entries: Entry[] }>();
  t.same(next.entries, [queue]);
});

t.test('what is refused leaves no entry', async (t) => {
  const before = (await readLog()).length;
  await api.admin('PATCH', '/admin/concerts/9999/queue', { batch: 0 });
  await api.admin('POST', '/admin/concerts/9999/schedules', { startsAt: '2099-01-01T00:00:00Z', price: 7 });
  await api.admin('POST', '/admin/keys', { name: 'x', role: 'VIEWER', concertIds: [9_999] });
  t.equal((await readLog()).length, before);
});

t.test('a POST with a key is done once, and the keys of two callers are apart', async (t) => {
  const { secret } = await createKey('MANAGER');
  const create = (token: string, title: string) =>
    api.call('POST', '/admin/concerts', { token, key: 'same', body: { ...CONCERT, title } });
  const answers = await Promise.all([create(secret, 'one'), create(secret, 'one'), create(secret, 'one')]);
  const ids = answers.map(({ status, body }) => `${status} ${Number(body['concertId'])}`);
  t.equal(new Set(ids).size, 1, ids.join());
  t.equal(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length, 2);
  t.match(await create(secret, 'two'), { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  const other = await createKey('MANAGER');
  t.equal((await create(other.secret, 'two')).status, 201);
  const { rows } = await database.pool.query('SELECT 1 FROM concerts WHERE title IN ($1, $2)', ['one', 'two']);
  t.equal(rows.length, 2);
});

t.test('the replay of a creation of a key shows no secret, because only its hash is kept', async (t) => {
  const create = () =>
    fetch(`${api.url}/api/v1/admin/keys`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer an-admin-token-for-tests',
        'content-type': 'application/json',
        'idempotency-key': 'k',
      },
      body: JSON.stringify({ name: 'once', role: 'VIEWER' }),
    });
  const first = await create();
  const { keyId, secret } = (await first.json()) as NewKey;
  t.match(secret, /^frk_/);
  const replay = await create();
  t.equal(replay.status, 201);
  t.equal(replay.headers.get('idempotency-replayed'), 'true');
  t.match(await replay.json(), { keyId, secret: null });
  const { rows } = await database.pool.query('SELECT 1 FROM admin_answers WHERE body::text LIKE $1', [
    `%${secret.split('.')[1]}%`,
  ]);
  t.equal(rows.length, 0);
});

t.test('a fan has no business here', async (t) => {
  const { concertId } = await openSale(api);
  const { queueToken, accessToken } = await enter(api, concertId);
  for (const token of [queueToken, accessToken]) {
    t.match(await api.call('GET', '/admin/keys', { token }), { status: 403, body: { code: 'FORBIDDEN' } });
  }
});

t.test('a key learns its name, its role and its concerts', async (t) => {
  const root = await api.admin('GET', '/admin/session');
  t.same(root.body, {
    keyId: 'root',
    name: 'root',
    role: 'OWNER',
    actsAs: ['OWNER', 'MANAGER', 'BOX_OFFICE', 'SCANNER', 'VIEWER'],
    concertIds: null,
  });
  const { concertId } = await openSale(api);
  const { keyId, secret } = await createKey('BOX_OFFICE', { concertIds: [concertId] });
  t.same((await api.call('GET', '/admin/session', { token: secret })).body, {
    keyId,
    name: 'a BOX_OFFICE',
    role: 'BOX_OFFICE',
    actsAs: ['BOX_OFFICE', 'VIEWER'],
    concertIds: [concertId],
  });
});
