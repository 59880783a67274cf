import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import { createServer } from '../../src/http/server.ts';

/** More than the kernel's buffers of both sides take. */
const ANSWER_BYTES = 32 * 1_048_576;
const DEADLINE_MS = 20_000;

t.test('a connection ends when its peer never reads the answer', async (t) => {
  const app = createServer({
    trustProxy: [],
    handleError: (error) => {
      throw error;
    },
    mayUpgrade: () => false,
    noProgressMs: 1_000,
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
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');

  await once(served, 'close', { signal });
  t.ok(served.bytesWritten > 0, 'after its answer had begun');
  t.equal(served.destroyed, true);
});
