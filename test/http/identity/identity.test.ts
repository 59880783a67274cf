import { createHmac, createSign, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import t from 'tap';
import { ADMIN_TOKEN, AUTH_SECRET, defaultOptions, startFakeService } from '../fake-service.ts';

const UUID = '01a1f8b0-f5be-46f4-8284-b7b04a95bea2';

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function hs256(claims: object, secret = AUTH_SECRET, header: object = { alg: 'HS256', typ: 'JWT' }): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function signed(alg: 'RS256' | 'ES256' | 'EdDSA', key: KeyObject, claims: object): string {
  const input = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  if (alg === 'EdDSA') return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
  const signature = createSign('sha256').update(input).sign({ key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

t.test('only genuine access tokens say who somebody is', async (t) => {
  const { call, time } = await startFakeService(t);
  const nowSeconds = time.nowMs / 1000;
  const exp = nowSeconds + 60;
  const good = { sub: UUID, exp, iss: 'operator' };
  const none = `${part({ alg: 'none' })}.${part(good)}.`;
  const forgeries: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['no token', 'nonsense'],
    ['another secret', hs256(good, 'another-secret-of-more-than-32-characters')],
    ['alg none', none],
    ['alg none with a signature', `${none}${hs256(good).split('.')[2]}`],
    ['alg NONE', `${part({ alg: 'NONE' })}.${part(good)}.`],
    ['another HMAC', hs256(good, AUTH_SECRET, { alg: 'HS512' })],
    ['RS256 without a key for it', hs256(good, AUTH_SECRET, { alg: 'RS256' })],
    ['no signature', hs256(good).split('.').slice(0, 2).join('.')],
    ['a changed claim', hs256(good).replace(/\.[^.]+\./, `.${part({ ...good, sub: randomUUID() })}.`)],
    ['an unknown critical header', hs256(good, AUTH_SECRET, { alg: 'HS256', crit: ['x'], x: 1 })],
    ['no exp', hs256({ sub: UUID })],
    ['exp as text', hs256({ sub: UUID, exp: String(exp) })],
    ['exp null', hs256({ sub: UUID, exp: null })],
    ['expired', hs256({ sub: UUID, exp: nowSeconds })],
    ['not valid yet', hs256({ ...good, nbf: nowSeconds + 10 })],
    ['no sub', hs256({ exp })],
    ['sub in capitals', hs256({ sub: UUID.toUpperCase(), exp })],
    ['sub that is no UUID', hs256({ sub: 'user-123', exp })],
    ['sub that is a list', hs256({ sub: [UUID], exp })],
    ['claims that are no object', `${part({ alg: 'HS256' })}.${Buffer.from('1').toString('base64url')}.x`],
  ];
  for (const [name, token] of forgeries) {
    const answer = await call('GET', '/me', { token });
    t.equal(answer.statusCode, 401, name);
    t.equal(answer.json<{ code: string }>().code, 'UNAUTHENTICATED', name);
  }
  for (const authorization of [
    'Basic abc',
    'Bearer',
    'Bearer  ',
    `Token ${hs256(good)}`,
    hs256(good),
    `Bearer ${hs256(good)} x`,
  ]) {
    t.equal((await call('GET', '/me', { headers: { authorization } })).statusCode, 401, authorization.slice(0, 10));
  }
  const fine = await call('GET', '/me', { headers: { authorization: `bearer ${hs256(good)}` } });
  t.equal(fine.statusCode, 200, 'the scheme is not about letter case');
});

t.test('a token ends at its exp, also when it was verified before', async (t) => {
  const { call, time } = await startFakeService(t);
  const token = hs256({ sub: UUID, exp: time.nowMs / 1000 + 60, iss: 'operator' });
  t.equal((await call('GET', '/me', { token })).statusCode, 200);
  time.nowMs += 59_999;
  t.equal((await call('GET', '/me', { token })).statusCode, 200);
  time.nowMs += 1;
  t.equal((await call('GET', '/me', { token })).statusCode, 401);
});

t.test("an operator's token brings its user with it", async (t) => {
  const { call, users, time } = await startFakeService(t);
  const exp = time.nowMs / 1000 + 60;
  const token = hs256({ sub: UUID, exp, iss: 'operator', name: ' 민지 ', email: 'minji@example.com' });
  const me = await call('GET', '/me', { token });
  t.match(me.json(), { userId: UUID, name: '민지', email: 'minji@example.com' });
  t.equal(users.rows.size, 1);
  const odd = hs256({ sub: randomUUID(), exp, name: 'a\u0000', email: 'no address' });
  t.match((await call('GET', '/me', { token: odd })).json(), { email: null });
});

t.test("a token of the service's own whose user does not exist is 404", async (t) => {
  const { call, time, users } = await startFakeService(t);
  const token = hs256({ sub: UUID, exp: time.nowMs / 1000 + 60, iss: 'frontrow' });
  const answer = await call('POST', '/queue/tokens', { token, body: { concertId: 1 } });
  t.equal(answer.statusCode, 404);
  t.match(answer.json(), { code: 'USER_NOT_FOUND', detail: '사용자 정보가 존재하지 않습니다' });
  t.equal(users.rows.size, 0, 'and is not created');
});

t.test('a public key verifies its own algorithm and no other', async (t) => {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  } as const;
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
    const publicKey = pairs[alg].publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const auth = { ...defaultOptions.auth, publicKey };
    const { call, time } = await startFakeService(t, { options: { auth } });
    const claims = { sub: UUID, exp: time.nowMs / 1000 + 60 };
    t.equal((await call('GET', '/me', { token: signed(alg, pairs[alg].privateKey, claims) })).statusCode, 200, alg);
    t.equal((await call('GET', '/me', { token: hs256(claims) })).statusCode, 200, 'beside the secret');
    t.equal((await call('GET', '/me', { token: hs256(claims, publicKey) })).statusCode, 401, 'the key is no secret');
    for (const other of ['RS256', 'ES256', 'EdDSA'] as const) {
      if (other === alg) continue;
      const forged = signed(other, pairs[other].privateKey, claims);
      t.equal((await call('GET', '/me', { token: forged })).statusCode, 401, `${other} with a key for ${alg}`);
    }
  }
  await t.rejects(startFakeService(t, { options: { auth: { ...defaultOptions.auth, publicKey: 'nonsense' } } }));
});

t.test('with a public key alone nothing that is signed with a secret counts', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const auth = { secret: null, publicKey: pem, issue: false, accessTokenTtlMs: 1000 };
  const { call, time } = await startFakeService(t, { options: { auth } });
  const claims = { sub: UUID, exp: time.nowMs / 1000 + 60 };
  t.equal((await call('GET', '/me', { token: signed('EdDSA', privateKey, claims) })).statusCode, 200);
  for (const secret of [AUTH_SECRET, pem, '']) {
    t.equal((await call('GET', '/me', { token: hs256(claims, secret) })).statusCode, 401);
  }
  t.equal(
    (await call('POST', '/users', { body: { name: 'a', email: 'a@b.com' } })).statusCode,
    404,
    'nobody registers',
  );
});

