import type { ActivityReport, ActivitySample } from '../../src/client/answers.ts';

/** The samples that the page has of one node, in order, without a gap that the node did not have itself. */
export interface Timeline {
  readonly node: string;
  readonly samples: readonly ActivitySample[];
}

export const EMPTY_TIMELINE: Timeline = { node: '', samples: [] };

/** The number after which the next report should begin. */
export function lastNumber({ samples }: Timeline): number {
  return samples.at(-1)?.number ?? 0;
}

/**
 * Takes a report in. One of another node, or of the same after a restart, begins a new timeline: numbers and counts are
 * that node's own.
 */
export function extend(timeline: Timeline, report: ActivityReport): Timeline {
  const [first] = report.samples;
  const goesOn = report.node === timeline.node && (first === undefined || first.number > lastNumber(timeline));
  const samples = goesOn ? [...timeline.samples, ...report.samples] : report.samples;
  return { node: report.node, samples: samples.slice(-report.stepsKept) };
}

/** What happened in a second, over the last `steps` samples. 0 without any. */
export function ratePerSecond(
  samples: readonly ActivitySample[],
  steps: number,
  count: (sample: ActivitySample) => number,
): number {
  const last = samples.slice(-steps);
  const seconds = last.reduce((sum, sample) => sum + sample.durationMs, 0) / 1_000;
  return seconds === 0 ? 0 : last.reduce((sum, sample) => sum + count(sample), 0) / seconds;
}

/** The codes of refusals of the last `steps` samples, most frequent first. */
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
