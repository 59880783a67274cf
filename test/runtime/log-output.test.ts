import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import type { LoggingOrder } from '../fixtures/logging-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const PROGRAM = new URL('../fixtures/logging-process.ts', import.meta.url);

interface LoggingProcess {
  readonly child: ChildProcess;
  /** Logs lines of a kilobyte; how many lines have been dropped since the start. */
  log(lines: number): Promise<number>;
}

async function startLogging(t: Test, stdout: number | 'pipe'): Promise<LoggingProcess> {
  const child = fork(PROGRAM, { stdio: ['ignore', stdout, 'inherit', 'ipc'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return {
    child,
    async log(lines) {
      const order: LoggingOrder = { lines };
      child.send(order);
      const [dropped] = await once(child, 'message');
      return Number(dropped);
    },
  };
}

async function endsByItself(t: Test, { child }: LoggingProcess): Promise<void> {
  const end = once(child, 'exit');
  child.disconnect();
  const [code, signal] = await end;
  t.equal(code, 0, `ended by ${String(signal)}`);
}

t.test('a process whose log is on a full disk goes on, counts the lines that it drops, and ends', async (t) => {
  const full = openSync('/dev/full', 'w');
  const logging = await startLogging(t, full);
  closeSync(full);
  await waitFor(async () => (await logging.log(10)) > 0, { what: 'lines to be dropped' });
  await waitFor(async () => (await logging.log(100)) > 100, { what: 'more of them' });
  await endsByItself(t, logging);
});

t.test('a process whose log nobody reads goes on, keeps a bounded part of it, and ends', async (t) => {
  const logging = await startLogging(t, 'pipe');
  const dropped = await logging.log(5_000);
  t.ok(dropped > 2_000, `${dropped} lines of 5 000 were dropped`);
  t.ok(dropped < 5_000, 'what fits is kept');
  await endsByItself(t, logging);
});

t.test('a process whose log was closed goes on, and ends', async (t) => {
  const logging = await startLogging(t, 'pipe');
  logging.child.stdout?.destroy();
  await waitFor(async () => (await logging.log(10)) > 0, { what: 'lines to be dropped' });
  await endsByItself(t, logging);
});

t.test('lines arrive whole and in order, in a file and in a pipe, also those of the last moment', async (t) => {
  const path = join(t.testdir(), 'log');
  const file = openSync(path, 'w');
  const intoFile = await startLogging(t, file);
  closeSync(file);
  t.equal(await intoFile.log(50), 0);
  await endsByItself(t, intoFile);
  const intoPipe = await startLogging(t, 'pipe');
  const { stdout } = intoPipe.child;
  if (stdout === null) throw new Error('the process has no pipe');
  const piped = text(stdout);
  t.equal(await intoPipe.log(50), 0);
  await endsByItself(t, intoPipe);
  for (const lines of [readFileSync(path, 'utf8'), await piped]) {
    const numbers = lines
      .trimEnd()
      .split('\n')
      .map((line) => Number((JSON.parse(line) as { line: number }).line));
    t.same(
      numbers,
      Array.from({ length: 50 }, (_, index) => index),
    );
  }
});
