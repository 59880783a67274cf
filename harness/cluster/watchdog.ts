import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Ends what this process leaves behind when it is killed. */
export interface Watchdog {
  /** A process that must not outlive this one. */
  watch(processId: number): void;
  /** One that has ended: its number may come to belong to somebody else. */
  forget(processId: number): void;
  /** Nothing is left to be ended. */
  close(): void;
}

/** What it is told, one line of JSON each. */
export interface WatchdogOrder {
  readonly watch?: number;
  readonly forget?: number;
  readonly close?: true;
}

const SCRIPT = fileURLToPath(new URL('watchdog-process.ts', import.meta.url));

/**
 * Starts a process in a session of its own that waits for the end of this one, however it comes, and then kills what it was
 * told of, ends the PostgreSQL under `dataDir`, and removes `dataDir` if it `isTemporary`. Handlers in this process cannot do that
 * under SIGKILL, and a node that is stopped cannot do it by itself.
 */
export function startWatchdog({ dataDir, isTemporary }: { dataDir: string; isTemporary: boolean }): Watchdog {
  const child = spawn(process.execPath, [SCRIPT, dataDir, isTemporary ? 'temporary' : 'kept'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  // Without it everything works as before, but for the one case that it is for.
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
