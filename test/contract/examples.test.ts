import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const ADMIN_TOKEN = 'an-admin-token-for-tests';
const LINES_MOST = 60;

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { ADMIN_TOKEN });
const client = createFrontrowClient({ baseUrl: service.url });

interface Run {
  readonly output: () => string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

/** The first Node on the PATH cannot run TypeScript, as the oldest that the README allows; npm puts the package's own before it. */
const oldNode = t.testdir({
  node: `#!/bin/sh\ncase "$*" in *.ts*) echo "Unknown file extension .ts" >&2; exit 1;; esac\nexec "${process.execPath}" "$@"\n`,
});
chmodSync(join(oldNode, 'node'), 0o755);

function runExample(t: Test, name: string, args: readonly string[]): Run {
  const child: ChildProcess = spawn('npm', ['run', '--silent', 'example', '--', name, ...args], {
    cwd: ROOT,
    env: { PATH: `${oldNode}${delimiter}${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'] ?? '', ADMIN_TOKEN },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  t.teardown(async () => {
    // npm and its children are one group.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    if (!t.passing()) t.comment(output);
  });
  return { output: () => output, ended };
}

t.test('there are three examples, each short enough to be read', async (t) => {
  const names = readdirSync(EXAMPLES);
  t.same(names.sort(), ['buy-a-ticket.ts', 'run-a-sale.ts', 'watch-a-seat-map.ts']);
  for (const name of names) {
    const lines = readFileSync(`${EXAMPLES}${name}`, 'utf8').split('\n').length - 1;
    t.ok(lines <= LINES_MOST, `${name} has ${lines} lines`);
  }
});

t.test('without a name the examples are listed', async (t) => {
  const run = runExample(t, '--help', []);
  t.equal(await run.ended, 0);
  t.match(run.output(), /buy [\s\S]*watch [\s\S]*sell /);
});

t.test('a fan who has to wait buys a ticket as soon as there is room', async (t) => {
  const { concertId } = await openSale(service, { queue: { batch: 0 } });
  const run = runExample(t, 'buy', [service.url, String(concertId)]);
  await waitFor(() => run.output().includes('Number 1 in line'), { what: 'the place', deadlineMs: 15_000 });
  await client.admin(ADMIN_TOKEN).changeQueue(concertId, { batch: 10 });
  t.equal(await run.ended, 0);
  t.match(run.output(), /Seat 1 of .* is yours for 1000 won: payment [0-9a-f-]{36}\./);
});

t.test('a watcher sees the map, and a seat that is held', async (t) => {
  const { concertId, scheduleId } = await openSale(service, { seatCount: 5 });
  const run = runExample(t, 'watch', [String(scheduleId), service.url, '4']);
  await waitFor(() => run.output().includes('·····  change 0: the whole map'), { what: 'the map', deadlineMs: 15_000 });
  const { accessToken } = await client.register({ name: 'Ada', email: 'ada@example.com' });
  const { token } = await client.as(accessToken).enterQueue(concertId);
  await client.inQueue(token).hold(scheduleId, [2, 3]);
  await waitFor(() => run.output().includes('·▒▒··  change 2: seats 2, 3'), { what: 'the hold' });
  t.equal(await run.ended, 0);
  t.match(run.output(), /Connection open\.[\s\S]*Connection closed\./);
});

t.test('an operator opens a sale, follows it and pauses it', async (t) => {
  const run = runExample(t, 'sell', [service.url, '1']);
  t.equal(await run.ended, 0);
  t.match(run.output(), /Songs at Night on \d{4}-\d\d-\d\d: 50 seats/);
  t.match(run.output(), /0 wait, 0 shop, 0 held, 0 sold for 0 won/);
  const concertId = Number(/of concert (\d+)/.exec(run.output())?.[1]);
  t.match(await client.concerts.find(concertId), { title: 'Songs at Night', queue: { paused: true } });
});
