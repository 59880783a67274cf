import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { createOrderReader } from '../../demo/cluster/orders.ts';
import { compileCache } from '../fixtures/compile-cache.ts';
import { freePort } from '../fixtures/free-port.ts';
import { skipWithoutRedis } from '../fixtures/redis.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const SCRIPT = fileURLToPath(new URL('../../demo/cluster.ts', import.meta.url));
const START_LIMIT_MS = 60_000;

interface Command {
  readonly child: ChildProcess;
  readonly folder: string;
  output(): string;
  order(line: string): void;
  ended(): Promise<number | null>;
}

function runCommand(t: Test, options: readonly string[], environment: Record<string, string> = {}): Command {
  const folder = mkdtempSync(join(tmpdir(), 'frontrow-command-'));
  const child = spawn(process.execPath, [SCRIPT, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TMPDIR: folder, ...compileCache, ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const exit = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    if (!t.passing()) t.comment(output);
  });
  return {
    child,
    folder,
    output: () => output,
    order: (line) => void child.stdin.write(`${line}\n`),
    async ended() {
      await exit;
      return child.exitCode;
    },
  };
}

async function says(command: Command, words: RegExp, limitMs = START_LIMIT_MS): Promise<void> {
  await waitFor(() => words.test(command.output()), { deadlineMs: limitMs, what: `${words} in ${command.output()}` });
}

/** The files of a cluster that are left. */
function remains({ folder }: Command): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('frontrow-cluster-'));
}

t.test('orders are read key by key, whatever comes between them', async (t) => {
  const read = createOrderReader(3);
  t.same(read('k2\n'), [{ type: 'kill', node: 2 }]);
  t.same(read('s'), []);
  t.same(read('1r3'), [
    { type: 'pause-or-resume', node: 1 },
    { type: 'restart', node: 3 },
  ]);
  t.same(read('k4'), [{ type: 'unknown', text: 'k4' }], 'there are three nodes');
  t.same(read('k\n'), [{ type: 'unknown', text: 'k' }]);
  t.same(read('q'), [{ type: 'quit' }]);
  t.same(read('k\u0003'), [{ type: 'quit' }], 'Ctrl-C, which a terminal in this mode does not make a signal of');
});

t.test('options that make no sense, a taken port and a missing redis-server are told in words', async (t) => {
  for (const options of [
    ['--nodes', '0'],
    ['--nodes', 'many'],
    ['--port', '99999'],
    ['--what', '1'],
  ]) {
    const command = runCommand(t, options);
    t.not(await command.ended(), 0);
    t.match(command.output(), /--(nodes|port) takes|--what/);
  }
  const lonely = runCommand(t, ['--port', '0'], { PATH: '/nonexistent' });
  t.not(await lonely.ended(), 0);
  t.match(lonely.output(), /no redis-server on the PATH.*install/);
  t.same(remains(lonely), []);
});

t.test(
  'a cluster serves on one port, obeys orders and leaves nothing behind when it quits',
  { skip: skipWithoutRedis() },
  async (t) => {
    const port = await freePort();
    const command = runCommand(t, ['--nodes', '2', '--port', String(port)]);
    await says(command, /sells seats at/);
    await says(command, /admin token that it asks for is in .*secrets\.json/);
    const url = `http://127.0.0.1:${port}`;
    await waitFor(async () => (await fetch(`${url}/api/v1/concerts/available`)).status === 200, {
      deadlineMs: START_LIMIT_MS,
      what: 'a ready node',
    });
    const taken = runCommand(t, ['--port', String(port)]);
    t.not(await taken.ended(), 0);
    t.match(taken.output(), /is taken/);

    command.order('k2');
    await says(command, /node-2 ended with SIGKILL/);
    command.order('r2');
    await says(command, /node-2 is back as process \d+/);
    command.order('s2');
    await says(command, /node-2 is stopped/);
    command.order('s2');
    await says(command, /node-2 is resumed/);
    t.equal((await fetch(`${url}/api/v1/concerts/available`)).status, 200);
    command.order('q');
    t.equal(await command.ended(), 0);
    t.same(remains(command), []);
  },
);

t.test('Ctrl-C ends everything, also while it is starting', { skip: skipWithoutRedis() }, async (t) => {
  const command = runCommand(t, ['--nodes', '2', '--port', '0']);
  await says(command, /Starting/);
  await waitFor(() => remains(command).length > 0, { what: 'a directory' });
  command.child.kill('SIGINT');
  t.equal(await command.ended(), 130);
  t.same(remains(command), []);
});
