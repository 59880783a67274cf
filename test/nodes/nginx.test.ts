import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { problemTable } from '../../src/http/answers/problem-table.ts';
import { skipWithoutNginx, startTestBalancer } from '../fixtures/nginx.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { startFakeService } from '../http/fake-service.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface FakeNode {
  readonly address: string;
  readonly requests: IncomingMessage[];
  readonly connections: Set<unknown>;
  /** Upgrades that were refused. */
  readonly refused: number;
  answer: Answer;
  refuseUpgrades(): void;
  close(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NODES = 3;
const TOKEN = 'fq_0199aaaa.secretsecretsecret';

const well: Answer = (request, response) => {
  let length = 0;
  request.on('data', (chunk: Buffer) => (length += chunk.length));
  request.on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify({ length })));
};
/** Takes the request in and dies of it. */
const breakOff: Answer = (request) => {
  request.resume();
  request.once('end', () => request.socket.destroy());
};

async function startFakeNode(t: Test): Promise<FakeNode> {
  const server = createServer((request, response) => {
    node.requests.push(request);
    node.answer(request, response);
  });
  const live = new WebSocketServer({ server });
  live.on('connection', (socket, request) => {
    node.requests.push(request);
    socket.on('message', (data: Buffer) => socket.send(`heard ${data.toString()}`));
  });
  server.on('connection', (socket) => node.connections.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const node: Mutable<FakeNode> = {
    address: `127.0.0.1:${port}`,
    requests: [],
    connections: new Set(),
    answer: well,
    refused: 0,
    refuseUpgrades() {
      server.removeAllListeners('upgrade');
      server.on('upgrade', (_request, socket) => {
        node.refused += 1;
        socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      });
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  t.teardown(async () => {
    for (const socket of live.clients) socket.terminate();
    await node.close();
  });
  return node;
}

async function setUp(t: Test) {
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startFakeNode(t)));
  const balancer = await startTestBalancer(
    t,
    nodes.map(({ address }) => address),
  );
  const received = () => nodes.flatMap(({ requests }) => requests);
  return { ...balancer, nodes, received };
}

t.test('the balancer of docker-compose.yml', { skip: skipWithoutNginx() }, async (t) => {
  t.test('nodes take turns, over connections that stay open', async (t) => {
    const { url, nodes, received } = await setUp(t);
    for (let turn = 0; turn < 30; turn += 1) t.equal((await fetch(`${url}/api/v1/concerts/available`)).status, 200);
    t.equal(received().length, 30);
    for (const { requests, connections } of nodes) {
      t.ok(requests.length >= 8, `${requests.length} of 30`);
      // Two workers of nginx, each with its own.
      t.ok(connections.size <= 2, `${connections.size} connections`);
    }
  });

  t.test('a node is told who asked, for which host, and by which protocol', async (t) => {
    const { url, received } = await setUp(t);
    await fetch(`${url}/healthz`);
    await fetch(`${url}/healthz`, { headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' } });
    const [plain, proxied] = received();
    const { host } = new URL(url);
    t.match(plain?.headers, { host, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    t.notOk(plain?.headers.connection?.includes('close'));
    t.equal(proxied?.headers['x-forwarded-for'], '203.0.113.9, 127.0.0.1', 'what a caller claims stands before');
    t.equal(proxied?.headers['x-forwarded-proto'], 'https');
    t.equal(proxied?.headers['x-forwarded-host'], host);
  });

  t.test('every route reaches a node under its own path', async (t) => {
    const { url, received } = await setUp(t);
    const routes = [
      ['POST', '/api/v1/queue/tokens'],
      ['POST', '/api/v1/queue/token'],
      ['GET', `/api/v1/queue/tokens/${TOKEN}/position`],
      ['DELETE', `/api/v1/queue/tokens/${TOKEN}`],
      ['GET', '/api/v1/concerts/1/seats?date=2026-12-24'],
      ['GET', '/'],
    ] as const;
    for (const [method, path] of routes) {
      t.equal((await fetch(`${url}${path}`, { method, redirect: 'manual' })).status, 200, `${method} ${path}`);
    }
    const seen = received().map(({ method, url: path }) => `${method} ${path}`);
    t.same(new Set(seen), new Set(routes.map((route) => route.join(' '))));
  });

  t.test('a POST whose node is gone is done by another; one that was sent is never sent again', async (t) => {
    const { url, nodes, received } = await setUp(t);
    const hold = () =>
      fetch(`${url}/api/v1/reservations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
    await nodes[0]?.close();
    for (let turn = 0; turn < 6; turn += 1) t.equal((await hold()).status, 200);
    t.equal(received().length, 6);

    for (const node of nodes) node.answer = breakOff;
    const lost = await hold();
    t.equal(received().length, 7, 'one node has it, and no other');
    t.equal(lost.status, 503);
    t.equal(lost.headers.get('retry-after'), '1');
    t.equal(lost.headers.get('content-type'), 'application/problem+json');
    const problem = (await lost.json()) as Record<string, unknown>;
    t.match(problem, {
      status: 503,
      code: 'OWNER_UNAVAILABLE',
      outcome: 'unknown',
      ...problemTable.OWNER_UNAVAILABLE.ko,
    });
    t.match(problem['instance'], /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });

  t.test('a GET whose node breaks off is answered by another', async (t) => {
    const { url, nodes, received } = await setUp(t);
    const [broken] = nodes;
    if (broken !== undefined) broken.answer = breakOff;
    for (let turn = 0; turn < 6; turn += 1) t.equal((await fetch(`${url}/api/v1/schedules/1/seats`)).status, 200);
    t.equal(broken?.requests.length, 1, 'it is passed over then');
    t.equal(received().length, 7);
  });

  t.test("a node's own refusals pass unchanged", async (t) => {
    const { url, nodes } = await setUp(t);
    for (const node of nodes) {
      node.answer = (_request, response) => response.writeHead(503, { 'retry-after': '7' }).end('its own words');
    }
    const refused = await fetch(`${url}/readyz`);
    t.equal(refused.headers.get('retry-after'), '7');
    t.equal(await refused.text(), 'its own words');
  });

  t.test('a node that stops refuses nothing of what still reaches it', async (t) => {
    const { app, users } = await startFakeService(t);
    const stopping = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http://', '');
    const staying = [await startFakeNode(t), await startFakeNode(t)];
    const { url } = await startTestBalancer(t, [stopping, ...staying.map(({ address }) => address)]);
    let isOver = false;
    let callers = 0;
    const answers = new Map<number | string, number>();
    async function call(): Promise<void> {
      while (!isOver) {
        callers += 1;
        const answer = await fetch(`${url}/api/v1/users`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'Mina', email: `mina-${callers}@example.com` }),
        });
        const { code = answer.status } = (await answer.json()) as { code?: string };
        answers.set(code, (answers.get(code) ?? 0) + 1);
      }
    }
    const calling = Array.from({ length: 4 }, call);
    await waitFor(() => users.rows.size > 10, { what: 'callers who reach the node that will stop' });
    const before = users.rows.size;
    await app.close();
    isOver = true;
    await Promise.all(calling);
    t.ok(users.rows.size > before, 'nginx does not know that it stops');
    const { 200: _others, 201: _own, OWNER_UNAVAILABLE: cutOff = 0, ...refused } = Object.fromEntries(answers);
    t.same(refused, {});
    t.ok(cutOff <= 1, `${cutOff} had connected in the very moment in which it stopped to listen`);
  });

  t.test('live connections pass both ways, and are found on every node', async (t) => {
    const { url, nodes } = await setUp(t);
    const sockets = Array.from({ length: 6 }, () => new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`));
    for (const socket of sockets) {
      if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
      const heard = once(socket, 'message');
      socket.send('hello');
      t.equal(String((await heard)[0]), 'heard hello');
    }
    for (const { requests } of nodes) t.equal(requests.length, 2, 'those with the fewest get the next');
    for (const socket of sockets) socket.close();
  });

  t.test('a live connection that a stopping node refuses is made with another', async (t) => {
    const { url, nodes } = await setUp(t);
    const [stopping] = nodes;
    stopping?.refuseUpgrades();
    for (let turn = 0; turn < 3; turn += 1) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
      await once(socket, 'open');
      socket.close();
    }
    t.ok(stopping !== undefined && stopping.refused > 0, 'it was asked');
  });

  t.test('no token reaches a log, not even while nodes fail', async (t) => {
    const { url, nodes, logged } = await setUp(t);
    const headers = { authorization: `Bearer ${TOKEN}`, referer: `${url}/?${TOKEN}` };
    const ask = async () => {
      await fetch(`${url}/api/v1/queue/tokens/${TOKEN}/position`, { headers });
      await fetch(`${url}/api/v1/queue/tokens/${TOKEN}`, { method: 'DELETE', headers });
      await fetch(`${url}/api/v1/queue/%74okens/${TOKEN}`, { headers });
      await fetch(`${url}/api/v1/tokens/${TOKEN}/activate`, { method: 'PATCH', headers });
      await fetch(`${url}/api/v1/queue/status?token=${TOKEN}`, { headers });
    };
    await ask();
    for (const node of nodes) node.answer = breakOff;
    await ask();
    await Promise.all(nodes.map((node) => node.close()));
    await ask();
    await waitFor(() => logged().split('\n').length >= 15, { what: 'the log of every request' });
    t.notMatch(logged(), /fq_|secretsecret/);
    t.match(logged(), /"path":"\/api\/v1\/queue\/tokens\/:token\/position","status":200/);
    t.match(logged(), /"path":"\/api\/v1\/queue\/status","status":503/);
  });

  t.test('a body up to twice the limit is left to the node to refuse, a larger one goes no further', async (t) => {
    const { url, received } = await setUp(t);
    const send = (bytes: number) => fetch(`${url}/api/v1/users`, { method: 'POST', body: 'x'.repeat(bytes) });
    t.same(await (await send(100_000)).json(), { length: 100_000 });
    const refused = await send(200_000);
    t.equal(refused.status, 413);
    t.match(await refused.json(), { status: 413, code: 'BODY_TOO_LARGE', ...problemTable.BODY_TOO_LARGE.ko });
    t.equal(received().length, 1);
  });

  t.test('figures stay inside', async (t) => {
    const { url, received } = await setUp(t);
    const answer = await fetch(`${url}/metrics`);
    t.match(await answer.json(), { status: 404, code: 'ROUTE_NOT_FOUND', ...problemTable.ROUTE_NOT_FOUND.ko });
    t.equal(received().length, 0);
  });
});
