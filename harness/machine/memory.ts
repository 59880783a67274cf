import { readFileSync } from 'node:fs';

const SAMPLE_EVERY_MS = 50;

/** Watches a process's resident memory from now on; `stop` returns the most that was seen, in bytes. Linux only. */
export function watchResidentMemory(processId: number): { stop(): number } {
  let mostBytes = residentBytes(processId);
  const timer = setInterval(() => {
    mostBytes = Math.max(mostBytes, residentBytes(processId));
  }, SAMPLE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return mostBytes;
    },
  };
}

/** Resident memory of a process, in bytes; 0 when the process is gone. */
export function residentBytes(processId: number): number {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'latin1');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
