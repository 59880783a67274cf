import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import t, { type Test } from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const SECRET = 'a-secret-for-tests-of-enough-characters';
const database = await createTestDatabase(t);
const api = await startTestService(t, database);

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

function hs256(claims: object, { secret = SECRET, header = {} }: { secret?: string; header?: object } = {}): string {
  const content = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}

type KeyAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

function newKeyPair(alg: KeyAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (alg) {
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}

function signed(alg: KeyAlgorithm, key: KeyObject, claims: object): string {
  const content = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}

const me = (token: string, client = api) => client.call('GET', '/me', { token });

t.test('registering answers with the user and a token; the wallet starts at 0', async (t) => {
  const email = `Mina.${randomUUID()}@Example.com`;
  const answer = await api.call('POST', '/users', { body: { name: '  미나\u0301 ', email } });
  t.equal(answer.status, 201);
  t.strictSame(Object.keys(answer.body).sort(), ['accessToken', 'accessTokenExpiresAt', 'email', 'name', 'userId']);
  t.equal(answer.body['name'], '미나\u0301'.normalize('NFC'));
  const lifeMs = Date.parse(String(answer.body['accessTokenExpiresAt'])) - Date.now();
  t.ok(Math.abs(lifeMs - 30 * 86_400_000) < 60_000, '30 days');
  const token = String(answer.body['accessToken']);
  const { body } = await me(token);
  t.strictSame(Object.keys(body), ['userId', 'name', 'email', 'createdAt']);
  t.match(body, { userId: answer.body['userId'], email });
  t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 0 });
  for (const taken of [email, email.toUpperCase(), email.toLowerCase(), ` ${email} `]) {
    const again = await api.call('POST', '/users', { body: { name: 'a', email: taken } });
    t.match(again, { status: 409, body: { code: 'EMAIL_TAKEN' } }, taken);
  }
});

t.test('an email address is unique in every script without case and in one spelling', async (t) => {
  const mark = randomUUID();
  for (const [first, second] of [
    [`É${mark}@example.com`, `é${mark}@example.com`],
    [`e\u0301x${mark}@example.com`, `\u00e9x${mark}@example.com`],
  ]) {
    t.equal((await api.call('POST', '/users', { body: { name: 'a', email: first } })).status, 201, first ?? '');
    t.equal((await api.call('POST', '/users', { body: { name: 'a', email: second } })).status, 409, second ?? '');
  }
});

t.test('a name has 1 to 100 characters, whatever they are written with', async (t) => {
  const named = async (name: string) =>
    (await api.call('POST', '/users', { body: { name, email: `${randomUUID()}@example.com` } })).status;
  for (const name of ['a', '가'.repeat(100), '🎟'.repeat(100), 'e\u0301'.repeat(100), "O'Neil"]) {
    t.equal(await named(name), 201, name);
  }
  for (const name of ['', ' ', '🎟'.repeat(101), 'a\u0000', '\ud800', 'a\u202e\u0007'])
    t.equal(await named(name), 400, name);
});

t.test('of a hundred who register one address at once one gets it', async (t) => {
  const body = { name: 'a', email: `${randomUUID()}@example.com` };
  const answers = await Promise.all(Array.from({ length: 30 }, () => api.call('POST', '/users', { body })));
  t.strictSame(
    answers.map(({ status }) => status).filter((status) => status !== 409),
    [201],
  );
});

t.test('a fresh token can be had with an access token, and both are good', async (t) => {
  const fan = await register(api);
  const answer = await api.call('POST', '/me/token', { token: fan.accessToken });
  t.equal(answer.status, 201);
  t.strictSame(Object.keys(answer.body), ['accessToken', 'accessTokenExpiresAt']);
  t.not(answer.body['accessToken'], fan.accessToken);
  for (const token of [fan.accessToken, String(answer.body['accessToken'])]) {
    t.match(await me(token), { status: 200, body: { userId: fan.userId } });
  }
  const { concertId } = await openSale(api);
  const { queueToken } = await enter(api, concertId);
  t.equal((await api.call('POST', '/me/token', { token: queueToken })).status, 401, 'not with a queue token');
});

t.test('a token of the operator’s own issuer makes its user and wallet on first use', async (t) => {
  const userId = randomUUID();
  const email = `${userId}@example.com`;
  const token = hs256({ sub: userId, exp: inAnHour(), name: '지은', email });
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('GET', '/me/balance', { token })));
  for (const { status, body } of answers) t.match({ status, body }, { status: 200, body: { userId, balance: 0 } });
  t.match((await me(token)).body, { userId, name: '지은', email });
  const bare = hs256({ sub: randomUUID(), exp: inAnHour() });
  t.equal((await me(bare)).status, 200, 'neither name nor address is needed');
  t.equal((await me(hs256({ sub: randomUUID(), exp: inAnHour(), email }))).status, 200, 'an address that is taken');
  const { concertId } = await openSale(api);
  const entered = await api.call('POST', '/queue/tokens', {
    token: hs256({ sub: randomUUID(), exp: inAnHour() }),
    body: { concertId },
  });
  t.equal(entered.status, 201, 'its first use may be the queue');
});

