import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { type Front, openFront } from '../../demo/cluster/front/front.ts';
import { waitFor } from '../fixtures/wait-for.ts';

interface FakeNode {
  readonly name: string;
  readonly port: number;
  readonly server: Server;
  readonly seen: IncomingMessage[];
  isReady: boolean;
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
  close(): void;
}

/** Something that answers like a node; every answer says its name and what it was sent. */
async function startNode(t: Test, name: string): Promise<FakeNode> {
  const node: FakeNode = {
    name,
    port: 0,
    seen: [],
    isReady: true,
    server: createServer((incoming, outgoing) => {
      if (incoming.url === '/readyz') {
        outgoing.writeHead(node.isReady ? 200 : 503).end(JSON.stringify(node.isReady ? {} : { reasons: ['draining'] }));
        return;
      }
      node.seen.push(incoming);
      node.answer(incoming, outgoing);
    }),
    answer(incoming, outgoing) {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        outgoing.writeHead(201, { 'content-type': 'text/plain', 'x-node': name }).end(body);
      });
    },
    close() {
      node.server.close();
      node.server.closeAllConnections();
    },
  };
  node.server.listen(0, '127.0.0.1');
  await once(node.server, 'listening');
  t.teardown(() => node.close());
  return Object.assign(node, { port: (node.server.address() as AddressInfo).port });
}

async function startFront(t: Test, nodes: readonly FakeNode[]): Promise<Front> {
  const front = await openFront({ nodes, port: 0 });
  t.teardown(() => front.close());
  await waitFor(() => front.targets.every((target, index) => target.isReady === nodes[index]?.isReady), {
    what: 'the front to know who is ready',
  });
  return front;
}

async function post(url: string, body: string): Promise<Response> {
  return fetch(`${url}/api/v1/reservations?a=b`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } });
}

t.test('requests go in turns to the nodes that are ready, and to no other', async (t) => {
  const nodes = [await startNode(t, 'one'), await startNode(t, 'two'), await startNode(t, 'three')];
  const [, , third] = nodes;
  if (third !== undefined) third.isReady = false;
  const front = await startFront(t, nodes);
  for (let round = 0; round < 10; round += 1) t.equal((await post(front.url, 'x')).status, 201);
  t.same(
    nodes.map(({ seen }) => seen.length),
    [5, 5, 0],
  );
  t.same(front.targets[2]?.reasons, ['draining'], 'why not is known');
  if (third !== undefined) third.isReady = true;
  await waitFor(() => front.targets[2]?.isReady, { what: 'the third one to be asked again' });
  for (let round = 0; round < 3; round += 1) await post(front.url, 'x');
  t.equal(third?.seen.length, 1);
});

t.test('method, path, body and headers arrive as they were sent, with the address that they came from', async (t) => {
  const node = await startNode(t, 'one');
  const front = await startFront(t, [node]);
  const body = 'seat '.repeat(100_000);
  const answer = await fetch(`${front.url}/api/v1/reservations?a=b`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain', 'idempotency-key': 'k', 'x-forwarded-for': '203.0.113.7' },
  });
  t.equal(answer.status, 201);
  t.equal(answer.headers.get('x-node'), 'one');
  t.equal(await answer.text(), body);
  const [seen] = node.seen;
  t.equal(seen?.url, '/api/v1/reservations?a=b');
  t.equal(seen?.headers['idempotency-key'], 'k');
  t.equal(seen?.headers['x-forwarded-for'], '203.0.113.7, 127.0.0.1');
  t.equal(seen?.headers.host, new URL(front.url).host, 'what the client calls the service, for its checks of origin');
  const removed = await fetch(`${front.url}/x`, { method: 'DELETE' });
  t.equal(removed.status, 201);
  t.equal(node.seen.at(-1)?.headers['transfer-encoding'], undefined, 'no body is made up');
});

t.test('a request whose connection is refused goes to another node, body and all', async (t) => {
  const [first, second] = [await startNode(t, 'one'), await startNode(t, 'two')];
  const front = await startFront(t, [first, second]);
  first.close();
  await once(first.server, 'close');
  for (const [index, body] of ['a', 'b', 'c', 'd'.repeat(300_000)].entries()) {
    const answer = await post(front.url, body);
    t.equal(answer.status, 201, `request ${index}`);
    t.equal(await answer.text(), body);
  }
  t.equal(second.seen.length, 4);
});

t.test('a change that a node may have had is not sent again, and a question is', async (t) => {
  const [first, second] = [await startNode(t, 'one'), await startNode(t, 'two')];
  first.answer = (incoming) => void incoming.socket.destroy();
  const front = await startFront(t, [first, second]);
  const changes: Response[] = [];
  for (let round = 0; round < 4; round += 1) changes.push(await post(front.url, 'x'));
  const lost = changes.filter(({ status }) => status === 502);
  t.equal(lost.length, 2);
  t.equal(first.seen.length + second.seen.length, 4, 'each was sent once');
  const [problem] = lost;
  t.match(problem?.headers.get('content-type'), 'application/problem+json');
  t.match(await problem?.json(), { status: 502, code: 'NODE_LOST', outcome: 'unknown' });
  for (let round = 0; round < 4; round += 1) t.equal((await fetch(`${front.url}/x`)).status, 201);
});

t.test('while no node is ready every request is told so, also one that would be upgraded', async (t) => {
  const node = await startNode(t, 'one');
  node.isReady = false;
  const front = await startFront(t, [node]);
  const answer = await post(front.url, 'x');
  t.equal(answer.status, 503);
  t.ok(answer.headers.get('retry-after'));
  t.match(await answer.json(), { code: 'NO_NODE_READY', outcome: 'none' });
  const socket = new WebSocket(`${front.url.replace('http', 'ws')}/api/v1/live`);
  const [, refusal] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  t.equal(refusal.statusCode, 503);
  socket.on('error', () => undefined);
  socket.terminate();
  t.equal(node.seen.length, 0);
});

t.test('WebSockets pass, both ways and to their end', async (t) => {
  const node = await startNode(t, 'one');
  const sockets = new WebSocketServer({ server: node.server });
  t.teardown(() => sockets.close());
  sockets.on('connection', (socket, incoming) => {
    socket.send(String(incoming.headers['x-forwarded-for']));
    socket.on('message', (data: Buffer) => {
      if (String(data) === 'bye') socket.close(1012, 'over');
      else socket.send(data);
    });
  });
  const front = await startFront(t, [node]);
  const socket = new WebSocket(`${front.url.replace('http', 'ws')}/api/v1/live`);
  const [from] = (await once(socket, 'message')) as [Buffer];
  t.equal(String(from), '127.0.0.1');
  const large = 'x'.repeat(200_000);
  socket.send(large);
  const [echo] = (await once(socket, 'message')) as [Buffer];
  t.equal(String(echo), large);
  socket.send('bye');
  const [code] = (await once(socket, 'close')) as [number];
  t.equal(code, 1012);
});

t.test('a client that goes away takes its request with it', async (t) => {
  const node = await startNode(t, 'one');
  node.answer = () => undefined;
  const front = await startFront(t, [node]);
  const controller = new AbortController();
  const asking = fetch(`${front.url}/x`, { signal: controller.signal }).catch(() => null);
  const incoming = await waitFor(() => node.seen[0], { what: 'the request to arrive' });
  t.equal(front.targets[0]?.underWay, 1);
  controller.abort();
  await asking;
  await once(incoming.socket, 'close');
  t.equal(front.targets[0]?.underWay, 0);
});
