import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { openLiveSocket } from '../../fixtures/live-socket.ts';
import { openSale, register, startTestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { ALLOWED_ORIGINS: 'https://tickets.example' });
const { host, port } = new URL(service.url);

/** What the service answers to these lines, and whether it then closes the connection. */
function exchange(t: Test, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.startsWith('HTTP/1.1 101')) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    t.teardown(() => socket.destroy());
  });
}

function upgradeLines(path: string, headers: readonly string[] = []): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ];
}

t.test('pages of the service itself and of allowed origins may open a socket, others may not', async (t) => {
  const statusWith = async (origin: string | null) => {
    const headers = origin === null ? [] : [`Origin: ${origin}`];
    const answer = await exchange(t, upgradeLines('/api/v1/live', headers));
    return answer.split(' ', 2)[1];
  };
  for (const origin of [null, `http://${host}`, 'https://tickets.example'])
    t.equal(await statusWith(origin), '101', String(origin));
  for (const origin of [
    'null',
    'http://evil.example',
    `https://${host}`,
    `http://${host}.evil.example`,
    `http://evil.example/http://${host}`,
    'http://tickets.example',
    'https://tickets.example:444',
    'https://tickets.example, https://evil.example',
    'HTTPS://TICKETS.EXAMPLE',
  ]) {
    t.equal(await statusWith(origin), '403', origin);
  }
  const hostless = upgradeLines('/api/v1/live').map((line) => (line.startsWith('Host') ? 'Host:' : line));
  t.match(await exchange(t, [...hostless, 'Origin: http://']), /^HTTP\/1\.1 403 /, 'no host is no origin');
  t.match(await exchange(t, hostless), /^HTTP\/1\.1 101 /);
  const refused = await exchange(
    t,
    upgradeLines('/api/v1/live', ['Origin: http://evil.example', 'Accept-Language: en']),
  );
  t.match(refused, /content-type: application\/problem\+json/i);
  t.match(refused, /"code":"FORBIDDEN"/);
});

t.test('a request that does not ask for a WebSocket is told so by a problem document', async (t) => {
  const answer = await service.call('GET', '/live', { headers: { 'accept-language': 'en' } });
  t.equal(answer.status, 426);
  t.equal(answer.headers.get('upgrade'), 'websocket');
  t.equal(answer.headers.get('content-type'), 'application/problem+json');
  t.match(answer.body, { code: 'UPGRADE_REQUIRED', status: 426, title: 'Upgrade required' });
  t.equal((await service.call('HEAD', '/live')).status, 426);
  t.equal((await service.call('POST', '/live')).status, 405);
});

t.test('a token in the address is refused', async (t) => {
  const answer = await exchange(t, upgradeLines('/api/v1/live?token=secret'));
  t.match(answer, /^HTTP\/1\.1 400 /);
  t.match(answer, /"code":"VALIDATION_FAILED"/);
  t.notMatch(answer, /secret/);
});

