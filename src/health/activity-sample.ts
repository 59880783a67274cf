/** What a node did in one step, and how it stood at the end of it. Counts are of this node since the step before. */
export interface ActivitySample {
  /** 1 for the node's first step; grows by one. */
  readonly number: number;
  /** Epoch milliseconds of the database's clock. */
  readonly atMs: number;
  /** What the counts cover; longer than a step where the node was held up. */
  readonly durationMs: number;
  /** Seats put on hold, durably. */
  readonly holds: number;
  readonly payments: number;
  readonly refunds: number;
  readonly admissions: number;
  /** Answers over HTTP, refusals and failures among them. */
  readonly answers: number;
  /** Answers that said no to their caller. */
  readonly refusals: number;
  /** The most frequent of them, most frequent first. */
  readonly refusalsByCode: readonly CodeCount[];
  /** Answers with 503. */
  readonly unavailable: number;
  /** Answers with 500. */
  readonly bugs: number;
  /** Statements of the journal that were answered. */
  readonly flushes: number;
  /** From sending to answer; null without flushes. */
  readonly flushP50Ms: number | null;
  readonly flushP99Ms: number | null;
  /** Events or settlements that a statement carried on average; null without flushes. */
  readonly batchMean: number | null;
  readonly batchMax: number | null;
  /** Schedules whose statement was left without an answer. */
  readonly doubted: number;
  /** Live queue tokens at the end of the step. */
  readonly waiting: number;
  readonly active: number;
  /** Commands in the mailboxes at the end of the step. */
  readonly commandsWaiting: number;
  /** Open live sockets; null where the node offers none. */
  readonly liveSockets: number | null;
  readonly eventLoopDelayP99Ms: number;
}

export interface CodeCount {
  readonly code: string;
  readonly count: number;
}