t.test('an issued token says when it ends, and a fresh one can be had', async (t) => {
  const { call, register, time } = await startFakeService(t);
  const fan = await register();
  const fresh = await call('POST', '/me/token', { token: fan.accessToken });
  t.equal(fresh.statusCode, 201);
  const { accessToken, accessTokenExpiresAt } = fresh.json<{ accessToken: string; accessTokenExpiresAt: string }>();
  t.equal(Date.parse(accessTokenExpiresAt), time.nowMs + 30 * 86_400_000);
  t.not(accessToken, fan.accessToken);
  t.equal((await call('GET', '/me', { token: accessToken })).json<{ userId: string }>().userId, fan.userId);
  time.nowMs = Date.parse(accessTokenExpiresAt);
  t.equal((await call('GET', '/me', { token: accessToken })).statusCode, 401);
});

t.test('a queue token opens what is for shoppers, an access token what is for users', async (t) => {
  const { call, shopper, room } = await startFakeService(t);
  const { accessToken, queueToken } = await shopper();
  t.equal((await call('GET', '/schedules/1/seats', { token: accessToken })).statusCode, 401);
  t.equal((await call('GET', '/queue/status', { token: accessToken })).statusCode, 401);
  t.equal((await call('POST', '/queue/tokens', { token: queueToken, body: { concertId: 1 } })).statusCode, 401);
  t.equal((await call('POST', '/me/token', { token: queueToken })).statusCode, 401);
  for (const token of [accessToken, queueToken]) t.equal((await call('GET', '/me', { token })).statusCode, 200);
  room.answersLate = true;
  t.equal(
    (await call('GET', '/schedules/1/seats', { token: queueToken })).statusCode,
    200,
    'also if the room must look',
  );
  t.equal((await call('GET', '/schedules/1/seats', { token: `${queueToken}x` })).statusCode, 401);
  t.equal(
    (await call('GET', '/concerts/available', { token: 'nonsense' })).statusCode,
    200,
    'ignored where none is asked',
  );
});

