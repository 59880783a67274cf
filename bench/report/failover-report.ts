import type { Outcome, SteadyEnd } from '../steady/steady-calls.ts';
import { quantile } from '../steady/timeline.ts';
import { describeRun, describeVerdict, judge, type RunFigures } from './run-figures.ts';
import { describeSteadyLoad } from './steady-report.ts';
import { formatCount, formatFixed, formatTable } from '../../harness/table.ts';

/** One kill of a node. */
export interface FailoverTrial {
  readonly trial: number;
  readonly node: string;
  /** For each schedule of the node: from the kill to the answer of the first hold that was due after it. */
  readonly firstSuccessMs: readonly number[];
  /** The time of each done request on the other nodes' schedules, from when it was due. */
  readonly othersBeforeMs: readonly number[];
  readonly othersAfterMs: readonly number[];
  /** Requests on the other nodes' schedules that were not done. */
  readonly othersFailures: { readonly before: Failures; readonly after: Failures };
  /** Requests on the node's schedules that were not done. */
  readonly orphansFailures: Failures;
}

type Failures = Partial<Record<Outcome, number>>;

interface FailoverFigures extends RunFigures {
  readonly connections: number;
  readonly trials: readonly FailoverTrial[];
  readonly load: Omit<SteadyEnd, 'records' | 'heldIds'>;
}

const FIRST_SUCCESS_TARGET_MS = 5_000;
const OTHERS_TARGET = 1.2;

const HEADINGS =
  'trial|schedules|first ms, least|median|most|none|unknown|others p99 before|after|failed before|after'.split('|');

/** The report of the failover benchmark as text. */
export function summariseFailover(figures: FailoverFigures): string {
  const { settings, trials, load, faults, connections } = figures;
  const rows = trials.map(
    ({ trial, node, firstSuccessMs, othersBeforeMs, othersAfterMs, othersFailures, orphansFailures }) => [
      `${trial} ${node}`,
      String(firstSuccessMs.length),
      ...[0, 0.5, 1].map((fraction) => formatCount(quantile(firstSuccessMs, fraction))),
      sum(orphansFailures, 'none'),
      sum(orphansFailures, 'unknown'),
      formatFixed(quantile(othersBeforeMs, 0.99), 1),
      formatFixed(quantile(othersAfterMs, 0.99), 1),
      sum(othersFailures.before),
      sum(othersFailures.after),
    ],
  );
  const firstMs = trials.flatMap(({ firstSuccessMs }) => firstSuccessMs);
  const p99Ms = quantile(firstMs, 0.99);
  const beforeMs = trials.flatMap(({ othersBeforeMs }) => othersBeforeMs);
  const afterMs = trials.flatMap(({ othersAfterMs }) => othersAfterMs);
  const ratio = quantile(afterMs, 0.99) / quantile(beforeMs, 0.99);
  return [
    ...describeRun(figures, `${connections} connections`),
    `${String(settings['schedules'])} schedules, ${String(settings['rate'])} requests a second to the two nodes that stay, times from when a request was due`,
    '',
    formatTable(HEADINGS, rows),
    '',
    `first hold after a kill, ${firstMs.length} schedules in ${trials.length} trials: p50 ${formatCount(quantile(firstMs, 0.5))} ms, p99 ${formatCount(p99Ms)} ms, most ${formatCount(Math.max(...firstMs))} ms (${judge(p99Ms <= FIRST_SUCCESS_TARGET_MS)}: p99 ${formatCount(FIRST_SUCCESS_TARGET_MS)} ms)`,
    `other nodes’ schedules: p99 ${formatFixed(quantile(beforeMs, 0.99), 1)} ms before, ${formatFixed(quantile(afterMs, 0.99), 1)} ms after, ${formatFixed(ratio, 2)} × (${judge(ratio <= OTHERS_TARGET)}: ${OTHERS_TARGET} ×); p50 ${formatFixed(quantile(beforeMs, 0.5), 1)} and ${formatFixed(quantile(afterMs, 0.5), 1)} ms`,
    ...describeSteadyLoad(load),
    describeVerdict(faults, 'audit: every acknowledged hold is stored, all well'),
  ].join('\n');
}

function sum(failures: Failures, outcome?: Outcome): string {
  return String(
    outcome === undefined
      ? Object.values(failures).reduce((total, count) => total + count, 0)
      : (failures[outcome] ?? 0),
  );
}
