import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { waitFor } from '../wait-for.ts';
import { findStablePort } from './stable-port.ts';

const PROGRAM = 'redis-server';
/** It persists nothing, because PostgreSQL is the record. DEBUG can make it look like another server. */
const ARGUMENTS = '--bind 127.0.0.1 --appendonly no --loglevel warning --enable-debug-command local'.split(' ');
const ANSWER_LIMIT_MS = 5_000;

/** A Redis that belongs to one run. */
export interface PrivateRedis {
  readonly url: string;
  /** Null while it is dead. */
  readonly processId: number | null;
  /** Empties it. */
  flush(): Promise<void>;
  /** Stops its process; its connections stay open. */
  pause(): void;
  resume(): void;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
  /** Starts an empty one on the same port. */
  start(): Promise<void>;
  /** Sends one inline command. The first line of the answer. */
  command(text: string): Promise<string>;
}

/** Whether this machine has a redis-server. */
export function hasRedis(): boolean {
  return spawnSync(PROGRAM, ['--version']).status === 0;
}

/** Throws a sentence when this machine has no redis-server. */
export function requireRedis(): void {
  if (hasRedis()) return;
  throw new Error(
    'There is no redis-server on the PATH, and nodes share their waiting room in Redis: install it (Debian and Ubuntu: ' +
      'apt-get install redis-server; macOS: brew install redis).',
  );
}

/** Starts a redis-server on a port of its own. The caller kills it; it also ends when this process exits. */
export async function startPrivateRedis(hooks: { onStart?: (processId: number) => void } = {}): Promise<PrivateRedis> {
  requireRedis();
  const port = await findStablePort();
  let server: ChildProcess | null = null;

  function command(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write(`${text}\r\n`));
      socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error(`no answer to ${text}`)));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`the connection was closed before an answer to ${text}`)));
      socket.once('data', (answer) => {
        resolve(String(answer).split('\r\n', 1).join(''));
        socket.destroy();
      });
    });
  }

  async function answers(): Promise<boolean> {
    try {
      return (await command('PING')) === '+PONG';
    } catch {
      // Nothing listens yet.
      return false;
    }
  }

  async function start(): Promise<void> {
    const child = spawn(PROGRAM, ['--port', String(port), '--dir', tmpdir(), '--save', '', ...ARGUMENTS], {
      stdio: 'ignore',
    });
    const failure = new Promise<never>((_, reject) => child.once('error', reject));
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('exit', () => process.off('exit', killAtExit));
    server = child;
    if (child.pid !== undefined) hooks.onStart?.(child.pid);
    await Promise.race([failure, waitFor(answers, { what: 'the private Redis' })]);
  }

  async function kill(): Promise<void> {
    const child = server;
    server = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    get processId() {
      return server?.pid ?? null;
    },
    start,
    kill,
    command,
    async flush() {
      const answer = await command('FLUSHALL');
      if (answer !== '+OK') throw new Error(`FLUSHALL was answered with ${answer}`);
    },
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
  };
}
