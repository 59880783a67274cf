import type { LatencySummary } from '../../harness/latencies.ts';

/** What the process of the load can be asked. */
export type TurnoverCalls = {
  /** Begins to hold and release seats of one hall, at a fixed rate whatever the answers do. */
  start: (order: TurnoverOrder) => Promise<void>;
  /** Ends it; answers when the last answer is in. */
  stop: (order: Record<string, never>) => Promise<TurnoverResult>;
};

export interface TurnoverOrder {
  readonly port: number;
  readonly scheduleId: number;
  readonly seatCount: number;
  /** Queue tokens; each hold is for a random one, and released by it. */
  readonly tokens: readonly string[];
  readonly changesPerSecond: number;
  readonly seed: number;
}

export interface TurnoverResult {
  /** `seq` of a change and the machine's monotonic milliseconds at which its reply was there, one after the other. */
  readonly replies: Float64Array;
  /** From when a request was due to its reply, 2xx only: what waited because the service was slow is in it. */
  readonly latency: LatencySummary;
  /** Answers that were no change, by code, and `lost` for those that never came. */
  readonly refused: Readonly<Record<string, number>>;
  readonly cpuUs: number;
}
