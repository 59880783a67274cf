import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startTestCluster } from '../fixtures/cluster.ts';
import { skipWithoutRedis } from '../fixtures/redis.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/run-cluster.ts', import.meta.url));

/** Whether a process is there and not merely waiting for its parent to ask how it ended. */
function isRunning(processId: number): boolean {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

async function answers(url: string, limitMs = 1_000): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(limitMs) })).ok;
  } catch {
    return false;
  }
}

t.test(
  'each node of a cluster can be killed, stopped, continued and restarted by itself',
  { skip: skipWithoutRedis() },
  async (t) => {
    const cluster = await startTestCluster(t, { nodes: 2 });
    const [first, second] = cluster.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes were asked for');
    t.ok(await answers(first.url));
    t.ok(await answers(second.url));
    t.not(first.processId, second.processId);

    first.pause();
    t.equal(first.state, 'paused');
    t.notOk(await answers(first.url, 300), 'a node that stands still answers nobody');
    first.resume();
    t.ok(await answers(first.url));

    const before = second.processId;
    await second.kill();
    t.equal(second.state, 'gone');
    await second.start();
    t.ok(await answers(second.url));
    t.not(second.processId, before);
    await second.restart();
    t.ok(await answers(second.url));
    t.same(
      cluster.exits().map(({ node, code, signal, wasAsked }) => ({ node, code, signal, wasAsked })),
      [
        { node: 'node-2', code: null, signal: 'SIGKILL', wasAsked: true },
        { node: 'node-2', code: 0, signal: null, wasAsked: true },
      ],
    );
    process.kill(first.processId ?? 0, 'SIGKILL');
    await waitFor(() => first.state === 'gone', { what: 'the end of the first node' });
    t.equal(first.exits.at(-1)?.wasAsked, false, 'an end that nobody asked for is told from the others');
  },
);

t.test(
  'PostgreSQL and Redis come back under the same addresses after being killed',
  { skip: skipWithoutRedis() },
  async (t) => {
    const cluster = await startTestCluster(t, { nodes: 1 });
    const [node] = cluster.nodes;
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      await cluster.postgres.end(signal);
      await waitFor(async () => (await fetch(`${node?.url}/readyz`)).status === 503, { what: 'the node to miss it' });
      await cluster.postgres.start();
      await waitFor(async () => (await fetch(`${node?.url}/readyz`)).ok, { what: 'the node to be ready again' });
    }
    await cluster.redis.kill();
    t.equal(cluster.redis.processId, null);
    await cluster.redis.start();
    t.equal(await cluster.redis.command('PING'), '+PONG');
    t.same(cluster.exits(), []);
  },
);

t.test(
  'a cluster ends, processes and files, with the process that started it, even one that is killed',
  { skip: skipWithoutRedis() },
  async (t) => {
    const program = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => program.kill('SIGKILL'));
    const [line] = (await once(program.stdout, 'data')) as [Buffer];
    const { processes, file } = JSON.parse(String(line)) as { processes: number[]; file: string };
    t.equal(processes.filter(isRunning).length, 4, 'two nodes, Redis, PostgreSQL');
    t.ok(existsSync(file));
    program.kill('SIGKILL');
    await waitFor(() => !processes.some(isRunning) && !existsSync(file), {
      deadlineMs: 15_000,
      what: `the end of ${processes.join(', ')} and of ${file}`,
    });
  },
);

t.test('a stalled proxy passes on late what it was told, also by somebody who has gone', async (t) => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', (chunk) => heard.push(String(chunk)));
    socket.on('error', () => undefined);
    socket.write('hello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const proxy = await startTcpProxy(t, `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const talker = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  await once(talker, 'data');
  talker.write('one ');
  await waitFor(() => heard.join('') === 'one ', { what: 'what was said before' });
  proxy.holdClients();
  talker.write('two ');
  const goner = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  await once(goner, 'data');
  goner.write('three ');
  goner.end();
  await once(goner, 'close');
  t.equal(heard.join(''), 'one ');
  proxy.passOn();
  await waitFor(() => heard.length === 3, { what: 'what was kept' });
  t.same(heard.toSorted(), ['one ', 'three ', 'two ']);
  talker.destroy();
});
