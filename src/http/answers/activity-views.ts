import type { Static } from '@fastify/type-provider-typebox';
import { isoOf } from '../../domain/instant.ts';
import type { ActivitySample as Sample } from '../../health/activity-sample.ts';
import type { NodeHealth } from '../../health/cluster-activity.ts';
import type { Verdict } from '../../health/health-verdict.ts';
import type { NodeOverview } from '../../health/overview.ts';
import type { ActivitySample, ClusterVerdict, OverseenNode, Rates } from '../schemas/oversight.ts';
import type { Language } from './language.ts';
import { wordReason } from './verdict-words.ts';

/** Milliseconds, averages and rates are rounded to hundredths. */
const HUNDREDTHS = 100;
/** The newest samples, over which rates are means. */
const RATE_SAMPLES = 10;

export function viewSample({ atMs, ...sample }: Sample): Static<typeof ActivitySample> {
  return {
    ...sample,
    at: isoOf(atMs),
    refusalsByCode: [...sample.refusalsByCode],
    flushP50Ms: orNull(sample.flushP50Ms),
    flushP99Ms: orNull(sample.flushP99Ms),
    batchMean: orNull(sample.batchMean),
    eventLoopDelayP99Ms: rounded(sample.eventLoopDelayP99Ms),
  };
}

export function viewVerdict({ state, reasons }: Verdict, language: Language): Static<typeof ClusterVerdict> {
  return { state, reasons: reasons.map((reason) => ({ ...reason, detail: wordReason(reason, language) })) };
}

/** Means per second over the last ten samples; 0 without samples. */
export function viewRates(samples: readonly Sample[]): Static<typeof Rates> {
  const last = samples.slice(-RATE_SAMPLES);
  const seconds = last.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
  const rate = (count: (sample: Sample) => number): number =>
    seconds === 0 ? 0 : rounded(last.reduce((sum, sample) => sum + count(sample), 0) / seconds);
  return {
    holds: rate((sample) => sample.holds),
    payments: rate((sample) => sample.payments),
    refunds: rate((sample) => sample.refunds),
    admissions: rate((sample) => sample.admissions),
    answers: rate((sample) => sample.answers),
    refusals: rate((sample) => sample.refusals),
  };
}

/** `health` is undefined where this node has not read of the other one yet. */
export function viewNode(recorded: NodeOverview, health: NodeHealth | undefined): Static<typeof OverseenNode> {
  const { state, sinceMs, readiness, samples } = health ?? {
    state: recorded.alive ? ('JOINING' as const) : ('DEAD' as const),
    sinceMs: null,
    readiness: [],
    samples: [],
  };
  return {
    ...recorded,
    state,
    since: sinceMs === null ? null : isoOf(sinceMs),
    reasons: [...readiness],
    liveSockets: samples.at(-1)?.liveSockets ?? null,
    rates: viewRates(samples),
  };
}

function orNull(figure: number | null): number | null {
  return figure === null ? null : rounded(figure);
}

function rounded(figure: number): number {
  return Math.round(figure * HUNDREDTHS) / HUNDREDTHS;
}
