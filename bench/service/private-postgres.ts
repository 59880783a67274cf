import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Log } from '../../src/log.ts';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';

/** A PostgreSQL server that belongs to one run, on the disk of the system's temporary directory. */
export interface PrivatePostgres {
  readonly postmasterId: number;
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Settled files and statistics, so that no contestant pays for what another left behind. */
  settle(databaseUrls: readonly string[]): Promise<void>;
  /** The server's version and those settings that decide what a commit costs. */
  describe(): Promise<Record<string, string>>;
  /** Ends the server; its files go unless they are to be looked at. */
  stop(keepFiles: boolean): Promise<void>;
}

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

/** Only faults of the server are of interest here. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};

/** Starts the server that the service itself would start, with the same settings. */
export async function startPrivatePostgres(): Promise<PrivatePostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), 'frontrow-bench-'));
  const server = await startEmbeddedPostgres({ dataDir, log: quietLog });
  const withClient = async <T>(databaseUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  };
  const stop = async (keepFiles: boolean): Promise<void> => {
    await server.stop();
    if (keepFiles) {
      console.error(`The database was kept in ${dataDir}.`);
    } else {
      rmSync(dataDir, { recursive: true, force: true });
    }
  };
  return {
    postmasterId: await findPostmasterId(server.databaseUrl),
    async createDatabase(name) {
      await withClient(server.databaseUrl, (client) =>
        client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`),
      );
      const url = new URL(server.databaseUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    async settle(databaseUrls) {
      for (const databaseUrl of databaseUrls) {
        await withClient(databaseUrl, (client) => client.query('VACUUM (ANALYZE)'));
      }
      await withClient(server.databaseUrl, (client) => client.query('CHECKPOINT'));
    },
    describe: () =>
      withClient(server.databaseUrl, async (client) => {
        const { rows } = await client.query<{ name: string; setting: string }>(
          'SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name = ANY($1)',
          [SHOWN_SETTINGS],
        );
        return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
      }),
    stop,
  };
}

/** The process id of the server's postmaster; the server must run on this machine. */
export async function findPostmasterId(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ directory: string }>("SELECT current_setting('data_directory') AS directory");
    return Number(readFileSync(join(rows[0]?.directory ?? '', 'postmaster.pid'), 'utf8').split('\n')[0]);
  } finally {
    await client.end();
  }
}
