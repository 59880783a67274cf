import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { keepText } from '../config/data-directory.ts';
import type { Log } from '../runtime/log.ts';
import { type EmbeddedBinaries, type ServerOwner, spawnAsOwner } from './embedded-binaries.ts';
import { isRunning } from './embedded-postmaster.ts';
import { OperatorError } from '../runtime/operator-error.ts';

/** The role that owns everything in an embedded server, and its database. */
export const EMBEDDED_ROLE = 'frontrow';

const PASSWORD_BYTES = 24;
/** One word, valid in a URL and, as a line, in initdb's password file. */
const PASSWORD = /^[\w.~-]+$/;

/** Text sorts by code point, the same on every machine, and every connection needs the password. */
const CLUSTER_CHOICES = [
  '--encoding=UTF8',
  '--locale-provider=libc',
  '--locale=C',
  '--auth=scram-sha-256',
  '--no-instructions',
];

const UNFINISHED = '.postgres-unfinished-';

/** Enough of initdb's output to show why it failed. */
const REPORTED_OUTPUT_BYTES = 2_000;

/** A server logs little even over a long time; its old log is kept for one more start. */
const LARGEST_LOG_BYTES = 10 * 1024 * 1024;

/** The paths of an embedded server's files below the data directory. */
export interface EmbeddedFiles {
  readonly cluster: string;
  readonly password: string;
  readonly port: string;
  readonly log: string;
}

/** The files of the embedded server under `dataDirectory`, an absolute path without symbolic links. */
export function embeddedFiles(dataDirectory: string): EmbeddedFiles {
  return {
    cluster: join(dataDirectory, 'postgres'),
    password: join(dataDirectory, 'postgres-password'),
    port: join(dataDirectory, 'postgres-port'),
    log: join(dataDirectory, 'postgres.log'),
  };
}

/**
 * Returns the generated password of the server's only role, and makes it on first use. Throws when the file is damaged or lost,
 * because the server would refuse a new password.
 */
export function readPassword(files: EmbeddedFiles): string {
  const remedy = isComplete(files.cluster)
    ? `restore it from a copy; without it the database in ${files.cluster} does not open. Move both away to begin with an empty database`
    : 'remove it to have a new one made';
  if (isComplete(files.cluster) && !existsSync(files.password))
    throw new OperatorError(`${files.password} is missing; ${remedy}`);
  const password = keepText(files.password, () => randomBytes(PASSWORD_BYTES).toString('hex')).trim();
  if (!PASSWORD.test(password)) throw new OperatorError(`${files.password} does not hold a password; ${remedy}`);
  return password;
}

/**
 * Makes the cluster if it is missing: in another directory, which is moved into place once complete. An interrupted start
 * therefore leaves nothing that looks like a cluster, and of two concurrent starts both use the cluster of the first to finish.
 */
export async function createCluster(settings: {
  dataDirectory: string;
  files: EmbeddedFiles;
  binaries: EmbeddedBinaries;
  owner: ServerOwner | undefined;
  password: string;
  /** Whether the files must have reached the disk before this returns. */
  isDurable: boolean;
  log: Log;
}): Promise<void> {
  const { dataDirectory, files, binaries, owner, password, isDurable, log } = settings;
  removeUnfinished(dataDirectory);
  setIncompleteAside(files.cluster, log);
  if (existsSync(files.cluster)) return;

  log.info({ directory: files.cluster }, 'preparing PostgreSQL; only the first start does this');
  const workshop = mkdtempSync(join(dataDirectory, `${UNFINISHED}${process.pid}-`));
  try {
    const draft = join(workshop, 'postgres');
    const passwordFile = join(workshop, 'password');
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (owner !== undefined) for (const path of [workshop, draft, passwordFile]) chownSync(path, owner.uid, owner.gid);
    const haste = isDurable ? [] : ['--no-sync'];
    await runInitdb(binaries, owner, ['-D', draft, `--pwfile=${passwordFile}`, ...haste]);
    moveIntoPlace(draft, files.cluster, dataDirectory);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

async function runInitdb(binaries: EmbeddedBinaries, owner: ServerOwner | undefined, choices: string[]): Promise<void> {
  const args = [...choices, `--username=${EMBEDDED_ROLE}`, ...CLUSTER_CHOICES];
  const child = spawnAsOwner(binaries.initdb, args, owner, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new OperatorError(`initdb failed: ${output.slice(-REPORTED_OUTPUT_BYTES).trim()}`);
}

function moveIntoPlace(draft: string, cluster: string, dataDirectory: string): void {
  try {
    renameSync(draft, cluster);
  } catch (error) {
    // Another start finished first: a rename never replaces a directory that is not empty.
    if (!isComplete(cluster)) throw error;
    return;
  }
  const directory = openSync(dataDirectory, 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** Whether initdb has finished in the directory: of the files that a server needs, it writes the control file last. */
function isComplete(cluster: string): boolean {
  return existsSync(join(cluster, 'global', 'pg_control')) && existsSync(join(cluster, 'PG_VERSION'));
}

/** Moves an incomplete cluster aside under another name, in case it holds someone's data. */
function setIncompleteAside(cluster: string, log: Log): void {
  if (!existsSync(cluster) || isComplete(cluster)) return;
  const aside = `${cluster}-incomplete-${randomBytes(4).toString('hex')}`;
  renameSync(cluster, aside);
  log.warn({ aside }, 'the database directory was incomplete and has been set aside; a new one is made');
}

/** Removes the leftovers of interrupted starts; a directory's name carries the process id of its maker. */
function removeUnfinished(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const maker = Number(name.slice(UNFINISHED.length).split('-')[0]);
    if (maker === process.pid || isRunning(maker)) continue;
    rmSync(join(dataDirectory, name), { recursive: true, force: true });
  }
}

/** Throws when the cluster is of another major version than `serverMajor`. */
export function requireClusterVersion(cluster: string, serverMajor: string): void {
  if (!isComplete(cluster)) return;
  const major = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (major !== serverMajor) {
    throw new OperatorError(
      `${cluster} was made by PostgreSQL ${major}; the embedded server is ${serverMajor} and cannot read it. Run a server of that version on it and name it in DATABASE_URL, or move the directory and postgres-password away to begin with an empty database`,
    );
  }
}

/** Opens the server's log for appending; one that has grown past 10 MiB becomes the old log first. */
export function openServerLog(files: EmbeddedFiles): number {
  const size = statSync(files.log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LARGEST_LOG_BYTES) renameSync(files.log, `${files.log}.old`);
  return openSync(files.log, 'a', 0o600);
}
