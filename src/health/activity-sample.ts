/** The activity of a node, or of all, in one step, and the state at its end. Counts are those since the previous step. */
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

/** The most refusal codes that a sample names; in a rush two or three account for nearly all refusals. */
export const CODES_NAMED = 5;

/** Two steps of one node as one: the counts of both, the state at the end of the later one. */
export function addCounts(earlier: ActivitySample, later: ActivitySample): ActivitySample {
  const flushes = earlier.flushes + later.flushes;
  return {
    ...later,
    durationMs: earlier.durationMs + later.durationMs,
    holds: earlier.holds + later.holds,
    payments: earlier.payments + later.payments,
    refunds: earlier.refunds + later.refunds,
    admissions: earlier.admissions + later.admissions,
    answers: earlier.answers + later.answers,
    refusals: earlier.refusals + later.refusals,
    refusalsByCode: addCodes(earlier.refusalsByCode, later.refusalsByCode),
    unavailable: earlier.unavailable + later.unavailable,
    bugs: earlier.bugs + later.bugs,
    flushes,
    flushP50Ms: meanOf([earlier.flushP50Ms, earlier.flushes], [later.flushP50Ms, later.flushes]),
    flushP99Ms: largestOf(earlier.flushP99Ms, later.flushP99Ms),
    batchMean: meanOf([earlier.batchMean, earlier.flushes], [later.batchMean, later.flushes]),
    batchMax: largestOf(earlier.batchMax, later.batchMax),
    doubted: earlier.doubted + later.doubted,
    eventLoopDelayP99Ms: Math.max(earlier.eventLoopDelayP99Ms, later.eventLoopDelayP99Ms),
  };
}

/**
 * The same second of several nodes. Number, instant and duration are those of `own`. Lines are shared or kept by one node, so the
 * largest figure is that of all; the slowest node gives the delays.
 */
export function sumOverNodes(own: ActivitySample, others: readonly ActivitySample[]): ActivitySample {
  return others.reduce(
    (sum, other) => ({
      ...addCounts(sum, other),
      number: own.number,
      atMs: own.atMs,
      durationMs: own.durationMs,
      waiting: Math.max(sum.waiting, other.waiting),
      active: Math.max(sum.active, other.active),
      commandsWaiting: sum.commandsWaiting + other.commandsWaiting,
      liveSockets:
        sum.liveSockets === null && other.liveSockets === null
          ? null
          : (sum.liveSockets ?? 0) + (other.liveSockets ?? 0),
    }),
    own,
  );
}

/** The state of the sample without what happened. */
export function withoutCounts(sample: ActivitySample): ActivitySample {
  return {
    ...sample,
    holds: 0,
    payments: 0,
    refunds: 0,
    admissions: 0,
    answers: 0,
    refusals: 0,
    refusalsByCode: [],
    unavailable: 0,
    bugs: 0,
    flushes: 0,
    flushP50Ms: null,
    flushP99Ms: null,
    batchMean: null,
    batchMax: null,
    doubted: 0,
    eventLoopDelayP99Ms: 0,
  };
}

function addCodes(some: readonly CodeCount[], more: readonly CodeCount[]): readonly CodeCount[] {
  const counts = new Map<string, number>();
  for (const { code, count } of [...some, ...more]) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .toSorted((one, other) => other.count - one.count)
    .slice(0, CODES_NAMED);
}

function largestOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

/** The mean of two figures by their weights. */
function meanOf(
  [one, oneWeight]: readonly [number | null, number],
  [other, otherWeight]: readonly [number | null, number],
): number | null {
  if (one === null || other === null) return one ?? other;
  return (one * oneWeight + other * otherWeight) / (oneWeight + otherWeight);
}

export interface CodeCount {
  readonly code: string;
  readonly count: number;
}