t.test('tokens that are forged, malformed, timeless or over are refused alike', async (t) => {
  const sub = randomUUID();
  const exp = inAnHour();
  const good = hs256({ sub, exp });
  const [header = '', claims = '', signature = ''] = good.split('.');
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const tokens = {
    'alg none': `${encode({ alg: 'none' })}.${encode({ sub, exp })}.`,
    'alg None': `${encode({ alg: 'None' })}.${encode({ sub, exp })}.${signature}`,
    'alg of another hash': hs256({ sub, exp }, { header: { alg: 'HS512' } }),
    'a key that is not configured': signed('RS256', privateKey, { sub, exp }),
    'a secret of somebody else': hs256({ sub, exp }, { secret: 'x'.repeat(40) }),
    'an empty secret': hs256({ sub, exp }, { secret: '' }),
    'a key in the header': hs256({ sub, exp }, { secret: 'k', header: { jwk: publicKey.export({ format: 'jwk' }) } }),
    'other claims': `${header}.${encode({ sub: randomUUID(), exp })}.${signature}`,
    'no signature': `${header}.${claims}.`,
    'two parts': `${header}.${claims}`,
    'four parts': `${good}.x`,
    'no exp': hs256({ sub }),
    'exp as text': hs256({ sub, exp: String(exp) }),
    'exp over': hs256({ sub, exp: Math.floor(Date.now() / 1_000) - 1 }),
    'nbf ahead': hs256({ sub, exp, nbf: exp - 10 }),
    'no sub': hs256({ exp }),
    'sub of another system': hs256({ sub: 'user-123', exp }),
    'sub in capitals': hs256({ sub: sub.toUpperCase(), exp }),
    'claims that are a list': hs256([sub, exp]),
    'no JSON': `${Buffer.from('{').toString('base64url')}.${claims}.${signature}`,
    'no token': 'fq_',
    'a queue token that nobody signed': `fq_${'a'.repeat(80)}`,
    prototype: hs256(JSON.parse(`{"__proto__":{"sub":"${sub}","exp":${exp}}}`) as object),
  };
  const { concertId, scheduleId } = await openSale(api);
  for (const [title, token] of Object.entries(tokens)) {
    t.match(await me(token), { status: 401, body: { code: 'UNAUTHENTICATED' } }, title);
    const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
    t.match(held, { status: 401, body: { code: 'UNAUTHENTICATED' } }, title);
  }
  t.equal((await me(good)).status, 200);
  t.match(await api.call('GET', '/me', { headers: { authorization: good } }), { status: 401 });
  t.match(await api.call('GET', '/me', { headers: { authorization: `bearer ${good}` } }), { status: 200 });
  const withQueueToken = await api.call('POST', '/queue/tokens', {
    token: (await enter(api, concertId)).queueToken,
    body: { concertId },
  });
  t.match(withQueueToken, { status: 401, body: { code: 'UNAUTHENTICATED' } }, 'entering needs an access token');
  const shopping = await api.call('POST', '/reservations', { token: good, body: { scheduleId, seatNumber: 1 } });
  t.match(shopping, { status: 401, body: { code: 'UNAUTHENTICATED' } }, 'shopping needs a queue token');
});

t.test('tokens of the operator’s public key are accepted, of that key’s algorithm only', async (t) => {
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) await acceptsOnly(t, alg);
});

async function acceptsOnly(t: Test, alg: KeyAlgorithm) {
  const { publicKey, privateKey } = newKeyPair(alg);
  await t.test(alg, async (t) => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const own = await createTestDatabase(t);
    const keyed = await startTestService(t, own, { AUTH_PUBLIC_KEY: pem.replaceAll('\n', '\\n'), AUTH_ISSUE: 'false' });
    const claims = { sub: randomUUID(), exp: inAnHour() };
    t.match(await me(signed(alg, privateKey, claims), keyed), { status: 200, body: { userId: claims.sub } });
    t.equal((await me(hs256(claims), keyed)).status, 200, 'the secret is configured too');
    for (const secret of [pem, pem.trim(), pem.replaceAll('\n', '\\n')]) {
      t.equal((await me(hs256(claims, { secret }), keyed)).status, 401, 'the public key is no secret');
    }
    t.equal((await me(signed(alg, privateKey, { sub: claims.sub }), keyed)).status, 401, 'exp is required');
    const stranger = newKeyPair(alg).privateKey;
    t.equal((await me(signed(alg, stranger, claims), keyed)).status, 401, 'somebody else’s key');
    const registering = await keyed.call('POST', '/users', { body: { name: 'a', email: 'a@example.com' } });
    t.match(registering, { status: 404, body: { code: 'ROUTE_NOT_FOUND' } }, 'issuing is off');
  });
}

t.test('an access token is over to the second, also one that was seen before', async (t) => {
  const exp = Math.floor(Date.now() / 1_000) + 2;
  const token = hs256({ sub: randomUUID(), exp });
  t.equal((await me(token)).status, 200);
  await waitFor(async () => (await me(token)).status === 401, { what: 'its end' });
  t.ok(Date.now() >= exp * 1_000 - 50);
});

t.test('a route that needs nobody ignores whatever token is sent', async (t) => {
  const { concertId } = await openSale(api);
  for (const token of ['nonsense', 'fq_nonsense', hs256({ sub: 'x' })]) {
    t.equal((await api.call('GET', '/concerts/available', { token })).status, 200);
    t.equal((await api.call('GET', `/concerts/${concertId}`, { token })).status, 200);
    const email = `${randomUUID()}@example.com`;
    t.equal((await api.call('POST', '/users', { token, body: { name: 'a', email } })).status, 201);
  }
});
