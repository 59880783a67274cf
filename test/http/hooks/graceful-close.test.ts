import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import fastify from 'fastify';
import t from 'tap';
import { WebSocket } from 'ws';
import type { Command } from '../../../src/actors/command.ts';
import type { SendOutcome } from '../../../src/cluster/peers/peer-port.ts';
import { createRouter } from '../../../src/cluster/router.ts';
import { closeGracefully } from '../../../src/http/hooks/graceful-close.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { startFakeService } from '../fake-service.ts';

const READ: Command = { type: 'ReadSeatMap', scheduleId: 7 };
const GRANTED: SendOutcome = {
  type: 'answered',
  answer: { outcome: 'granted', value: { scheduleId: 7, epoch: 1, seq: 0, availableSeats: 0, seats: [] } },
};
const STEP_MS = 10;

/** A router whose peer is reached from `reachedAtMs` on, and then takes all the time that it is given. */
function setUp() {
  const clock = createManualClock();
  const asked: number[] = [];
  const peer = { reachedAtMs: Number.POSITIVE_INFINITY };
  const router = createRouter({
    membership: { isAside: () => false, node: 'me' },
    placement: { ownerOf: () => 'owner', reconsider: () => undefined },
    local: {
      serves: () => false,
      dispatch: () => {
        throw new Error('this node owns nothing');
      },
      serve: () => {
        throw new Error('this node owns nothing');
      },
    },
    peers: {
      async send(_peer, _command, limitMs) {
        asked.push(clock.monotonicMs());
        if (clock.monotonicMs() < peer.reachedAtMs) return { type: 'unreachable' };
        return await new Promise((resolve) => clock.after(limitMs, () => resolve(GRANTED)));
      },
    },
    clock,
  });
  /** Lets time pass until `isOver`, with all that happens in between. */
  async function passUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      clock.advance(STEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { clock, asked, peer, router, passUntil };
}

t.test(
  'a request whose command takes all the time that another node is given is answered while the server closes',
  async (t) => {
    const { clock, asked, peer, router, passUntil } = setUp();
    let isGivenUp = false;
    const begunMs = clock.monotonicMs();
    void Promise.resolve(router.dispatch(READ)).then(() => (isGivenUp = true));
    await passUntil(() => isGivenUp);
    const latestMs = Math.max(...asked) - begunMs;

    const app = fastify();
    closeGracefully(app, clock, () => false);
    const { promise: farewell, resolve: beginCommand } = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    app.get('/', async () => {
      arrived.resolve();
      await farewell;
      peer.reachedAtMs = clock.monotonicMs() + latestMs;
      return await router.dispatch(READ);
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    let status = 0;
    const answering = fetch(url).then(
      (answer) => (status = answer.status),
      (error: unknown) => error,
    );
    await arrived.promise;
    const closed = once(app.server, 'close');
    const closing = app.close();
    await waitFor(() => clock.pending() === 1, { what: 'the farewell' });
    await passUntil(() => clock.pending() > 1);
    beginCommand();
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    await passUntil(() => isClosed);
    await Promise.all([answering, closing]);
    t.equal(status, 200);
  },
);

t.test('whoever reaches a server while it says goodbye is served, over a connection that ends', async (t) => {
  const clock = createManualClock();
  const { app, register } = await startFakeService(t, { clock });
  const { accessToken } = await register();
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const timers = clock.pending();
  const closed = app.close();
  await waitFor(() => clock.pending() > timers, { what: 'the farewell' });

  const headers = { authorization: `Bearer ${accessToken}` };
  const answer = await fetch(`${url}/api/v1/me`, { headers });
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('connection'), 'close');
  t.match(await (await fetch(`${url}/readyz`)).json(), { status: 503, reasons: ['draining'] });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
  const [, refusal] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  t.equal(refusal.statusCode, 503, 'a live connection would be told to go within moments');
  socket.on('error', () => undefined);
  refusal.destroy();

  const accepted = once(app.server, 'connection');
  const latecomer = connect(Number(new URL(url).port), '127.0.0.1');
  await accepted;
  clock.advance(250);
  await waitFor(() => !app.server.listening, { what: 'the end of listening' });
  await t.rejects(fetch(`${url}/api/v1/me`, { headers }));
  latecomer.write(`GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}\r\n\r\n`);
  t.match(String((await once(latecomer, 'data'))[0]), /^HTTP\/1\.1 200 /, 'who had connected is not cut off');
  clock.advance(100);
  await closed;
});

t.test('a request that arrived before the farewell is answered over a connection that ends', async (t) => {
  const inHand = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let isDraining = false;
  const { app, shopper, sales } = await startFakeService(t, { dependencies: { isDraining: () => isDraining } });
  const { queueToken } = await shopper();
  sales.before = async () => {
    inHand.resolve();
    await release.promise;
    return null;
  };
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const answer = fetch(`${url}/api/v1/schedules/1/seats`, { headers: { authorization: `Bearer ${queueToken}` } });
  await inHand.promise;
  isDraining = true;
  release.resolve();
  const { status, headers } = await answer;
  t.equal(status, 200);
  t.equal(headers.get('connection'), 'close');
});

/** What a socket receives until its end, or its error. */
async function whatComes(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (chunk) => (received += String(chunk)));
  try {
    await once(socket, 'close');
    return received;
  } catch (error) {
    return String(error);
  }
}

t.test('nobody is reset who connected, or sent a request, just before the server looked last', async (t) => {
  const clock = createManualClock();
  const { app } = await startFakeService(t, { clock });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const port = Number(new URL(url).port);
  const request = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

  const regular = connect(port, '127.0.0.1');
  regular.write(request);
  await once(regular, 'data');
  const timers = clock.pending();
  const closed = app.close();
  await waitFor(() => clock.pending() > timers, { what: 'the farewell' });

  // The system has connected them when `connect` returns; the server accepts one a turn.
  const latecomers = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
  const answers = Promise.all(latecomers.map(whatComes));
  for (const latecomer of latecomers) latecomer.write(request);
  clock.advance(250);
  await waitFor(() => !app.server.listening, { what: 'the end of listening' });

  const last = whatComes(regular);
  regular.write(request);
  clock.advance(100);
  t.match(await last, /^HTTP\/1\.1 200 /);
  for (const answer of await answers) t.match(answer, /^HTTP\/1\.1 200 /);
  await closed;
});
