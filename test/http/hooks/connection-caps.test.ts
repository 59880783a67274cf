import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/runtime/clock.ts';
import { networkOf } from '../../../src/http/hooks/caller-address.ts';
import { createMetrics } from '../../../src/http/pages/metrics.ts';
import { createMetricsApp, METRICS_CONNECTIONS } from '../../../src/http/pages/metrics-app.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { startFakeService } from '../fake-service.ts';

const DEADLINE_MS = 20_000;
const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

interface Peer {
  readonly socket: Socket;
  /** The first line of the answer to a request, or that the connection was closed without one. */
  ask(): Promise<string>;
}

async function connectTo(t: Test, port: number, localAddress = '127.0.0.1'): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  t.teardown(() => void socket.destroy());
  await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
  return {
    socket,
    ask: () =>
      new Promise((resolve) => {
        if (socket.destroyed) resolve('closed');
        socket.once('data', (data) => resolve(data.toString('latin1').split('\r\n', 1)[0] ?? ''));
        socket.once('close', () => resolve('closed'));
        socket.once('error', () => resolve('closed'));
        socket.write(REQUEST);
      }),
  };
}

async function listen(t: Test, options: Parameters<typeof startFakeService>[1]) {
  const { app, dependencies } = await startFakeService(t, options);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const refused = async (limit: string): Promise<string | undefined> =>
    new RegExp(`^http_connections_refused_total\\{limit="${limit}"\\} (\\d+)$`, 'm').exec(
      await dependencies.metrics.registry.metrics(),
    )?.[1];
  return { app, port, refused };
}

t.test('an address may have so many connections, and others are not touched by it', async (t) => {
  const { app, port, refused } = await listen(t, { options: { connections: { perAddress: 2, inAll: 0 } } });
  const first = await connectTo(t, port);
  t.equal(await first.ask(), 'HTTP/1.1 200 OK');
  t.equal(await (await connectTo(t, port)).ask(), 'HTTP/1.1 200 OK');
  t.equal(await refused('address'), '0');

  t.equal(await (await connectTo(t, port)).ask(), 'closed');
  t.equal(await refused('address'), '1');
  t.equal(await (await connectTo(t, port, '127.0.0.2')).ask(), 'HTTP/1.1 200 OK');

  const ended = new Promise((resolve) => app.server.once('request', ({ socket }) => socket.once('close', resolve)));
  t.equal(await first.ask(), 'HTTP/1.1 200 OK');
  first.socket.destroy();
  await ended;
  t.equal(await (await connectTo(t, port)).ask(), 'HTTP/1.1 200 OK', 'an ended connection makes room');
});

t.test('a trusted proxy carries the connections of many callers', async (t) => {
  const options = { trustProxy: ['127.0.0.2', '127.0.1.0/24'], connections: { perAddress: 1, inAll: 0 } };
  const { port } = await listen(t, { options });
  for (const proxy of ['127.0.0.2', '127.0.0.2', '127.0.1.5', '127.0.1.5']) {
    t.equal(await (await connectTo(t, port, proxy)).ask(), 'HTTP/1.1 200 OK');
  }
  t.equal(await (await connectTo(t, port)).ask(), 'HTTP/1.1 200 OK');
  t.equal(await (await connectTo(t, port)).ask(), 'closed');
});

t.test('all addresses together, trusted proxies among them, may have so many connections', async (t) => {
  const options = { trustProxy: ['127.0.0.2'], connections: { perAddress: 0, inAll: 2 } };
  const { port, refused } = await listen(t, { options });
  t.equal(await (await connectTo(t, port)).ask(), 'HTTP/1.1 200 OK');
  t.equal(await (await connectTo(t, port, '127.0.0.2')).ask(), 'HTTP/1.1 200 OK');
  t.equal(await (await connectTo(t, port, '127.0.0.2')).ask(), 'closed');
  t.equal(await (await connectTo(t, port, '127.0.0.3')).ask(), 'closed');
  t.equal(await refused('all'), '2');
});

t.test('the port for metrics takes a few connections', async (t) => {
  const databaseClock = { lowerMs: () => 0, upperMs: () => 0 };
  const app = createMetricsApp({ metrics: createMetrics(), log: silentLog, clock: systemClock, databaseClock });
  t.teardown(() => app.close());
  t.equal(app.server.maxConnections, METRICS_CONNECTIONS);
});

t.test('an IPv6 subscriber has a network of addresses, which count as one', async (t) => {
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::1'));
  t.not(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
  t.equal(networkOf('2001:db8::1'), networkOf('2001:db8:0:0:9::'));
  t.not(networkOf('::1'), networkOf('1::1'));
  t.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2%eth0'));
});
