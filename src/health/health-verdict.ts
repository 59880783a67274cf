import type { ActivitySample } from './activity-sample.ts';
import type { Readiness } from './readiness.ts';

/* Judges in one word whether sales are healthy, with the reasons. Pure: it sees only the last minute of one node. */

export type HealthState = 'HEALTHY' | 'DEGRADED' | 'IN_TROUBLE';

export type HealthReasonCode =
  | 'DATABASE_AWAY'
  | 'NOT_READY'
  | 'NO_LIVING_NODE'
  | 'COMMITS_STALLED'
  | 'ANSWERS_FAILED'
  | 'BUGS'
  | 'FLUSH_SLOW'
  | 'EVENT_LOOP_LATE'
  | 'IN_DOUBT'
  | 'PART_AWAY'
  | 'QUEUE_PAUSED'
  | 'NODE_DEAD'
  | 'NODE_SILENT'
  | 'NODE_DRAINING';

export interface HealthReason {
  readonly code: HealthReasonCode;
  readonly severity: Exclude<HealthState, 'HEALTHY'>;
  /** The measured value, in the unit of the code, an instant in epoch milliseconds; null where nothing is measured. */
  readonly value: number | null;
  /** The bound of `value`; null where there is none. */
  readonly bound: number | null;
  /** Details, for instance why a node is not ready; null where the code suffices. */
  readonly subject: string | null;
  /** The NODE_ID that it concerns; null where it concerns all, or the only one. */
  readonly node: string | null;
}

export interface Verdict {
  readonly state: HealthState;
  /** The worst first; empty when healthy. */
  readonly reasons: readonly HealthReason[];
}

export interface HealthFacts {
  readonly readiness: Pick<Readiness, 'reasons' | 'degraded'>;
  /** Live nodes of the cluster, as far as this node knows. */
  readonly livingNodes: number;
  /** In order of time, one a second; only the last minute counts. */
  readonly samples: readonly ActivitySample[];
  /** Lines that are paused now. */
  readonly pausedQueues: readonly { readonly waiting: number }[];
}

export const HEALTH_BOUNDS = {
  /** For events that must not happen at all. */
  lookBackSamples: 60,
  /** For continuous figures: long enough that a single late second raises no alarm. */
  trendSamples: 10,
  /** A flush takes 2 to 5 ms. Users notice 100 ms; above 1.5 s they get 503. */
  flushP99Ms: { degraded: 100, inTrouble: 1_000 },
  /** The node sheds load at one second. */
  eventLoopDelayP99Ms: { degraded: 100, inTrouble: 1_000 },
  /** Commands wait and nothing is committed for this many samples: longer than any successful flush. */
  stalledSamples: 3,
  /** Share of the last minute's answers. Below it, a retry helps nearly every client. */
  failedShare: { inTrouble: 0.05 },
  /** Fewer failures make a share meaningless. */
  failuresForAShare: 10,
} as const;

/** The reason of `/readyz` that concerns the database. */
const DATABASE_REASON = 'database';

/** Judges a node by its own knowledge alone. */
export function judgeHealth(facts: HealthFacts): Verdict {
  const lastMinute = facts.samples.slice(-HEALTH_BOUNDS.lookBackSamples);
  const trend = facts.samples.slice(-HEALTH_BOUNDS.trendSamples);
  const reasons = [
    ...judgeReadiness(facts),
    ...judgeCommits(trend),
    ...judgeAnswers(lastMinute),
    ...judgeTrend(
      'FLUSH_SLOW',
      trend.map((sample) => sample.flushP99Ms),
      HEALTH_BOUNDS.flushP99Ms,
    ),
    ...judgeTrend(
      'EVENT_LOOP_LATE',
      trend.map((sample) => sample.eventLoopDelayP99Ms),
      HEALTH_BOUNDS.eventLoopDelayP99Ms,
    ),
    ...judgeDoubt(lastMinute),
    ...judgeQueues(facts),
  ];
  const sorted = reasons.toSorted((a, b) => rankOf(a) - rankOf(b));
  return { state: sorted[0]?.severity ?? 'HEALTHY', reasons: sorted };
}

