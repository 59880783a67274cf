import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Ends the processes that this process leaves behind when it is killed. */
export interface Watchdog {
  /** Adds a process that must not outlive this one. */
  watch(processId: number): void;
  /** Forgets a process that has ended; another process may get its number. */
  forget(processId: number): void;
  /** Ends the watchdog; no process is left to end. */
  close(): void;
}

/** An order to the watchdog, as a line of JSON. */
export interface WatchdogOrder {
  readonly watch?: number;
  readonly forget?: number;
  readonly close?: true;
}

const SCRIPT = fileURLToPath(new URL('watchdog-process.ts', import.meta.url));

/**
 * Starts a process in a session of its own that waits for the end of this one and then kills the
 * watched processes, ends the PostgreSQL under `dataDir`, and removes `dataDir` if it `isTemporary`. Handlers in this process cannot do that
 * under SIGKILL, and a stopped node cannot end itself.
 */
export function startWatchdog({ dataDir, isTemporary }: { dataDir: string; isTemporary: boolean }): Watchdog {
  const child = spawn(process.execPath, [SCRIPT, dataDir, isTemporary ? 'temporary' : 'kept'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  // The cluster works without the watchdog; only the cleaning up after SIGKILL is missing.
  child.stdin.on('error', () => undefined);
  child.on('error', () => undefined);
  const tell = (order: WatchdogOrder): void => void child.stdin.write(`${JSON.stringify(order)}\n`);
  return {
    watch: (processId) => tell({ watch: processId }),
    forget: (processId) => tell({ forget: processId }),
    close() {
      tell({ close: true });
      child.stdin.end();
    },
  };
}
