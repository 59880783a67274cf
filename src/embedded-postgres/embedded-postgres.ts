import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { openDataDirectory } from '../config/data-directory.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { isUnavailable, sqlState } from '../persistence/database-errors.ts';
import {
  type EmbeddedBinaries,
  findEmbeddedBinaries,
  findServerOwner,
  type ServerOwner,
  spawnAsOwner,
} from './embedded-binaries.ts';
import {
  createCluster,
  type EmbeddedFiles,
  embeddedFiles,
  openServerLog,
  readPassword,
  requireClusterVersion,
} from './embedded-cluster.ts';
import { choosePort } from './embedded-port.ts';
import { endPostmaster, findPostmaster } from './embedded-postmaster.ts';
import { announcePresence, claimData, createSession, isLastUser, urlOf } from './embedded-sessions.ts';
import { createEmbeddedSupervisor, type EmbeddedSupervisor } from './embedded-supervisor.ts';
import { OperatorError } from '../runtime/operator-error.ts';

/** The major version of the packaged server; no other version reads its clusters. */
const SERVER_MAJOR = '18';

const DATABASE = 'frontrow';

/** Recovery after a crash replays at most a few minutes of work; a longer start has failed for another reason. */
const START_TIMEOUT_MS = 120_000;
/** Orphans of a killed server hold its shared memory until they notice; after this long the cause is another one. */
const RETRY_TIMEOUT_MS = 10_000;
const RETRY_EVERY_MS = 500;
const LOOK_EVERY_MS = 40;

/** The signals that end a server, each more forceful than the last. Each wait suffices for a healthy server of this size. */
const WAYS_TO_STOP: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 1_000],
];

const REPORTED_LOG_BYTES = 2_000;

/** Server settings that differ from PostgreSQL's defaults. Durability is explicit, because the whole service depends on it. */
const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_connections: '100',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  fsync: 'on',
  synchronous_commit: 'on',
  log_checkpoints: 'off',
};

/** A running server. */
export interface EmbeddedPostgres {
  /** Contains the password: never log it. */
  readonly databaseUrl: string;
  /**
   * Claims the data for the calling service, for as long as its process lives. Throws an OperatorError when another service on
   * the same directory has them.
   */
  claim(): Promise<void>;
  /**
   * From now on restarts the server at the same address when it ends. Calls `onGivenUp` once, after three restarts in a row
   * have failed.
   */
  supervise(clock: Clock, onGivenUp: (error: Error) => void): void;
  /** Ends the server, unless another service on the same directory still uses it. Bounded; idempotent. */
  stop(): Promise<void>;
}

/** The facts that a start needs, gathered once. */
interface Setup {
  readonly files: EmbeddedFiles;
  readonly binaries: EmbeddedBinaries;
  readonly owner: ServerOwner | undefined;
  readonly password: string;
  readonly serverSettings: Readonly<Record<string, string>>;
}

/** The options of one start. */
interface Attempt {
  readonly log: Log;
  /** The only usable port: clients have connections to it, or will reconnect to it. */
  readonly port?: number;
  readonly isCancelled?: () => boolean;
}

/**
 * Starts a real PostgreSQL under `dataDir`, on 127.0.0.1 with a generated password. Returns when it accepts connections.
 *
 * EMBEDDED-1. At most one server runs on a directory: a running one is adopted, no matter which process started it.
 * EMBEDDED-2. An interrupted start never prevents the next one; neither does a killed service or server.
 * EMBEDDED-3. The server is in its own session, so no signal to the service's process group reaches it, and it outlives the
 *     service until `stop()`.
 * EMBEDDED-4. It never runs as root, and its environment holds none of this process's secrets.
 *
 * `settings` are server settings by name, which override the defaults; an adopted server keeps its own.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log: Log;
  settings?: Readonly<Record<string, string>>;
}): Promise<EmbeddedPostgres> {
  const { dataDir, log, settings = {} } = options;
  const dataDirectory = openDataDirectory(dataDir);
  const files = embeddedFiles(dataDirectory);
  requireClusterVersion(files.cluster, SERVER_MAJOR);
  const setup: Setup = {
    files,
    binaries: await findEmbeddedBinaries(),
    owner: await findServerOwner(files.cluster),
    password: readPassword(files),
    serverSettings: { ...SERVER_SETTINGS, ...settings },
  };
  await createCluster({ dataDirectory, log, ...setup, isDurable: setup.serverSettings['fsync'] !== 'off' });

  let { port, presence } = await startAndJoin(setup, { log });
  let supervisor: EmbeddedSupervisor | undefined;
  let isStopping = false;
  let isClaimed = false;
  let stopped: Promise<void> | undefined;

  async function restart(): Promise<void> {
    const isCancelled = () => isStopping;
    ({ port, presence } = await startAndJoin(setup, { log, port, isCancelled }));
    presence.once('end', () => supervisor?.serverEnded());
    if (isClaimed) await claim();
  }

  async function claim(): Promise<void> {
    if (!(await claimData(presence))) {
      throw new OperatorError(
        `another frontrow already sells from ${dataDirectory}; use that one, stop it, or name another directory in DATA_DIR`,
      );
    }
    isClaimed = true;
  }

  async function stop(): Promise<void> {
    isStopping = true;
    await supervisor?.close();
    await stopServer(files.cluster, presence, log);
  }

  return {
    databaseUrl: urlOf(port, setup.password, DATABASE),
    claim,
    supervise(clock, onGivenUp) {
      supervisor ??= createEmbeddedSupervisor({ clock, log, restart, onGivenUp });
      presence.once('end', () => supervisor?.serverEnded());
    },
    stop: () => (stopped ??= stop()),
  };
}

/** Another service may be ending the server that was just found; this start then runs it again. */
async function startAndJoin(setup: Setup, attempt: Attempt): Promise<{ port: number; presence: pg.Client }> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const port = await ensureRunning(setup, attempt);
    try {
      return {
        port,
        presence: await announcePresence(urlOf(port, setup.password, DATABASE), START_TIMEOUT_MS, attempt.log),
      };
    } catch (error) {
      if (!isUnavailable(error) || performance.now() >= deadline) throw error;
    }
  }
}

