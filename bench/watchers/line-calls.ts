import { createWorkerProcess, type WorkerProcess } from '../../harness/process/worker-process.ts';

/** The calls that the process of the waiting people answers. Times are the machine's monotonic milliseconds. */
export type LineCalls = {
  /** Opens a connection for each queue token; answers when each knows its place. */
  open: (order: { readonly port: number; readonly path: string; readonly tokens: readonly string[] }) => Promise<{
    readonly openedMs: number;
  }>;
  /** When the service pushed that this token is ACTIVE; null when it did not within the time. */
  admitted: (order: { readonly token: string; readonly limitMs: number }) => Promise<{ readonly atMs: number | null }>;
  /** Frames about places since the start. */
  frames: (order: Record<string, never>) => Promise<{ readonly frames: number; readonly faults: readonly string[] }>;
};

/** Starts a process of waiting people. */
export function createLineCrowd(): WorkerProcess<LineCalls> {
  return createWorkerProcess<LineCalls>(new URL('./line-worker.ts', import.meta.url));
}