t.test('an ended queue token is told how it ended, and speaks for its holder for a day', async (t) => {
  const { call, shopper, room, time } = await startFakeService(t);
  for (const status of ['EXPIRED', 'CANCELLED', 'COMPLETED'] as const) {
    const { queueToken: token } = await shopper();
    room.end(token, status);
    const closed = await call('GET', '/schedules/1/seats', { token });
    t.equal(closed.statusCode, 401);
    t.equal(closed.json<{ code: string }>().code, `QUEUE_TOKEN_${status}`);
    t.equal((await call('GET', '/me/balance', { token })).statusCode, 200);
    time.nowMs += 86_400_000;
    t.equal((await call('GET', '/me/balance', { token })).statusCode, 200);
    time.nowMs += 1;
    t.equal((await call('GET', '/me/balance', { token })).json<{ code: string }>().code, `QUEUE_TOKEN_${status}`);
    t.match((await call('GET', '/queue/status', { token })).json(), { status }, 'and tells its own end for ever');
  }
});

t.test('a waiting token is admitted by the request itself where it can be', async (t) => {
  const { call, register, enter, room, catalogue } = await startFakeService(t);
  await catalogue.changeQueuePolicy(1, { maxActive: 1 });
  const first = await enter(await register());
  const second = await enter(await register());
  const third = await enter(await register());
  const refused = await call('GET', '/schedules/1/seats', { token: third });
  t.equal(refused.statusCode, 403);
  t.match(refused.json(), { code: 'QUEUE_NOT_ACTIVE', queuePosition: 2, estimatedWaitTime: 60 });
  room.end(first, 'CANCELLED');
  t.equal((await call('GET', '/schedules/1/seats', { token: third })).statusCode, 403, 'nobody jumps the line');
  t.equal((await call('GET', '/schedules/1/seats', { token: second })).statusCode, 200);
});

t.test('the admin routes open to the admin token alone, and do not exist without one', async (t) => {
  const { call, shopper } = await startFakeService(t);
  const { accessToken, queueToken } = await shopper();
  t.equal((await call('GET', '/admin/overview', { token: ADMIN_TOKEN })).statusCode, 200);
  t.match((await call('GET', '/admin/overview')).json(), { status: 401, code: 'UNAUTHENTICATED' });
  for (const token of [accessToken, queueToken, `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1), ADMIN_TOKEN.toUpperCase()]) {
    t.match((await call('GET', '/admin/overview', { token })).json(), { status: 403, code: 'FORBIDDEN' });
  }
  const without = await startFakeService(t, { options: { adminToken: null } });
  for (const token of ['', 'null', ADMIN_TOKEN]) {
    t.match((await without.call('GET', '/admin/overview', { token })).json(), { status: 404, code: 'ROUTE_NOT_FOUND' });
  }
});

t.test("somebody else's things are like unknown ones", async (t) => {
  const { call, shopper, register } = await startFakeService(t);
  const owner = await shopper();
  const stranger = await register();
  const held = await call('POST', '/reservations', { token: owner.queueToken, body: { scheduleId: 1, seatNumber: 1 } });
  const { reservationId } = held.json<{ reservationId: string }>();
  const paid = await call('POST', '/payments', { token: owner.queueToken, body: { reservationId } });
  const { paymentId } = paid.json<{ paymentId: string }>();
  const withoutIds = (text: string): string => text.replace(/"instance":"[^"]*"/, '');
  const pairs: readonly (readonly ['GET' | 'DELETE' | 'POST', string, string, unknown, unknown])[] = [
    ['GET', `/reservations/${reservationId}`, `/reservations/${UUID}`, undefined, undefined],
    ['DELETE', `/reservations/${reservationId}`, `/reservations/${UUID}`, undefined, undefined],
    ['GET', `/payments/${paymentId}`, `/payments/${UUID}`, undefined, undefined],
    ['POST', `/payments/${paymentId}/refund`, `/payments/${UUID}/refund`, {}, {}],
    ['POST', '/payments', '/payments', { reservationId }, { reservationId: UUID }],
    ['POST', '/payments', '/payments', { reservationIds: [reservationId] }, { reservationIds: [UUID] }],
    ['POST', '/payments', '/payments', { scheduleId: 1, seatNumber: 1 }, { scheduleId: 1, seatNumber: 2 }],
  ];
  for (const [method, theirs, unknown, theirBody, unknownBody] of pairs) {
    const one = await call(method, theirs, { token: stranger.accessToken, body: theirBody });
    const other = await call(method, unknown, { token: stranger.accessToken, body: unknownBody });
    t.equal(one.statusCode, 404);
    t.equal(withoutIds(one.body), withoutIds(other.body), `${method} ${theirs.split('/')[1] ?? ''}`);
  }
});
