import t from 'tap';
import { startFakeService } from '../fake-service.ts';

t.test('a user may ask so often in a minute, whatever the token, and others are not touched by it', async (t) => {
  const { call, register, enter } = await startFakeService(t, { options: { rateLimitPerMinute: 5 } });
  const fan = await register();
  const other = await register();
  const queueToken = await enter(fan);
  for (let request = 0; request < 4; request += 1) {
    const token = request % 2 === 0 ? fan.accessToken : queueToken;
    t.equal((await call('GET', '/me', { token })).statusCode, 200);
  }
  const limited = await call('GET', '/me', { token: fan.accessToken });
  t.match(limited.json(), { status: 429, code: 'RATE_LIMITED' });
  t.match(limited.headers['retry-after'], /^[1-9][0-9]?$/);
  t.equal((await call('GET', '/schedules/1/seats', { token: queueToken })).statusCode, 429);
  t.equal((await call('GET', '/me', { token: other.accessToken })).statusCode, 200);
  t.equal((await call('GET', '/concerts/available')).statusCode, 200, 'who says no name is counted by address');
});

t.test('an address may ask twenty times as often, also without a token or with forged ones', async (t) => {
  const { app, call } = await startFakeService(t, { options: { rateLimitPerMinute: 2 } });
  const ask = (remoteAddress: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url: '/api/v1/me', remoteAddress, headers });
  for (let request = 0; request < 40; request += 1) {
    t.equal((await ask('192.0.2.1', { authorization: `Bearer forged${request}` })).statusCode, 401);
  }
  t.equal((await ask('192.0.2.1')).statusCode, 429);
  t.equal((await ask('192.0.2.1', { 'x-forwarded-for': '192.0.2.9' })).statusCode, 429, 'a header is not believed');
  t.equal((await ask('192.0.2.2')).statusCode, 401);
  t.equal((await call('GET', '//healthz')).statusCode, 200);
});

t.test('behind a trusted proxy the address is the one that the proxy names', async (t) => {
  const { app } = await startFakeService(t, { options: { rateLimitPerMinute: 1, trustProxy: ['10.0.0.0/8'] } });
  const ask = (remoteAddress: string, forwarded: string) =>
    app.inject({ method: 'GET', url: '/api/v1/me', remoteAddress, headers: { 'x-forwarded-for': forwarded } });
  for (let request = 0; request < 20; request += 1) {
    t.equal((await ask('10.1.2.3', '192.0.2.1')).statusCode, 401);
  }
  t.equal((await ask('10.1.2.3', '192.0.2.1')).statusCode, 429);
  t.equal(
    (await ask('10.1.2.3', '203.0.113.5, 192.0.2.1')).statusCode,
    429,
    'what the caller itself wrote is not believed',
  );
  t.equal((await ask('10.1.2.3', '192.0.2.2')).statusCode, 401);
  t.equal((await ask('192.0.2.50', '192.0.2.1')).statusCode, 401, 'a stranger is no proxy');
});

t.test('zero means no limit', async (t) => {
  const { call } = await startFakeService(t);
  const answers = await Promise.all(Array.from({ length: 200 }, () => call('GET', '/concerts/available')));
  t.ok(answers.every(({ statusCode }) => statusCode === 200));
});

t.test(
  'an address may register so many fans in a minute, refused ones included, and others are not touched',
  async (t) => {
    const { app } = await startFakeService(t, { options: { registrationsPerMinute: 3 } });
    let fans = 0;
    const register = (remoteAddress: string, email = `fan-${(fans += 1)}@example.com`) =>
      app.inject({ method: 'POST', url: '/api/v1/users', remoteAddress, payload: { name: 'Fan', email } });
    t.equal((await register('192.0.2.1')).statusCode, 201);
    t.equal((await register('192.0.2.1', 'FAN-1@example.com')).statusCode, 409);
    t.equal((await register('192.0.2.1')).statusCode, 201);
    const limited = await register('192.0.2.1');
    t.match(limited.json(), { status: 429, code: 'RATE_LIMITED' });
    t.match(limited.headers['retry-after'], /^[1-9][0-9]?$/);
    t.equal((await register('192.0.2.2')).statusCode, 201);
    const ask = { method: 'GET', url: '/api/v1/concerts/available', remoteAddress: '192.0.2.1' } as const;
    t.equal((await app.inject(ask)).statusCode, 200, 'nothing else is limited');
  },
);

t.test('an address is the same whatever port a proxy names with it', async (t) => {
  const { app } = await startFakeService(t, { options: { rateLimitPerMinute: 1, trustProxy: ['10.0.0.0/8'] } });
  const ask = (forwarded: string) =>
    app.inject({
      method: 'GET',
      url: '/api/v1/me',
      remoteAddress: '10.1.2.3',
      headers: { 'x-forwarded-for': forwarded },
    });
  const spellings = ['192.0.2.1', '192.0.2.1:40001', '::ffff:192.0.2.1', '[::ffff:192.0.2.1]:40002'];
  for (let request = 0; request < 20; request += 1) {
    t.equal((await ask(spellings[request % spellings.length] ?? '')).statusCode, 401);
  }
  for (const spelling of spellings) t.equal((await ask(spelling)).statusCode, 429, spelling);
  for (let request = 0; request < 20; request += 1) await ask(`[2001:db8::1]:${40_000 + request}`);
  t.equal((await ask('2001:DB8:0::1')).statusCode, 429, 'one spelling of each IPv6 address');
  t.equal((await ask('2001:db8::2')).statusCode, 401);
});
