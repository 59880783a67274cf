import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts CPU time of processes in hundredths of a second (`getconf CLK_TCK`), on every Linux that Node runs on. */
const TICK_US = 10_000;

interface ProcessTimes {
  readonly parentId: number;
  readonly ownTicks: number;
  /** Of children that ended and were waited for. */
  readonly endedChildrenTicks: number;
}

/** CPU time of one process, all its threads, in microseconds. Linux only. */
export function processCpuUs(processId: number): number {
  return (readTimes(processId)?.ownTicks ?? 0) * TICK_US;
}

/**
 * CPU time of a process and all its children, ended ones included, in microseconds: for PostgreSQL's postmaster, the
 * whole server. It never goes back. Linux only.
 */
export function familyCpuUs(processId: number): number {
  const own = readTimes(processId);
  let ticks = (own?.ownTicks ?? 0) + (own?.endedChildrenTicks ?? 0);
  for (const entry of readdirSync('/proc')) {
    const times = /^\d+$/.test(entry) ? readTimes(Number(entry)) : null;
    if (times?.parentId === processId) ticks += times.ownTicks + times.endedChildrenTicks;
  }
  return ticks * TICK_US;
}

/**
 * How long the main thread of a process, which runs its JavaScript, was ready to run and had no core, in microseconds: the time
 * that others on the machine took from it. 0 where the kernel does not report it.
 */
export function coreWaitUs(processId: number): number {
  try {
    return Number(readFileSync(`/proc/${processId}/schedstat`, 'latin1').split(' ')[1] ?? 0) / 1_000;
  } catch {
    return 0;
  }
}

/** Null when the process is gone. */
function readTimes(processId: number): ProcessTimes | null {
  let line: string;
  try {
    line = readFileSync(`/proc/${processId}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name is in parentheses and may itself contain spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  return { parentId: field(4), ownTicks: field(14) + field(15), endedChildrenTicks: field(16) + field(17) };
}
