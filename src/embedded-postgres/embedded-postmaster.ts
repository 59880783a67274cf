import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readIfThere } from '../config/data-directory.ts';

/** How often a process is looked at while its end is awaited. */
const LOOK_EVERY_MS = 20;
/** A server fills its lock file at once after making it; one that is empty for so long is what a crash has left. */
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
 * The server that is running on the cluster, verified to be it. A lock file whose process is dead is left to the next
 * server, which knows how to take it over; one whose process id now belongs to another program is removed, because a
 * server would refuse to start beside it. So is one that stays empty. Throws where the file names no process.
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
    // It may be a running server's, and two servers on one cluster would destroy it: this process must not remove the file.
    throw new Error(
      `${lockFile} is damaged; make sure that no postgres process works on ${cluster}, then remove the file and start again`,
    );
  }
  const pid = Number(lines[PID_LINE]);
  if (isPostmasterOf(pid, cluster)) return { pid, port: Number(lines[PORT_LINE] ?? 0) };
  // A start that runs beside this one may have replaced the file meanwhile, and a server whose lock file is gone ends.
  // Hence the second reading: no server writes the file while this one stands.
  if (isRunning(pid) && readIfThere(lockFile) === text) rmSync(lockFile, { force: true });
  return undefined;
}

function isOlderThan(file: string, ageMs: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ageMs;
}

/** Signals the server and waits for its end; false when it is still there after `waitMs`. */
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

/** Whether some process has this id; not necessarily a server, nor one that this process may signal. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A server works in its cluster's directory and a zombie in none, so no process id that was reused passes for one. */
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
