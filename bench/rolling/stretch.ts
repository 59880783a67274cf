import type { RollingStretch } from '../report/rolling-report.ts';
import { countFailures, isDone, quantile, type SteadyRequest } from '../steady/timeline.ts';

/** A stretch of time, in the machine's monotonic milliseconds. */
export interface Stretch {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Measures the requests that were due in a stretch of time. The pause of a schedule is the longest time from when a request on it was
 * due to its answer; the gap is the longest time between two answers that changed something, and includes the time between two requests.
 */
export function measureStretch(
  requests: readonly SteadyRequest[],
  schedules: number,
  { name, fromMs, toMs }: Stretch,
): RollingStretch {
  const inside = requests.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs);
  const pausesMs: number[] = [];
  const gapsMs: number[] = [];
  for (let schedule = 0; schedule < schedules; schedule += 1) {
    const done = inside.filter((request) => request.schedule === schedule && isDone(request));
    pausesMs.push(Math.max(...done.map(({ dueMs, doneMs }) => doneMs - dueMs)));
    gapsMs.push(Math.max(...done.map(({ doneMs }, index) => doneMs - (done[index - 1]?.doneMs ?? doneMs))));
  }
  const latenciesMs = inside.map(({ dueMs, doneMs }) => doneMs - dueMs);
  return {
    name,
    seconds: (toMs - fromMs) / 1_000,
    requests: inside.length,
    failures: countFailures(inside),
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    pausesMs,
    gapsMs,
  };
}
