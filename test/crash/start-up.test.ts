import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { compileCache } from '../fixtures/compile-cache.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const BANNER = 'frontrow sells seats at';
/** A first start makes a database, on a busy machine. */
const START_LIMIT_MS = 60_000;

/** The embedded server may run as another user, who must be able to enter the directory. */
function dataDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'frontrow-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function environmentOf(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', ...compileCache, ...env };
}

/** A start that fails. */
function fail(env: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, [MAIN], { encoding: 'utf8', env: environmentOf(env), timeout: START_LIMIT_MS });
}

interface Start {
  readonly child: ChildProcess;
  output(): string;
}

function start(t: Test, env: Readonly<Record<string, string>>): Start {
  const child = spawn(process.execPath, [MAIN], { env: environmentOf(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    if (!t.passing()) t.comment(output);
  });
  return { child, output: () => output };
}

t.test('a start on a port that is taken fails before it makes a database', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const dataDir = join(dataDirectory(t), 'data');
  const { status, stdout, stderr } = fail({ DATA_DIR: dataDir, PORT: String(address.port) });
  t.equal(status, 1);
  t.equal(stdout, '');
  t.match(stderr, /^frontrow cannot start:\n  port \d+ of 127\.0\.0\.1 is in use, .* set PORT to another port\n$/);
  t.notOk(existsSync(dataDir));
});

t.test('a first start shows its progress, and a second one on the same data ends with a sentence', async (t) => {
  const dataDir = dataDirectory(t);
  const first = start(t, { DATA_DIR: dataDir, PORT: '0', HOLD_TLL_MS: '1000' });
  await waitFor(() => first.output().includes(BANNER), { what: 'the banner', deadlineMs: START_LIMIT_MS });
  t.match(first.output(), /preparing PostgreSQL; only the first start does this[\s\S]*frontrow sells seats at/);
  t.match(first.output(), 'the variable HOLD_TLL_MS is not read; HOLD_TTL_MS is the nearest that is');
  const second = fail({ DATA_DIR: dataDir, PORT: '0' });
  t.equal(second.status, 1);
  t.match(
    second.stderr,
    /^frontrow cannot start:\n  another frontrow already sells from .*; use that one, stop it, .*\n$/,
  );
  t.notMatch(second.stdout, BANNER);
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(first.output()) ?? [];
  t.ok((await fetch(`${url}/readyz`)).ok, 'the first one sells on');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const third = start(t, { DATA_DIR: dataDir, PORT: '0' });
  await waitFor(() => third.output().includes(BANNER), { what: 'the next start', deadlineMs: START_LIMIT_MS });
});

t.test('a node that waits for its turn shows no banner before it may sell', async (t) => {
  const database = await createTestDatabase(t);
  const owner = await startServiceProcess(t, await freePort(), testEnvironment(database));
  const waiting = start(t, { ...testEnvironment(database), LOG_LEVEL: 'info' });
  await waitFor(() => waiting.output().includes('this node listens, but may not sell yet'), {
    what: 'the node to wait',
    deadlineMs: START_LIMIT_MS,
  });
  t.notMatch(waiting.output(), BANNER);
  await owner.kill();
  await waitFor(() => waiting.output().includes(BANNER), { what: 'the banner', deadlineMs: START_LIMIT_MS });
});

t.test(
  'a data directory that cannot be used, and a database that is away, are sentences without a stack',
  async (t) => {
    const file = join(dataDirectory(t), 'file');
    writeFileSync(file, '');
    const noDirectory = fail({ DATA_DIR: file, PORT: '0' });
    t.match(noDirectory, { status: 1, stderr: /^frontrow cannot start:\n  .*file is not a directory; .* DATA_DIR\n$/ });
    const database = { url: `postgres://u:swordfish@127.0.0.1:${await freePort()}/d` };
    const away = fail({
      DATABASE_URL: database.url,
      AUTH_SECRET: 'a-secret-for-tests-of-enough-characters',
      PORT: '0',
    });
    t.match(away, {
      status: 1,
      stdout: '',
      stderr: /^frontrow cannot start:\n  PostgreSQL at 127\.0\.0\.1:\d+ refuses .*\n$/,
    });
    t.notMatch(away.stderr, 'swordfish');
  },
);