function rankOf({ severity }: HealthReason): number {
  return severity === 'IN_TROUBLE' ? 0 : 1;
}

function reason(
  code: HealthReasonCode,
  severity: HealthReason['severity'],
  { value = null, bound = null, subject = null }: Partial<Pick<HealthReason, 'value' | 'bound' | 'subject'>> = {},
): HealthReason {
  return { code, severity, value, bound, subject, node: null };
}

function judgeReadiness({ readiness, livingNodes }: HealthFacts): HealthReason[] {
  const reasons = readiness.reasons.map((subject) =>
    subject === DATABASE_REASON
      ? reason('DATABASE_AWAY', 'IN_TROUBLE')
      : reason('NOT_READY', 'IN_TROUBLE', { subject }),
  );
  if (livingNodes === 0) reasons.push(reason('NO_LIVING_NODE', 'IN_TROUBLE'));
  return [...reasons, ...readiness.degraded.map((subject) => reason('PART_AWAY', 'DEGRADED', { subject }))];
}

function judgeCommits(trend: readonly ActivitySample[]): HealthReason[] {
  const last = trend.slice(-HEALTH_BOUNDS.stalledSamples);
  const isStalled =
    last.length === HEALTH_BOUNDS.stalledSamples &&
    last.every(({ flushes, commandsWaiting }) => flushes === 0 && commandsWaiting > 0);
  const value = last.at(-1)?.commandsWaiting ?? 0;
  return isStalled ? [reason('COMMITS_STALLED', 'IN_TROUBLE', { value })] : [];
}

function judgeAnswers(lastMinute: readonly ActivitySample[]): HealthReason[] {
  const bugs = sum(lastMinute.map((sample) => sample.bugs));
  const failed = bugs + sum(lastMinute.map((sample) => sample.unavailable));
  const answers = Math.max(failed, sum(lastMinute.map((sample) => sample.answers)));
  const { inTrouble } = HEALTH_BOUNDS.failedShare;
  const isTrouble = failed >= HEALTH_BOUNDS.failuresForAShare && failed >= answers * inTrouble;
  const reasons: HealthReason[] = [];
  if (failed > 0) reasons.push(reason('ANSWERS_FAILED', isTrouble ? 'IN_TROUBLE' : 'DEGRADED', { value: failed }));
  if (bugs > 0) reasons.push(reason('BUGS', 'DEGRADED', { value: bugs }));
  return reasons;
}

/** Uses the median of the seconds that have a figure, so that a single late or good second does not decide. */
function judgeTrend(
  code: HealthReasonCode,
  figures: readonly (number | null)[],
  bounds: { readonly degraded: number; readonly inTrouble: number },
): HealthReason[] {
  const known = figures.filter((figure) => figure !== null).toSorted((a, b) => a - b);
  const value = known[Math.floor(known.length / 2)];
  if (value === undefined || value < bounds.degraded) return [];
  if (value < bounds.inTrouble) return [reason(code, 'DEGRADED', { value, bound: bounds.degraded })];
  return [reason(code, 'IN_TROUBLE', { value, bound: bounds.inTrouble })];
}

function judgeDoubt(lastMinute: readonly ActivitySample[]): HealthReason[] {
  const value = sum(lastMinute.map((sample) => sample.doubted));
  return value > 0 ? [reason('IN_DOUBT', 'DEGRADED', { value })] : [];
}

/** An operator paused the queue on purpose; waiting fans still deserve a warning. */
function judgeQueues({ pausedQueues }: HealthFacts): HealthReason[] {
  const value = sum(pausedQueues.map(({ waiting }) => waiting));
  return value > 0 ? [reason('QUEUE_PAUSED', 'DEGRADED', { value })] : [];
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
