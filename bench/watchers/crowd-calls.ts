/** The calls that the process of the watchers answers. Times are the machine's monotonic milliseconds. */
export type CrowdCalls = {
  /** Opens the crowd's connections, some at a time; answers when each has its map. */
  open: (crowd: CrowdOrder) => Promise<{ readonly openedMs: number }>;
  /** Waits until every watcher that reads has `seq`; answers how many have not by then. */
  settle: (order: { readonly seq: number; readonly limitMs: number }) => Promise<{ readonly behind: number }>;
  /** Makes the stuck watchers read again, and answers how many caught up within the time. */
  wake: (order: { readonly seq: number; readonly limitMs: number }) => Promise<Woken>;
  /** How many are connected and have their map again. */
  count: (order: Record<string, never>) => Promise<{ readonly connected: number }>;
  /** When each watcher that lost its connection since then had its map again, and by what. */
  resumptions: (order: { readonly sinceMs: number }) => Promise<Resumptions>;
  /** Compares every reading watcher's map with this one: the word of seat n at n. */
  compare: (order: {
    readonly map: readonly string[];
  }) => Promise<{ readonly unequal: number; readonly faults: string[] }>;
  measure: (order: MeasureOrder) => Promise<CrowdFigures>;
  /** The frames of the first watcher, each with its time. */
  recording: (order: Record<string, never>) => Promise<readonly RecordedFrame[]>;
  close: (order: Record<string, never>) => Promise<void>;
};

export interface CrowdOrder {
  readonly port: number;
  readonly path: string;
  readonly watchers: number;
  /** Used in turn. */
  readonly tokens: readonly string[];
  /** Null where the server speaks no protocol. */
  readonly scheduleId: number | null;
  /** The last so many of the watchers stop reading when they have their map. */
  readonly stuck: number;
  readonly reconnects: boolean;
  readonly seed: number;
}

export interface Woken {
  /** The number of connections that the server closed, by code; `broken` where there was no close frame. */
  readonly closings: Readonly<Record<string, number>>;
  /** Still connected, and up to date within the time. */
  readonly caughtUp: number;
  readonly behind: number;
}

export interface Resumptions {
  /** The last one of each watcher that has come back. */
  readonly atMs: readonly number[];
  readonly deltas: number;
  readonly snapshots: number;
  readonly closings: Readonly<Record<string, number>>;
}

export interface MeasureOrder {
  readonly fromMs: number;
  readonly toMs: number;
  /** `seq` and time of each answer that reported a change, in turns; empty where there were no answers. */
  readonly replies: Float64Array;
}

export interface CrowdFigures {
  /** Seat frames that reading watchers received in the time. */
  readonly frames: number;
  readonly bytes: number;
  /** Different ones. */
  readonly distinctFrames: number;
  /** Snapshots that came unasked. */
  readonly snapshots: number;
  /** From a change's reply to its arrival at a watcher, over all pairs of the two. Negative where the frame was first. */
  readonly pairs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Each watcher's own p99: the middle one and the worst. */
  readonly medianWatcherP99Ms: number;
  readonly worstWatcherP99Ms: number;
  /** From a frame's first arrival to its last. */
  readonly spreadP50Ms: number;
  readonly spreadP99Ms: number;
}

export interface RecordedFrame {
  readonly atMs: number;
  readonly text: string;
}
