import type { ActivitySample } from '../../src/client/answers.ts';
import type { Point } from './line-path.ts';
import type { Words } from './words.ts';

export interface Series {
  readonly name: string;
  read(sample: ActivitySample): number | null;
  /** How several seconds become one figure: `mean` for activity, `worst` for values that must not grow. */
  readonly over: 'mean' | 'worst';
  /** Counts something that should not happen: drawn as an alarm, and not drawn while it is zero. */
  readonly isAlarm?: boolean;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** The axis reaches at least this far, so that small values look small. */
  readonly atLeast: number;
  readonly digits: number;
  /** At most three; each has its own stroke. */
  readonly series: readonly Series[];
}

function perSecond(count: (sample: ActivitySample) => number): Series['read'] {
  return (sample) => (count(sample) * 1_000) / sample.durationMs;
}

/** The charts of the page, the most important first. */
export function opsCharts(words: Words): readonly Chart[] {
  return [
    {
      id: 'holds',
      title: words.chartHolds,
      unit: words.unitRate,
      atLeast: 10,
      digits: 0,
      series: [
        { name: words.holds, over: 'mean', read: perSecond((sample) => sample.holds) },
        { name: words.refusals, over: 'mean', read: perSecond((sample) => sample.refusals) },
        {
          name: words.failures,
          over: 'mean',
          isAlarm: true,
          read: perSecond((sample) => sample.unavailable + sample.bugs),
        },
      ],
    },
    {
      id: 'flush',
      title: words.chartFlush,
      unit: words.unitMs,
      atLeast: 10,
      digits: 1,
      series: [
        { name: words.p50, over: 'worst', read: (sample) => sample.flushP50Ms },
        { name: words.p99, over: 'worst', read: (sample) => sample.flushP99Ms },
      ],
    },
    {
      id: 'queue',
      title: words.chartQueue,
      unit: words.unitPeople,
      atLeast: 10,
      digits: 0,
      series: [
        { name: words.waiting, over: 'worst', read: (sample) => sample.waiting },
        { name: words.active, over: 'worst', read: (sample) => sample.active },
        { name: words.liveSockets, over: 'worst', read: (sample) => sample.liveSockets },
      ],
    },
    {
      id: 'sales',
      title: words.chartSales,
      unit: words.unitRate,
      atLeast: 4,
      digits: 1,
      series: [
        { name: words.payments, over: 'mean', read: perSecond((sample) => sample.payments) },
        { name: words.admissions, over: 'mean', read: perSecond((sample) => sample.admissions) },
      ],
    },
    {
      id: 'loop',
      title: words.chartLoop,
      unit: words.unitMs,
      atLeast: 20,
      digits: 1,
      series: [{ name: words.p99, over: 'worst', read: (sample) => sample.eventLoopDelayP99Ms }],
    },
    {
      id: 'batch',
      title: words.chartBatch,
      unit: words.unitEntries,
      atLeast: 10,
      digits: 1,
      series: [
        { name: words.mean, over: 'worst', read: (sample) => sample.batchMean },
        { name: words.largest, over: 'worst', read: (sample) => sample.batchMax },
      ],
    },
  ];
}

/** The point that shows a sample. */
export function pointOf(series: Series, sample: ActivitySample): Point {
  const value = series.read(sample);
  return { atMs: Date.parse(sample.at), value: value === 0 && series.isAlarm === true ? null : value };
}

/** The figures of a chart in steps of `size` samples, newest first; each step is named by its last instant. */
export function tableOf(
  { series }: Chart,
  samples: readonly ActivitySample[],
  size: number,
): readonly { readonly at: string; readonly values: readonly (number | null)[] }[] {
  const rows: { at: string; values: (number | null)[] }[] = [];
  for (let end = samples.length; end > 0; end -= size) {
    const step = samples.slice(Math.max(0, end - size), end);
    const at = step.at(-1)?.at ?? '';
    rows.push({ at, values: series.map(({ read, over }) => gather(step.map(read), over)) });
  }
  return rows;
}

function gather(figures: readonly (number | null)[], over: Series['over']): number | null {
  const known = figures.filter((figure) => figure !== null);
  if (known.length === 0) return null;
  return over === 'worst' ? Math.max(...known) : known.reduce((sum, figure) => sum + figure, 0) / known.length;
}
