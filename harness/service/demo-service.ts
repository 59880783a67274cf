import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { secretsFile } from '../../src/config/local-secrets.ts';
import { embeddedFiles } from '../../src/embedded-postgres/embedded-cluster.ts';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { closeOnInterruption } from '../interruption.ts';
import { asObject, readText } from '../json.ts';
import { auditDatabase, type DatabaseAudit } from './database-audit.ts';
import { quietLog } from './private-postgres.ts';
import { answers, findFreePort, type ServerProcess, startFrontrow } from './server-process.ts';

/** A service for a rush: one that runs, or one that was started for it. */
export interface DemoService {
  readonly url: string;
  readonly adminToken: string;
  /** The secret that signs access tokens, where it is known; null: fans register. */
  readonly authSecret: string | null;
  /** Whether the service may limit requests and registrations. */
  readonly hasLimits: boolean;
  /** In words, for the summary. */
  readonly origin: string;
  /** Null where the service's database is not known. */
  audit(): Promise<DatabaseAudit | null>;
  /** Ends the service if it was started for the rush, once. `keepFiles` keeps its files. */
  close(keepFiles: boolean): Promise<void>;
}

export const ADMIN_TOKEN_NEEDED =
  'To open a concert on that service its admin token is needed: --admin-token, ADMIN_TOKEN or DATA_DIR.';
const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_DATA_DIR = '.frontrow';
/** An abandoned hold must end while the demo waits. */
const DEMO_HOLD_TTL_MS = 5_000;

/** The service at `url`, the one that answers at the usual place, or a new one. Throws a sentence when there is none. */
export async function openDemoService(asked: { url: string | null; adminToken: string | null }): Promise<DemoService> {
  const url = asked.url ?? ((await answers(`${DEFAULT_URL}/healthz`)) ? DEFAULT_URL : null);
  const service = url === null ? null : findRunningService(url, asked.adminToken);
  if (service !== null) return service;
  if (asked.url !== null) throw new Error(ADMIN_TOKEN_NEEDED);
  return startDemoService();
}

/** The service at `url`; null when its admin token is neither given nor known here. */
export function findRunningService(url: string, givenToken: string | null): DemoService | null {
  const adminToken = givenToken ?? process.env['ADMIN_TOKEN'] ?? readSecret('ADMIN_TOKEN');
  if (adminToken === null) return null;
  // The given token may be that of another service, whose secret and database are not in DATA_DIR.
  const isKnown = givenToken === null || givenToken === readSecret('ADMIN_TOKEN');
  const plainUrl = url.replace(/\/+$/, '');
  return {
    url: plainUrl,
    adminToken,
    authSecret: isKnown ? (process.env['AUTH_SECRET'] ?? readSecret('AUTH_SECRET')) : null,
    hasLimits: true,
    origin: plainUrl,
    audit: () => auditKnown(isKnown),
    close: async () => undefined,
  };
}

/**
 * Starts a service in DATA_DIR, or in a temporary directory, with an embedded database even when DATABASE_URL is set. `env`
 * changes the settings of `startService`.
 */
export async function startDemoService(env: Readonly<Record<string, string>> = {}): Promise<DemoService> {
  const given = process.env['DATA_DIR'];
  const dataDir = given ?? mkdtempSync(join(tmpdir(), 'frontrow-demo-'));
  const adminToken = randomBytes(32).toString('hex');
  const starting = startService({ port: await findFreePort(), dataDir, adminToken, env });
  let closing: Promise<void> | null = null;
  const closeOnce = async (keepFiles: boolean): Promise<void> => {
    await (await starting).stop();
    if (given === undefined && !keepFiles) {
      rmSync(dataDir, { recursive: true, force: true });
    } else if (keepFiles) {
      console.error(`The database was kept in ${dataDir}.`);
    }
  };
  const close = (keepFiles: boolean): Promise<void> => (closing ??= closeOnce(keepFiles));
  closeOnInterruption(() => close(false));
  const server = await starting;
  return {
    url: server.url,
    adminToken,
    authSecret: null,
    hasLimits: false,
    origin: `${server.url}, started for this`,
    audit: () => auditDataDir(dataDir),
    close,
  };
}

/** Starts `src/main.ts` with an embedded database, holds that end within seconds, and no limits on requests. */
export function startService(settings: {
  port: number;
  dataDir: string;
  adminToken: string;
  env?: Readonly<Record<string, string>>;
}): Promise<ServerProcess> {
  return startFrontrow(
    {
      DATABASE_URL: '',
      REDIS_URL: '',
      DATA_DIR: settings.dataDir,
      ADMIN_TOKEN: settings.adminToken,
      DEMO_DATA: 'false',
      HOLD_TTL_MS: String(DEMO_HOLD_TTL_MS),
      MAX_CONNECTIONS_PER_ADDRESS: '0',
      RATE_LIMIT_PER_MINUTE: '0',
      REGISTRATIONS_PER_MINUTE: '0',
      LOG_LEVEL: 'warn',
      ...settings.env,
    },
    { port: settings.port },
  );
}

/** Calls `use` with the embedded database of a directory; starts its server for that time unless it runs. */
export async function withDataDir<T>(dataDir: string, use: (databaseUrl: string) => Promise<T>): Promise<T> {
  const server = await startEmbeddedPostgres({ dataDir, log: quietLog });
  try {
    return await use(server.databaseUrl);
  } finally {
    await server.stop();
  }
}

function auditDataDir(dataDir: string): Promise<DatabaseAudit> {
  return withDataDir(dataDir, auditDatabase);
}

async function auditKnown(isInDataDir: boolean): Promise<DatabaseAudit | null> {
  const databaseUrl = process.env['DATABASE_URL'];
  if (databaseUrl !== undefined && databaseUrl !== '') return auditDatabase(databaseUrl);
  if (!isInDataDir) return null;
  const dataDir = resolve(process.env['DATA_DIR'] ?? DEFAULT_DATA_DIR);
  return existsSync(embeddedFiles(dataDir).cluster) ? auditDataDir(dataDir) : null;
}

/** A secret that the service made in DATA_DIR; null when there is none. */
export function readSecret(name: 'ADMIN_TOKEN' | 'AUTH_SECRET'): string | null {
  const file = secretsFile(resolve(process.env['DATA_DIR'] ?? DEFAULT_DATA_DIR));
  return existsSync(file) ? readText(asObject(JSON.parse(readFileSync(file, 'utf8'))), name) : null;
}
