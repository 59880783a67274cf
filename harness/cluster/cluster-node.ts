import { appendFileSync } from 'node:fs';
import { type ServerProcess, startServer } from '../service/server-process.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** An end of a node's process. */
export interface NodeExit {
  readonly node: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether the cluster's user had asked for it. */
  readonly wasAsked: boolean;
  /** Whether it had not answered any request yet. */
  readonly wasStarting: boolean;
  /** The end of what the process wrote. */
  readonly output: string;
}

/** A node of a cluster on this machine; its address and identity stay the same over every end and start. */
export interface ClusterNode {
  /** Its NODE_ID. */
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** The file with everything that it writes. */
  readonly logFile: string;
  /** Null while it has none. */
  readonly processId: number | null;
  readonly state: 'running' | 'paused' | 'gone';
  /** The proxy before its peer port, where the cluster has such proxies. */
  readonly peerProxy: TcpProxy | null;
  /** The proxies between it and its PostgreSQL and Redis, where the cluster has such proxies. */
  readonly postgresProxy: TcpProxy | null;
  readonly redisProxy: TcpProxy | null;
  /** Every end of its processes so far. */
  readonly exits: readonly NodeExit[];
  /** Starts its process and resolves when that answers, which may be before it is ready to serve. */
  start(): Promise<void>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** SIGSTOP: the process stops, with all its connections open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
  /** SIGTERM, and a new process once the old one has ended. */
  restart(): Promise<void>;
}

export interface NodeSettings {
  readonly name: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Options of Node itself, before the script. */
  readonly nodeOptions: readonly string[];
  readonly logFile: string;
  readonly peerProxy: TcpProxy | null;
  readonly postgresProxy: TcpProxy | null;
  readonly redisProxy: TcpProxy | null;
  readonly onStart: (processId: number) => void;
  readonly onExit: (processId: number) => void;
}

/** Enough output to see why it ended. */
const KEPT_OUTPUT_CHARACTERS = 8_000;

/** A node that has not been started yet. */
export function createClusterNode(settings: NodeSettings): ClusterNode {
  const { name, port, environment, nodeOptions, logFile, peerProxy, postgresProxy, redisProxy } = settings;
  const exits: NodeExit[] = [];
  let server: ServerProcess | null = null;
  let starting: Promise<ServerProcess> | null = null;
  let processId: number | null = null;
  let isPaused = false;
  let isEndAsked = false;

  async function start(): Promise<void> {
    if (starting !== null || processId !== null) throw new Error(`${name} is running already.`);
    isEndAsked = false;
    let output = '';
    starting = startServer({
      command: [...nodeOptions, 'src/main.ts'],
      port,
      env: environment,
      isAlone: true,
      readyPath: '/healthz',
      onOutput(chunk) {
        appendFileSync(logFile, chunk);
        output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARACTERS);
      },
      onStart(id) {
        processId = id;
        settings.onStart(id);
      },
      onExit(code, signal) {
        if (processId !== null) settings.onExit(processId);
        processId = null;
        isPaused = false;
        exits.push({ node: name, code, signal, wasAsked: isEndAsked, wasStarting: starting !== null, output });
      },
    });
    try {
      server = await starting;
    } finally {
      starting = null;
    }
  }

  /** The process, even one that is still starting and may fail. */
  async function current(): Promise<ServerProcess | null> {
    const [started] = await Promise.allSettled([starting]);
    return started.status === 'fulfilled' && started.value !== null ? started.value : server;
  }

  async function end(way: 'stop' | 'kill'): Promise<void> {
    isEndAsked = true;
    // A process that is killed while it starts never becomes ready, which ends its start.
    if (way === 'kill' && starting !== null && processId !== null) process.kill(processId, 'SIGKILL');
    const ending = await current();
    isPaused = false;
    await ending?.[way]();
  }

  return {
    name,
    port,
    logFile,
    peerProxy,
    postgresProxy,
    redisProxy,
    exits,
    url: `http://127.0.0.1:${port}`,
    get processId() {
      return processId;
    },
    get state() {
      if (processId === null) return 'gone';
      return isPaused ? 'paused' : 'running';
    },
    start,
    kill: () => end('kill'),
    pause() {
      if (processId === null) return;
      isPaused = true;
      process.kill(processId, 'SIGSTOP');
    },
    resume() {
      if (processId === null) return;
      isPaused = false;
      process.kill(processId, 'SIGCONT');
    },
    stop: () => end('stop'),
    async restart() {
      await end('stop');
      await start();
    },
  };
}
