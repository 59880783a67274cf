import type { ActivityReport, ActivitySample } from '../../src/client/answers.ts';

/** The page's samples of one node, in order, with no gaps except the node's own. */
export interface Timeline {
  readonly node: string;
  readonly samples: readonly ActivitySample[];
}

export const EMPTY_TIMELINE: Timeline = { node: '', samples: [] };

/** The number after which the next report should start. */
export function lastNumber({ samples }: Timeline): number {
  return samples.at(-1)?.number ?? 0;
}

/**
 * Adds a report. A report of another node, or from after a restart, starts a new timeline: numbers and counts belong to one run
 * of a node.
 */
export function extend(timeline: Timeline, report: ActivityReport): Timeline {
  const [first] = report.samples;
  const goesOn = report.node === timeline.node && (first === undefined || first.number > lastNumber(timeline));
  const samples = goesOn ? [...timeline.samples, ...report.samples] : report.samples;
  return { node: report.node, samples: samples.slice(-report.stepsKept) };
}

/** The mean per second over the last `steps` samples; 0 without samples. */
export function ratePerSecond(
  samples: readonly ActivitySample[],
  steps: number,
  count: (sample: ActivitySample) => number,
): number {
  const last = samples.slice(-steps);
  const seconds = last.reduce((sum, sample) => sum + sample.durationMs, 0) / 1_000;
  return seconds === 0 ? 0 : last.reduce((sum, sample) => sum + count(sample), 0) / seconds;
}

/** The codes of refusals in the last `steps` samples, most frequent first. */
export function topRefusals(
  samples: readonly ActivitySample[],
  steps: number,
): readonly { readonly code: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { refusalsByCode } of samples.slice(-steps)) {
    for (const { code, count } of refusalsByCode) counts.set(code, (counts.get(code) ?? 0) + count);
  }
  return [...counts].map(([code, count]) => ({ code, count })).toSorted((a, b) => b.count - a.count);
}
