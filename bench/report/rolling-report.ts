import type { FrontCounts } from '../../demo/cluster/front/front.ts';
import type { Outcome, SteadyEnd } from '../steady/steady-calls.ts';
import { quantile } from '../steady/timeline.ts';
import { describeRun, describeVerdict, judge, type RunFigures } from './run-figures.ts';
import { describeSteadyLoad } from './steady-report.ts';
import { formatCount, formatFixed, formatTable } from '../../harness/table.ts';

/** A stretch of time in which a node left or returned, or nothing happened. */
export interface RollingStretch {
  readonly name: string;
  readonly seconds: number;
  readonly requests: number;
  /** Requests that were not done. */
  readonly failures: Partial<Record<Outcome, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** For each schedule the longest time that a request on it took. */
  readonly pausesMs: readonly number[];
  /** For each schedule the longest time between two answers that changed something. */
  readonly gapsMs: readonly number[];
}

interface RollingFigures extends RunFigures {
  readonly connections: number;
  /** Null when the rate was given. */
  readonly fullRate: number | null;
  readonly requestsPerSecond: number;
  readonly stretches: readonly RollingStretch[];
  readonly requests: number;
  readonly failed: number;
  readonly front: FrontCounts & { readonly cpuUs: number };
  readonly load: Omit<SteadyEnd, 'records' | 'heldIds'>;
}

const PAUSE_TARGET_MS = 500;

const HEADINGS =
  'what happens|seconds|requests|not 2xx|p50 ms|p99 ms|pause, median schedule|worst|gap, median schedule|worst'.split(
    '|',
  );

/** The report of the rolling restart as text. */
export function summariseRolling(figures: RollingFigures): string {
  const { settings, stretches, requests, failed, front, load, faults, fullRate, requestsPerSecond } = figures;
  const rows = stretches.map(({ name, seconds, requests: count, failures, p50Ms, p99Ms, pausesMs, gapsMs }) => [
    name,
    formatFixed(seconds, 1),
    formatCount(count),
    formatCount(Object.values(failures).reduce((sum, each) => sum + each, 0)),
    formatFixed(p50Ms, 1),
    formatFixed(p99Ms, 1),
    ...[pausesMs, gapsMs].flatMap((values) => [quantile(values, 0.5), quantile(values, 1)].map(formatCount)),
  ]);
  const moving = stretches.filter(({ name }) => name !== 'nothing');
  const worstMs = Math.max(...moving.flatMap(({ pausesMs }) => pausesMs));
  const worstGapMs = Math.max(...moving.flatMap(({ gapsMs }) => gapsMs));
  const { problems } = front;
  const half =
    fullRate === null
      ? ''
      : `, half of the ${formatCount(fullRate)} that the nodes gave 64 connections in a closed loop`;
  return [
    ...describeRun(figures, `${figures.connections} connections`),
    `${String(settings['schedules'])} schedules, ${formatCount(requestsPerSecond)} requests a second${half}; times count from when a request was due`,
    '',
    formatTable(HEADINGS, rows),
    '',
    `${failed} of ${formatCount(requests)} requests failed (${judge(failed === 0)}: 0)`,
    `longest pause of a schedule while nodes left and came back: ${formatCount(worstMs)} ms (${judge(worstMs <= PAUSE_TARGET_MS)}: ${PAUSE_TARGET_MS} ms); longest gap ${formatCount(worstGapMs)} ms`,
    `the front passed ${formatCount(front.answered)} answers on, tried ${front.retried} requests at a second node and had ${problems.NO_NODE_READY + problems.NODE_LOST + problems.NODE_SILENT} problems of its own; it used ${formatFixed(front.cpuUs / Math.max(front.answered, 1), 0)} µs a request`,
    ...describeSteadyLoad(load),
    describeVerdict(faults, 'audit: every acknowledged hold is stored, all well'),
  ].join('\n');
}