t.test('a handshake that is none is refused', async (t) => {
  const complete = upgradeLines('/api/v1/live');
  const without = (name: string) => complete.filter((line) => !line.startsWith(name));
  const badKey = /^HTTP\/1\.1 400 .*"code":"VALIDATION_FAILED".*sec-websocket-key/s;
  t.match(await exchange(t, without('Sec-WebSocket-Key')), badKey);
  t.match(await exchange(t, [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: short']), badKey);
  const otherVersion = [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 7'];
  t.match(await exchange(t, otherVersion), /^HTTP\/1\.1 426 .*sec-websocket-version: 13\r\n.*UPGRADE_REQUIRED/s);
  const answerTo = (names: string) => exchange(t, [...complete, `Sec-WebSocket-Protocol: ${names}`]);
  for (const names of ['a b c,,', 'a,', ',a', 'a,,b', '', 'a/b', 'a, b, a', 'ü']) {
    t.match(await answerTo(names), /^HTTP\/1\.1 400 .*"code":"VALIDATION_FAILED".*sec-websocket-protocol/s, names);
  }
  for (const names of ['a', 'v1.frontrow , b\t,c', "!#$%&'*+-.^_`|~09azAZ"])
    t.match(await answerTo(names), /^HTTP\/1\.1 101 /, names);
});

t.test('an upgrade that is refused before the route is reached is not left open', async (t) => {
  const nameless = upgradeLines('/api/v1/live').filter((line) => !line.startsWith('Host'));
  t.match(await exchange(t, nameless), /^HTTP\/1\.1 400 .*VALIDATION_FAILED/s);
  t.match(await exchange(t, upgradeLines(`/api/v1/live?${'a'.repeat(3_000)}`)), /^HTTP\/1\.1 414 .*URI_TOO_LONG/s);
});

t.test('a socket that is asked for while the service stops is refused, and does not hold up the stop', async (t) => {
  const ending = await startTestService(t, await createTestDatabase(t));
  const address = new URL(ending.url);
  // Open before the stop: new connections may not be taken any more.
  const late = connect(Number(address.port), address.hostname);
  const first = new Promise<string>((resolve) => late.once('data', (data) => resolve(data.toString())));
  const gone = new Promise<void>((resolve) => late.once('close', () => resolve()));
  late.on('error', () => undefined);
  t.teardown(() => late.destroy());
  await new Promise<void>((resolve) => late.once('connect', () => resolve()));
  const closing = ending.close();
  await waitFor(async () => (await fetch(`${ending.url}/readyz`)).status === 503, { what: 'the stop to begin' });
  late.write(`${upgradeLines('/api/v1/live').join('\r\n')}\r\n\r\n`);
  t.match(await first, /^HTTP\/1\.1 503 /);
  await Promise.all([gone, closing]);
});

t.test('elsewhere the wish for another protocol is ignored, and the request is answered', async (t) => {
  const close = ['Connection: close'];
  const asking = (path: string, upgrade: string) =>
    exchange(t, [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade, close', `Upgrade: ${upgrade}`]);
  t.match(await asking('/healthz', 'websocket'), /^HTTP\/1\.1 200 /);
  t.match(await asking('/api/v1/concerts/available', 'h2c'), /^HTTP\/1\.1 200 /);
  t.match(await asking('/api/v1/nothing', 'websocket'), /^HTTP\/1\.1 404 .*ROUTE_NOT_FOUND/s);
  t.match(await asking('/api/v1/live', 'h2c'), /^HTTP\/1\.1 426 /);
  const posted = ['POST /api/v1/live HTTP/1.1', `Host: ${host}`, 'Upgrade: websocket', ...close, 'Content-Length: 0'];
  t.match(await exchange(t, posted), /^HTTP\/1\.1 405 /);
});

t.test('a connection that breaks off in the middle of the upgrade harms nobody', async (t) => {
  for (let nth = 0; nth < 50; nth += 1) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(`${upgradeLines('/api/v1/live').join('\r\n')}\r\n\r\n`, () => socket.resetAndDestroy());
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
  }
  const { accessToken } = await register(service);
  const { scheduleId } = await openSale(service, { seatCount: 1 });
  const socket = await openLiveSocket(t, service.url, { token: accessToken });
  t.equal((await socket.subscribe(scheduleId)).type, 'snapshot');
});

t.test('a frame that comes with the request for the upgrade is not lost', async (t) => {
  const mask = Buffer.from([1, 2, 3, 4]);
  const text = Buffer.from('{"type":"ping"}');
  const masked = text.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked]);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(Buffer.concat([Buffer.from(`${upgradeLines('/api/v1/live').join('\r\n')}\r\n\r\n`), frame]));
    });
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (received.includes('pong')) socket.destroy();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    t.teardown(() => socket.destroy());
  });
  t.match(answer, /\{"type":"pong"\}/);
});

t.test('a stop says goodbye to every socket, and cuts off those that do not answer', async (t) => {
  const ending = await startTestService(t, await createTestDatabase(t));
  const { accessToken } = await register(ending);
  const sockets = await Promise.all([1, 2, 3].map(() => openLiveSocket(t, ending.url, { token: accessToken })));
  const stranger = await openLiveSocket(t, ending.url);
  const deaf = await openLiveSocket(t, ending.url, { token: accessToken });
  deaf.transport.pause();
  const beganMs = performance.now();
  await ending.close();
  const tookMs = performance.now() - beganMs;
  for (const socket of [...sockets, stranger]) t.equal(await socket.closed(), 1012);
  t.ok(tookMs < 5_000, `${Math.round(tookMs)} ms`);
});
