import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { spreadPipelines } from '../../../src/http/hooks/pipelined-requests.ts';

const PIPELINED = 8_000;
/** Two chunks hold fewer. Unrestrained, 6 518 were read first. */
const AT_MOST_AHEAD = 5_000;

function requestOf(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

async function startServer(t: Test, onRequest: (path: string) => void): Promise<number> {
  const server = createServer((request, response) => {
    onRequest(request.url ?? '');
    response.end('ok');
  });
  spreadPipelines(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function open(t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

function countAnswers(socket: Socket): () => number {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  return () => text.split('HTTP/1.1 200').length - 1;
}

t.test('a connection that pipelines thousands of requests is read in portions, between those of others', async (t) => {
  let hogs = 0;
  let ahead: number | null = null;
  const port = await startServer(t, (path) => {
    if (path === '/hog') hogs += 1;
    else ahead ??= hogs;
  });
  const [hog, neighbour] = [await open(t, port), await open(t, port)];
  const answersOf = { hog: countAnswers(hog), neighbour: countAnswers(neighbour) };
  hog.write(requestOf('/hog').repeat(PIPELINED));
  neighbour.write(requestOf('/neighbour'));
  while (answersOf.hog() < PIPELINED) await once(hog, 'data');
  t.equal(answersOf.neighbour(), 1);
  t.equal(answersOf.hog(), PIPELINED, 'every request of the pipeline is answered');
  t.ok((ahead ?? Number.NaN) < AT_MOST_AHEAD, `${ahead} requests were read before that of the neighbour`);
});

t.test('a connection that waits for its answers is not held back', async (t) => {
  let pauses = 0;
  const port = await startServer(t, () => undefined);
  const socket = await open(t, port);
  const answers = countAnswers(socket);
  socket.on('pause', () => (pauses += 1));
  for (let nth = 1; nth <= 20; nth += 1) {
    socket.write(requestOf('/polite'));
    while (answers() < nth) await once(socket, 'data');
  }
  t.equal(pauses, 0);
});
