import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepText, openDataDirectory } from '../../src/config/data-directory.ts';
import type { Log } from '../../src/runtime/log.ts';
import { embeddedFiles } from '../../src/embedded-postgres/embedded-cluster.ts';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { endPostmaster, findPostmaster } from '../../src/embedded-postgres/embedded-postmaster.ts';
import { withClient } from './database.ts';
import { findStablePort } from './stable-port.ts';

/** A PostgreSQL server that belongs to one run, on the disk of the system's temporary directory. */
export interface PrivatePostgres {
  /** The database that comes with it. The URL stays the same over every `start`. */
  readonly databaseUrl: string;
  readonly postmasterId: number;
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Vacuums and checkpoints, so that no contestant pays for the work of another. */
  settle(databaseUrls: readonly string[]): Promise<void>;
  /** The server's version and the settings that decide the cost of a commit. */
  describe(): Promise<Record<string, string>>;
  /** Ends the server under its clients, by SIGKILL (a crash) or SIGINT (a fast shutdown), and waits for its end. */
  end(signal: 'SIGKILL' | 'SIGINT'): Promise<void>;
  /** Starts a server that was ended again, on the same port. */
  start(): Promise<void>;
  /** Ends the server and removes its files, unless `keepFiles` is true or the directory was given. */
  stop(keepFiles: boolean): Promise<void>;
}

export interface PrivatePostgresSettings {
  /** The directory of the files, which stay; by default a temporary one, whose files go. */
  readonly dataDir?: string;
  /** Settings of the server by name, in addition to the service's own. */
  readonly settings?: Readonly<Record<string, string>>;
}

const END_LIMIT_MS = 20_000;

const SHOWN_SETTINGS = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
  'io_method',
];

/** A log that shows warnings and errors only. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};

/** Starts the server that the service itself would start, with the same settings unless others are given. */
export async function startPrivatePostgres(given: PrivatePostgresSettings = {}): Promise<PrivatePostgres> {
  const dataDir = openDataDirectory(given.dataDir ?? mkdtempSync(join(tmpdir(), 'frontrow-bench-')));
  const files = embeddedFiles(dataDir);
  const port = String(await findStablePort());
  keepText(files.port, () => port);
  const startServer = () =>
    startEmbeddedPostgres({ dataDir, log: quietLog, ...(given.settings && { settings: given.settings }) });
  let server = await startServer();
  const { databaseUrl } = server;
  const stop = async (keepFiles: boolean): Promise<void> => {
    await server.stop();
    if (keepFiles) {
      console.error(`The database was kept in ${dataDir}.`);
    } else if (given.dataDir === undefined) {
      rmSync(dataDir, { recursive: true, force: true });
    }
  };
  let postmasterId = await findPostmasterId(databaseUrl);
  return {
    databaseUrl,
    get postmasterId() {
      return postmasterId;
    },
    async createDatabase(name) {
      await withClient(databaseUrl, (client) => client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`));
      const url = new URL(databaseUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    async settle(databaseUrls) {
      for (const databaseUrl of databaseUrls) {
        await withClient(databaseUrl, (client) => client.query('VACUUM (ANALYZE)'));
      }
      await withClient(databaseUrl, (client) => client.query('CHECKPOINT'));
    },
    describe: () =>
      withClient(databaseUrl, async (client) => {
        const { rows } = await client.query<{ name: string; setting: string }>(
          'SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name = ANY($1)',
          [SHOWN_SETTINGS],
        );
        return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
      }),
    async end(signal) {
      const postmaster = findPostmaster(files.cluster);
      if (postmaster === undefined) return;
      if (!(await endPostmaster(postmaster, files.cluster, signal, END_LIMIT_MS))) {
        throw new Error(`PostgreSQL did not end within ${END_LIMIT_MS} ms of ${signal}.`);
      }
    },
    async start() {
      server = await startServer();
      if (server.databaseUrl !== databaseUrl) throw new Error('PostgreSQL came back on another port.');
      postmasterId = await findPostmasterId(databaseUrl);
    },
    stop,
  };
}

/** The process id of the server's postmaster; the server must run on this machine. */
export function findPostmasterId(databaseUrl: string): Promise<number> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ directory: string }>("SELECT current_setting('data_directory') AS directory");
    return Number(readFileSync(join(rows[0]?.directory ?? '', 'postmaster.pid'), 'utf8').split('\n')[0]);
  });
}
