import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readIfThere } from '../config/data-directory.ts';
import { OperatorError } from '../runtime/operator-error.ts';

/** The interval between two checks of a process that is about to end. */
const LOOK_EVERY_MS = 20;
/** A server fills its lock file right after making it; one that is empty for this long was left by a crash. */
const FILLED_WITHIN_MS = 2_000;

/** The server process that a cluster's lock file names. */
export interface Postmaster {
  readonly pid: number;
  /** 0 while the server has not written it yet. */
  readonly port: number;
}

/** Lines of postmaster.pid: process id, data directory, start time, port, … (PostgreSQL's `miscadmin.h`). */
const PID_LINE = 0;
const PORT_LINE = 3;
/** PostgreSQL's single-user mode writes its own negated. */
const PROCESS_ID = /^-?[1-9]\d*$/;

/**
 * Finds the cluster's running server and verifies that it is the cluster's. When the process in the lock file is dead, the file
 * stays: the next server takes it over. When its id belongs to another program, or the file stays empty, the file is removed,
 * because a server would refuse to start. Throws when the file names no process.
 */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const lockFile = join(cluster, 'postmaster.pid');
  const text = readIfThere(lockFile);
  if (text === undefined) return undefined;
  if (text === '') {
    if (isOlderThan(lockFile, FILLED_WITHIN_MS)) rmSync(lockFile, { force: true });
    return undefined;
  }
  const lines = text.split('\n');
  if (!PROCESS_ID.test(lines[PID_LINE]?.trim() ?? '')) {
    // The file may belong to a running server, and two servers on one cluster would destroy it: do not remove it.
    throw new OperatorError(
      `${lockFile} is damaged; make sure that no postgres process works on ${cluster}, then remove the file and start again`,
    );
  }
  const pid = Number(lines[PID_LINE]);
  if (isPostmasterOf(pid, cluster)) return { pid, port: Number(lines[PORT_LINE] ?? 0) };
  // A concurrent start may have replaced the file meanwhile, and a server whose lock file disappears ends. Hence the second
  // reading: no server writes the file while this one exists.
  if (isRunning(pid) && readIfThere(lockFile) === text) rmSync(lockFile, { force: true });
  return undefined;
}

function isOlderThan(file: string, ageMs: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ageMs;
}

/** Signals the server and waits for its end; false when it still runs after `waitMs`. */
export async function endPostmaster(
  postmaster: Postmaster,
  cluster: string,
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  if (isPostmasterOf(postmaster.pid, cluster)) process.kill(postmaster.pid, signal);
  while (isPostmasterOf(postmaster.pid, cluster)) {
    if (performance.now() >= deadline) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

/** Whether some process has this id. It may be another program, or one that this process may not signal. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A server's working directory is its cluster and a zombie has none, so a process with a reused id is not mistaken for it. */
function isPostmasterOf(pid: number, cluster: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  if (existsSync('/proc/self/cwd')) {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === cluster;
    } catch {
      return false;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(cluster);
  } catch {
    return false;
  }
}
