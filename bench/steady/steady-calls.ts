import { createWorkerProcess, type WorkerProcess } from '../../harness/process/worker-process.ts';

/** The calls that the process of the steady load answers. */
export type SteadyCalls = {
  /** Begins to hold and release seats. */
  start: (order: SteadyOrder) => Promise<void>;
  /** From now on requests go to these ports and to no others. */
  direct: (where: { readonly ports: readonly number[] }) => Promise<void>;
  /** What has been answered since the last time that this was asked. */
  take: (nothing: Record<string, never>) => Promise<SteadyRecords>;
  /** Ends it; answers when the last answer is in, or is not to be expected any more. */
  stop: (nothing: Record<string, never>) => Promise<SteadyEnd>;
};

export type SteadyWorker = WorkerProcess<SteadyCalls>;

/** Starts the process of a steady load. */
export function createSteadyWorker(): SteadyWorker {
  return createWorkerProcess<SteadyCalls>(new URL('./steady-worker.ts', import.meta.url));
}

export interface SteadyOrder {
  readonly ports: readonly number[];
  /** At a fixed rate a request that finds all of them busy waits for one, and its wait is counted. */
  readonly connectionsPerPort: number;
  /** They take turns. */
  readonly scheduleIds: readonly number[];
  readonly seatCount: number;
  /** Queue tokens; each hold is for a random one, and released by it. */
  readonly tokens: readonly string[];
  /** Whatever the answers do (open loop); null: each connection asks again as soon as it is answered (closed loop). */
  readonly requestsPerSecond: number | null;
  readonly seed: number;
}

/**
 * What became of a request: done, refused (409), certainly not done (503 `none`), perhaps done (another 5xx), or never answered. The
 * place in this list is what a record says.
 */
export const OUTCOMES = ['held', 'released', 'refused', 'none', 'unknown', 'lost', 'strange'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Requests in columns: one place in each column is one request. Times are the machine's monotonic milliseconds. */
export interface SteadyRecords {
  /** When it was due, whenever it could be sent. */
  readonly dueMs: Float64Array;
  readonly doneMs: Float64Array;
  /** By the place in the order. */
  readonly schedule: Int32Array;
  readonly outcome: Uint8Array;
  /** Of the change that a 2xx answer reports; 0 for all others. */
  readonly seq: Float64Array;
}

export interface SteadyEnd {
  readonly records: SteadyRecords;
  /** Reservations that were acknowledged and not released. */
  readonly heldIds: readonly string[];
  /** Answers that were not 2xx since the start, by status and code; `lost` are those that never came. */
  readonly refusals: Readonly<Record<string, number>>;
  /** The first of them as they were. */
  readonly samples: readonly string[];
  /** Requests that found no seat to be asked for. */
  readonly skipped: number;
  /** How late requests were taken up: what the load's own process was late by. */
  readonly lagP99Ms: number;
  readonly cpuUs: number;
  readonly elapsedMs: number;
}