/** Starts the server or finds the running one; returns its port once it accepts connections and has the database. */
async function ensureRunning(setup: Setup, { log, port, isCancelled }: Attempt): Promise<number> {
  const { files } = setup;
  const begin = performance.now();
  let child: ChildProcess | undefined;
  try {
    while (performance.now() - begin < START_TIMEOUT_MS) {
      if (isCancelled?.() === true) {
        throw new Error('the start of PostgreSQL was cancelled');
      }
      const postmaster = findPostmaster(files.cluster);
      if (postmaster !== undefined) {
        if (postmaster.port > 0 && port !== undefined && postmaster.port !== port) {
          throw new Error(`PostgreSQL listens on port ${postmaster.port} now, and this service needs it on ${port}`);
        }
        if (postmaster.port > 0 && (await isServing(setup, postmaster.port))) {
          writeFileSync(files.port, String(postmaster.port), { mode: 0o600 });
          log.debug(
            { pid: postmaster.pid, port: postmaster.port, adopted: child === undefined },
            'PostgreSQL is running',
          );
          return postmaster.port;
        }
      } else if (child === undefined) {
        child = await spawnServer(setup, port);
      } else if (hasEnded(child)) {
        if (performance.now() - begin > RETRY_TIMEOUT_MS) break;
        await pause(RETRY_EVERY_MS);
        if (findPostmaster(files.cluster) === undefined) child = await spawnServer(setup, port);
      }
      await pause(LOOK_EVERY_MS);
    }
  } catch (error) {
    // Leave no server behind that nothing can use.
    child?.kill('SIGINT');
    throw error;
  }
  const said = existsSync(files.log) ? readFileSync(files.log, 'utf8').slice(-REPORTED_LOG_BYTES).trim() : '';
  throw new OperatorError(`PostgreSQL did not start; the end of ${files.log} is:\n${said}`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function spawnServer(setup: Setup, wantedPort?: number): Promise<ChildProcess> {
  const { files, binaries, owner, serverSettings } = setup;
  const port = wantedPort ?? (await choosePort(files.port));
  const settings = Object.entries(serverSettings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const output = openServerLog(files);
  try {
    const args = ['-D', files.cluster, '-p', String(port), ...settings];
    const child = spawnAsOwner(binaries.postgres, args, owner, { stdio: ['ignore', output, output] });
    // A program that cannot be executed has no process id; `hasEnded` checks for that.
    child.on('error', () => undefined);
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/**
 * Whether the server on the port is the cluster's own and executes statements; creates the database if it is missing. Throws
 * when the server refuses the password: its file belongs to another cluster.
 */
async function isServing(setup: Setup, port: number): Promise<boolean> {
  const client = createSession(urlOf(port, setup.password, 'postgres'), START_TIMEOUT_MS);
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string }>("SELECT current_setting('data_directory') AS directory");
    if (rows[0]?.directory !== setup.files.cluster) return false;
    await createDatabase(client);
    return true;
  } catch (error) {
    if (sqlState(error)?.startsWith('28') === true) {
      throw new OperatorError(
        `PostgreSQL in ${setup.files.cluster} refuses the password in ${setup.files.password}; restore that file from a copy, or move both away to begin with an empty database`,
        { cause: error },
      );
    }
    if (isUnavailable(error)) return false;
    throw error;
  } finally {
    await client.end();
  }
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount !== 0) return;
  try {
    await client.query(`CREATE DATABASE ${DATABASE} TEMPLATE template0`);
  } catch (error) {
    // Another service created it first.
    if (!['42P04', '23505'].includes(sqlState(error) ?? '')) throw error;
  }
}

async function stopServer(cluster: string, presence: pg.Client, log: Log): Promise<void> {
  try {
    if (!(await isLastUser(presence))) {
      log.info({}, 'PostgreSQL is left running: another service uses the same data directory');
      return;
    }
    const postmaster = findPostmaster(cluster);
    if (postmaster === undefined) return;
    for (const [signal, waitMs] of WAYS_TO_STOP) {
      if (await endPostmaster(postmaster, cluster, signal, waitMs)) return;
      log.warn({ signal, waitMs }, 'PostgreSQL did not end in time');
    }
  } finally {
    await presence.end();
  }
}
