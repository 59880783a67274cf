import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import t from 'tap';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { startFakeService } from './fake-service.ts';

/** Sends bytes as they are and gives everything that comes back until the server ends the connection. */
async function exchange(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('utf8');
  });
  socket.on('error', () => undefined);
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close');
  return received;
}

function documentOf(answer: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

t.test('what the HTTP parser refuses is answered with a problem document, and the connection ends', async (t) => {
  const { app } = await startFakeService(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;

  const table: readonly (readonly [string, string, number, string])[] = [
    ['nonsense', 'hello there\r\n\r\n', 400, 'VALIDATION_FAILED'],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400, 'VALIDATION_FAILED'],
    ['an unknown version', 'GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n', 400, 'VALIDATION_FAILED'],
    ['a space in a header', 'GET /healthz HTTP/1.1\r\nHo st: x\r\n\r\n', 400, 'VALIDATION_FAILED'],
    [
      'two lengths',
      'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'VALIDATION_FAILED',
    ],
    [
      'length and chunks',
      'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'VALIDATION_FAILED',
    ],
    [
      'headers past 8 KiB',
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['a target past 8 KiB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414, 'URI_TOO_LONG'],
  ];
  for (const [name, bytes, status, code] of table) {
    const answer = await exchange(port, bytes);
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), name);
    t.match(answer, /\r\nContent-Type: application\/problem\+json\r\n/i, name);
    t.match(answer, /\r\nX-Request-Id: [0-9a-f-]{36}\r\n/i, name);
    t.match(documentOf(answer), { status, code }, name);
  }
});

t.test('a request names one host, in a form that a host can have', async (t) => {
  const { app } = await startFakeService(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const ask = (hosts: readonly string[]) =>
    exchange(
      port,
      `GET /healthz HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join('')}Connection: close\r\n\r\n`,
    );
  for (const hosts of [['a', 'b'], ['a', 'a'], ['a b/c'], ['a/b'], ['a@b'], ['a:b'], ['[::1'], ['a?b'], ['a#b']]) {
    const answer = await ask(hosts);
    t.match(answer, /^HTTP\/1\.1 400 /, hosts.join());
    t.match(documentOf(answer), { code: 'VALIDATION_FAILED', errors: [{ in: 'header', path: '/host' }] });
  }
  for (const host of ['a', 'tickets.example:8080', '127.0.0.1', '[::1]:80', 'xn--9t4b11yi5a.kr', 'a_b', '']) {
    t.match(await ask([host]), /^HTTP\/1\.1 200 /, host);
  }
});

t.test('a request without Host, and one with an expectation that nobody knows, are answered like others', async (t) => {
  const { app } = await startFakeService(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const hostless = await exchange(port, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n');
  t.match(hostless, /^HTTP\/1\.1 400 /);
  t.match(documentOf(hostless), { code: 'VALIDATION_FAILED', errors: [{ in: 'header', path: '/host' }] });
  const expecting = await exchange(
    port,
    'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n',
  );
  t.match(expecting, /^HTTP\/1\.1 200 /);
});

t.test('slow clients are cut off with 408: neither headers nor bodies may drip', async (t) => {
  const { app } = await startFakeService(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const started = performance.now();
  const [headers, body] = await Promise.all([
    exchange(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow:'),
    exchange(
      port,
      'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    ),
  ]);
  t.match(headers, /^HTTP\/1\.1 408 /);
  t.match(documentOf(headers), { code: 'REQUEST_TIMEOUT', status: 408 });
  t.match(body, /^HTTP\/1\.1 408 /);
  t.ok(performance.now() - started < 9_000, 'within the limits of a request');
});

t.test('requests that come when the farewell is over are refused with 503 and the connection ends', async (t) => {
  const clock = createManualClock();
  const { app, sales, shopper, dependencies } = await startFakeService(t, { clock });
  const { queueToken } = await shopper();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  let release = (): void => undefined;
  const dispatched = new Promise<void>((seen) => {
    sales.before = () => {
      seen();
      return new Promise((resolve) => {
        release = () => resolve(null);
      });
    };
  });
  const hold = JSON.stringify({ scheduleId: 1, seatNumber: 1 });
  const head = `Host: x\r\nAuthorization: Bearer ${queueToken}\r\n`;
  const first = `POST /api/v1/reservations HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${hold.length}\r\n\r\n${hold}`;
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('utf8');
  });
  socket.write(first);
  await dispatched;
  const late = connect(port, '127.0.0.1');
  let answerOfLate = '';
  late.on('data', (chunk) => {
    answerOfLate += chunk.toString('utf8');
  });
  const lateEnds = once(late, 'close');
  late.write('GET /api/v1/me HTTP/1.1\r\n');
  const timers = clock.pending();
  const closed = app.close();
  await waitFor(() => clock.pending() > timers, { what: 'the farewell' });
  clock.advance(250);
  await waitFor(() => !app.server.listening, { what: 'the app to take no connections' });
  clock.advance(100);
  await waitFor(() => clock.pending() > timers, { what: 'the end of the farewell' });
  late.write(`${head}\r\n`);
  const { registry } = dependencies.metrics;
  await waitFor(async () => (await registry.metrics()).includes('http_refusals_total{code="OVERLOADED"} 1'), {
    what: 'the late request to be refused',
  });
  release();
  await once(socket, 'close');
  await lateEnds;
  await closed;
  t.match(received, /^HTTP\/1\.1 201 [\s\S]*\r\nconnection: close\r\n/, 'what was under way is finished');
  t.match(answerOfLate, /^HTTP\/1\.1 503 [\s\S]*\r\nconnection: close\r\n[\s\S]*"code":"OVERLOADED"/);
});
