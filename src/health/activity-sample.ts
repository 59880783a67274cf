/** A node's activity in one step, and its state at the end of it. Counts are this node's, since the previous step. */
export interface ActivitySample {
  /** 1 for the node's first step; grows by one. */
  readonly number: number;
  /** Epoch milliseconds of the database's clock. */
  readonly atMs: number;
  /** The time that the counts cover; longer than a step when the node was delayed. */
  readonly durationMs: number;
  /** Seats put on hold, durably. */
  readonly holds: number;
  readonly payments: number;
  readonly refunds: number;
  readonly admissions: number;
  /** HTTP answers, including refusals and failures. */
  readonly answers: number;
  /** Answers that rejected the request. */
  readonly refusals: number;
  /** The most frequent codes, most frequent first. */
  readonly refusalsByCode: readonly CodeCount[];
  /** Answers with 503. */
  readonly unavailable: number;
  /** Answers with 500. */
  readonly bugs: number;
  /** Statements of the journal that the database answered. */
  readonly flushes: number;
  /** From sending to answer; null without flushes. */
  readonly flushP50Ms: number | null;
  readonly flushP99Ms: number | null;
  /** The mean number of events or settlements per statement; null without flushes. */
  readonly batchMean: number | null;
  readonly batchMax: number | null;
  /** Schedules with a statement that got no answer. */
  readonly doubted: number;
  /** Live queue tokens at the end of the step. */
  readonly waiting: number;
  readonly active: number;
  /** Commands that wait in the schedules at the end of the step. */
  readonly commandsWaiting: number;
  /** Open live sockets; null where the node has no live endpoint. */
  readonly liveSockets: number | null;
  readonly eventLoopDelayP99Ms: number;
}

export interface CodeCount {
  readonly code: string;
  readonly count: number;
}
