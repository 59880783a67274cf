import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createServer } from '../../src/http/server.ts';

/** More than the kernel's buffers of both sides take. */
const ANSWER_BYTES = 32 * 1_048_576;
const NO_PROGRESS_MS = 1_000;
/** A slow reader takes a little so often, and goes on so for several times the limit. */
const BETWEEN_READS_MS = 20;
const SLOW_FOR_MS = 3 * NO_PROGRESS_MS;
const DEADLINE_MS = 60_000;

/** A request for a large answer is on its way from `peer`, which reads nothing; `served` is the server's side of it. */
async function askForLargeAnswer(t: Test): Promise<{ peer: Socket; served: Socket; signal: AbortSignal }> {
  const app = createServer({
    trustProxy: [],
    handleError: (error) => {
      throw error;
    },
    mayUpgrade: () => false,
    connections: { perAddress: 0, inAll: 0 },
    onConnectionRefused: () => t.fail('nothing is refused'),
    noProgressMs: NO_PROGRESS_MS,
  });
  const answer = Buffer.alloc(ANSWER_BYTES);
  app.get('/', (_request, reply) => reply.send(answer));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const connected = once(app.server, 'connection', { signal });
  const peer = connect({ port, host: '127.0.0.1' });
  t.teardown(async () => {
    peer.destroy();
    await app.close();
  });
  peer.on('error', () => {}).pause();
  const [served] = (await connected) as [Socket];
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  return { peer, served, signal };
}

t.test('a connection ends when its peer never reads the answer', async (t) => {
  const { served, signal } = await askForLargeAnswer(t);
  await once(served, 'close', { signal });
  t.ok(served.bytesWritten > 0, 'after its answer had begun');
  t.equal(served.destroyed, true);
});

t.test('a peer that reads slowly gets the whole answer', async (t) => {
  const { peer, signal } = await askForLargeAnswer(t);
  let received = 0;
  peer.on('data', (data: Buffer) => (received += data.length));
  const ended = once(peer, 'close', { signal });
  const fastFromMs = performance.now() + SLOW_FOR_MS;
  while (performance.now() < fastFromMs && !peer.closed) {
    peer.pause();
    await pause(BETWEEN_READS_MS);
    peer.resume();
    await Promise.race([once(peer, 'data', { signal }), ended]);
  }
  t.ok(received < ANSWER_BYTES, `it was slow for longer than a peer may read nothing: ${received} bytes`);
  await ended;
  t.ok(received > ANSWER_BYTES, `${received} bytes, the header among them`);
});
