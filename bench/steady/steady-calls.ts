import { createWorkerProcess, type WorkerProcess } from '../../harness/process/worker-process.ts';

/** The calls that the process of the steady load answers. */
export type SteadyCalls = {
  /** Begins to hold and release seats. */
  start: (order: SteadyOrder) => Promise<void>;
  /** From now on requests go to these ports and to no others. */
  direct: (where: { readonly ports: readonly number[] }) => Promise<void>;
  /** The requests that ended since the last call. */
  take: (nothing: Record<string, never>) => Promise<SteadyRecords>;
  /** Ends the load; answers when the last answer has arrived, or its time is over. */
  stop: (nothing: Record<string, never>) => Promise<SteadyEnd>;
};

export type SteadyWorker = WorkerProcess<SteadyCalls>;

/** Starts the process of a steady load. */
export function createSteadyWorker(): SteadyWorker {
  return createWorkerProcess<SteadyCalls>(new URL('./steady-worker.ts', import.meta.url));
}

export interface SteadyOrder {
  readonly ports: readonly number[];
  /** At a fixed rate a request that finds all connections busy waits, and its wait counts. */
  readonly connectionsPerPort: number;
  /** Requests use the schedules in turns. */
  readonly scheduleIds: readonly number[];
  readonly seatCount: number;
  /** Queue tokens; each hold is for a random one, and released by it. */
  readonly tokens: readonly string[];
  /** At a fixed rate whatever the answers are (open loop); null: each connection asks again as soon as it has an answer (closed loop). */
  readonly requestsPerSecond: number | null;
  readonly seed: number;
}

/**
 * The outcome of a request: done, refused (409), certainly not done (503 `none`), perhaps done (another 5xx), or never answered. A
 * record has the index in this list.
 */
export const OUTCOMES = ['held', 'released', 'refused', 'none', 'unknown', 'lost', 'strange'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Requests in columns: one place in each column is one request. Times are the machine's monotonic milliseconds. */
export interface SteadyRecords {
  /** When it was due, even if it was sent later. */
  readonly dueMs: Float64Array;
  readonly doneMs: Float64Array;
  /** The index of the schedule in the order. */
  readonly schedule: Int32Array;
  readonly outcome: Uint8Array;
  /** Of the change that a 2xx answer reports; 0 for all others. */
  readonly seq: Float64Array;
}

export interface SteadyEnd {
  readonly records: SteadyRecords;
  /** Reservations that were acknowledged and not released. */
  readonly heldIds: readonly string[];
  /** Answers other than 2xx since the start, by status and code; `lost` counts missing answers. */
  readonly refusals: Readonly<Record<string, number>>;
  /** The first of them in full. */
  readonly samples: readonly string[];
  /** Requests that found no seat. */
  readonly skipped: number;
  /** By how much the load's own process was late. */
  readonly lagP99Ms: number;
  readonly cpuUs: number;
  readonly elapsedMs: number;
}
