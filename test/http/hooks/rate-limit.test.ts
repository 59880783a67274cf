import t from 'tap';
import { createManualClock } from '../../fixtures/manual-clock.ts';
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
  const clock = createManualClock();
  const { app, call } = await startFakeService(t, { options: { rateLimitPerMinute: 2 }, clock });
  const ask = (remoteAddress: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url: '/api/v1/me', remoteAddress, headers });
  for (let request = 0; request < 40; request += 1) {
    t.equal((await ask('192.0.2.1', { authorization: `Bearer forged${request}` })).statusCode, 401);
  }
  t.equal((await ask('192.0.2.1')).statusCode, 429);
  t.equal((await ask('192.0.2.1', { 'x-forwarded-for': '192.0.2.9' })).statusCode, 429, 'a header is not believed');
  t.equal((await ask('192.0.2.2')).statusCode, 401);
  t.equal((await call('GET', '//healthz')).statusCode, 200);
  clock.advance(60_000 / 40);
  t.equal((await ask('192.0.2.1')).statusCode, 401, 'it may ask again as soon as a fortieth of the minute is over');
  t.equal((await ask('192.0.2.1')).statusCode, 429);
});

t.test('a tenth of what an address may ask in a minute may come at once', async (t) => {
  const clock = createManualClock();
  const { app } = await startFakeService(t, { options: { rateLimitPerMinute: 60 }, clock });
  const ask = () => app.inject({ url: '/api/v1/me', remoteAddress: '192.0.2.1' });
  const burst = await Promise.all(Array.from({ length: 150 }, ask));
  t.equal(burst.filter(({ statusCode }) => statusCode === 401).length, 120);
  const limited = burst.filter(({ statusCode }) => statusCode === 429);
  t.equal(limited.length, 30);
  t.equal(limited[0]?.headers['retry-after'], '1');
  clock.advance(1_000);
  const second = await Promise.all(Array.from({ length: 30 }, ask));
  t.equal(second.filter(({ statusCode }) => statusCode === 401).length, 20, 'and the rest evenly over the minute');
});

t.test('the pages of other origins can read that their address asks too often', async (t) => {
  const origin = 'https://tickets.example';
  const options = { rateLimitPerMinute: 1, allowedOrigins: [origin] };
  const { app } = await startFakeService(t, { options, clock: createManualClock() });
  const ask = () => app.inject({ url: '/api/v1/me', headers: { origin } });
  for (let request = 0; request < 20; request += 1) t.equal((await ask()).statusCode, 401);
  const limited = await ask();
  t.equal(limited.statusCode, 429);
  t.equal(limited.headers['access-control-allow-origin'], origin);
  const preflight = { method: 'OPTIONS', url: '/api/v1/me' } as const;
  const headers = { origin, 'access-control-request-method': 'GET' };
  t.equal((await app.inject({ ...preflight, headers })).statusCode, 204, 'a browser would not show why it was refused');
});

t.test('behind a trusted proxy the address is the one that the proxy names', async (t) => {
  const { app } = await startFakeService(t, {
    options: { rateLimitPerMinute: 1, trustProxy: ['10.0.0.0/8'] },
    clock: createManualClock(),
  });
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

t.test('a request counts when it arrives, also when it waits for its turn in vain', async (t) => {
  const origin = 'https://tickets.example';
  const clock = createManualClock();
  const delaysMs = [5, 1_001];
  const { app } = await startFakeService(t, {
    options: { rateLimitPerMinute: 1, allowedOrigins: [origin] },
    clock,
    dependencies: {
      readiness() {
        clock.advance(delaysMs.shift() ?? 0);
        return { ready: true, reasons: [], degraded: [] };
      },
    },
  });
  const probe = () => app.inject({ url: '/readyz' });
  const ask = () => app.inject({ url: '/api/v1/me', headers: { origin } });
  const answers = await Promise.all([probe(), ...Array.from({ length: 20 }, ask), probe()]);
  for (const answer of answers.slice(1, -1)) {
    t.match(answer.json(), { status: 503, code: 'OVERLOADED', outcome: 'none' });
    t.equal(answer.headers['access-control-allow-origin'], origin, 'pages of other origins can read it');
  }
  t.equal((await ask()).statusCode, 429);
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
  const { app } = await startFakeService(t, {
    options: { rateLimitPerMinute: 1, trustProxy: ['10.0.0.0/8'] },
    clock: createManualClock(),
  });
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
