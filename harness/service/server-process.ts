import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. `stop` asks it to end by SIGTERM and resolves when it has; `kill` is SIGKILL. */
export interface ServerProcess {
  readonly processId: number;
  readonly url: string;
  readonly port: number;
  hasExited(): boolean;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export interface ServerSettings {
  /** Script and arguments, after options of Node itself; from the root of the repository. */
  readonly command: readonly string[];
  /** The checkout whose server starts; by default this one. */
  readonly checkout?: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 when the server can serve. */
  readonly readyPath: string;
  /** Whether it gets only PATH of this process's environment. */
  readonly isAlone?: boolean;
  /** Gets everything that it writes. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Called when it has a process, before it is ready. */
  readonly onStart?: (processId: number) => void;
  readonly onExit?: (code: number | null, signal: NodeJS.Signals | null) => void;
}

/** A first start creates a database cluster and loads data; on a busy machine that takes a while. */
const START_LIMIT_MS = 60_000;
const READY_POLL_MS = 50;
/** The service drains for some seconds and stops PostgreSQL; a server that has not ended by then hangs. */
const STOP_LIMIT_MS = 30_000;
const KEPT_OUTPUT_CHARACTERS = 8_000;

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a server and resolves when it is ready. Throws with its last output when it ends first or takes too long. */
export async function startServer(settings: ServerSettings): Promise<ServerProcess> {
  const child = spawn(process.execPath, settings.command, {
    cwd: settings.checkout ?? repositoryRoot,
    env: {
      ...(settings.isAlone === true ? { PATH: process.env['PATH'] } : process.env),
      ...settings.env,
      PORT: String(settings.port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  // The server must not outlive this process.
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', (code, signal) => {
    process.off('exit', killAtExit);
    settings.onExit?.(code, signal);
  });
  if (child.pid !== undefined) settings.onStart?.(child.pid);
  let output = '';
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARACTERS);
    settings.onOutput?.(chunk);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (!hasExited()) {
      child.kill(signal);
      // A stopped process handles no other signal before it continues.
      child.kill('SIGCONT');
      await Promise.race([exit, pause(STOP_LIMIT_MS, undefined, { ref: false })]);
    }
    if (!hasExited()) {
      child.kill('SIGKILL');
      throw new Error(`${settings.command.join(' ')} did not end within ${STOP_LIMIT_MS} ms of ${signal}.\n${output}`);
    }
  };
  let stopping: Promise<void> | null = null;
  const url = `http://127.0.0.1:${settings.port}`;
  const deadlineMs = performance.now() + START_LIMIT_MS;
  while (!(await answers(`${url}${settings.readyPath}`))) {
    if (hasExited() || performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`${settings.command.join(' ')} did not become ready.\n${output}`);
    }
    await pause(READY_POLL_MS);
  }
  return {
    processId: child.pid ?? 0,
    url,
    port: settings.port,
    hasExited,
    // A second SIGTERM would make the service exit without cleaning up.
    stop: () => (stopping ??= end('SIGTERM')),
    kill: () => end('SIGKILL'),
  };
}

/** Starts the service itself, by default that of this checkout, on a free port and without options of Node. */
export async function startFrontrow(
  env: Readonly<Record<string, string>>,
  {
    port,
    nodeOptions = [],
    ...checkout
  }: { readonly port?: number; readonly nodeOptions?: readonly string[]; readonly checkout?: string } = {},
): Promise<ServerProcess> {
  const command = [...nodeOptions, 'src/main.ts'];
  return startServer({ ...checkout, command, port: port ?? (await findFreePort()), env, readyPath: '/readyz' });
}

/** Whether a GET is answered with 200 within a second. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** A port without a listener at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}
